"""What happens in an event of each known type, as part of a sentence."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _

# In the order of a lead's life.
KNOWN = {
    "lead.received": _("a lead comes in"),
    "lead.qualified": _("a lead is qualified"),
    "lead.assigned": _("a lead is assigned"),
    "lead.accepted": _("a lead is accepted"),
    "lead.disposed": _("a lead is disposed of"),
    "lead.reopened": _("a lead is reopened"),
    "lead.converted": _("a lead is converted"),
    "lead.followed_up": _("a lead is followed up"),
    "opportunity.created": _("an opportunity is opened"),
    "opportunity.followed_up": _("an opportunity is followed up"),
    "opportunity.won": _("an opportunity is won"),
    "opportunity.lost": _("an opportunity is lost"),
    "task.assigned": _("a task is assigned"),
    "task.completed": _("a task is completed"),
}
ORDER = {event_type: number for number, event_type in enumerate(KNOWN)}


def event_words(event_type: str) -> str:
    """Return what happens in an event of a type; of one that is not known, its name."""
    return str(KNOWN[event_type]) if event_type in KNOWN else f"“{event_type}”"


def events_in_order(types: Iterable[str]) -> list[str]:
    """Return event types in the order of a lead's life; those that are not known come last."""
    return sorted(types, key=lambda each: (ORDER.get(each, len(ORDER)), each))
