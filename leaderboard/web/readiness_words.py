"""What each check of the data's soundness is called, what was found, what it means, and what to do about it."""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from flask_babel import gettext as _
from flask_babel import ngettext

from leaderboard.domain.soundness import Verdict, judge
from leaderboard.services.sounding import Example, Finding
from leaderboard.web.wording import number, share


class Words(NamedTuple):
    """A check in words: its name, what was found, why that matters, and what to do."""

    name: str
    told: str
    means: str
    remedy: str


def words_of(findings: Iterable[Finding]) -> Iterator[Words]:
    """Yield findings in the reader's language, in their order; the texts are looked up once for all of them."""
    texts, cases = _texts(), _cases()
    for finding in findings:
        name, means, remedy = texts[finding.check]
        tell = _TOLD.get(finding.check)
        yield Words(name, tell(finding) if tell else _of_cases(finding, cases[finding.check]), means, remedy)


def more_told(check: str, example: Example) -> str:
    """Return what is told of an example beside its name and when it was; empty for nothing."""
    if example.more is None:
        return ""
    if isinstance(example.more, str):
        return _("nothing of: %(types)s", types=example.more)
    if check in ("bursts", "day_end"):
        return ngettext("%(much)s time", "%(much)s times", example.more, much=number(example.more))
    if check == "refused":
        return ngettext("%(much)s row", "%(much)s rows", example.more, much=number(example.more))
    return ngettext("%(much)s event", "%(much)s events", example.more, much=number(example.more))


def _texts() -> dict[str, tuple[str, str, str]]:
    """Return name, meaning and remedy of each check."""
    return {**_of_agreement(), **_of_leads(), **_of_times(), **_of_files()}


def _of_agreement() -> dict[str, tuple[str, str, str]]:
    return {
        "starved": (
            _("Measures that get nothing"),
            _("An SLA whose events never come gives nobody a level, however well they work."),
            _("Map the missing event types in the CRM's export, or change what the SLA measures."),
        ),
        "undefined": (
            _("Definitions"),
            _("Where nobody wrote down what a qualified lead is, two people count two different things."),
            _("Write the definitions into the next version of the agreement."),
        ),
        "unsigned": (
            _("Signatures"),
            _("A promise that one side never signed is a rule, and no agreement."),
            _("Ask one person of each side to sign the agreement."),
        ),
        "unknown": (
            _("Event types that no SLA uses"),
            _("They change no score. One that looks like a type of the agreement may be a slip of the pen."),
            _("Compare them with the types in the agreement; leave out of the export what nobody needs."),
        ),
    }


def _of_leads() -> dict[str, tuple[str, str, str]]:
    return {
        "unowned": (
            _("Leads without an owner"),
            _("A clock that begins for nobody is missed by nobody: nobody is asked, and nobody learns from it."),
            _("Let the CRM send the owner with each assignment, and map their ids to members."),
        ),
        "unassigned": (
            _("Leads that nobody was given"),
            _("Marketing has kept its promise, and nobody in sales ever had the lead."),
            _("Set up a rule in the CRM that gives each new lead to somebody, or to a queue that somebody empties."),
        ),
        "undisposed": (
            _("Leads that were never disposed of"),
            _("Either they lie there still, or their end is not entered: both make the scores wrong."),
            _("Go through the oldest with their owners: qualify, disqualify, or send them back for nurturing."),
        ),
        "inactive": (
            _("Members without activity"),
            _("They stand on the board at 0. They may have left, or the CRM knows them under another id."),
            _("End the memberships of those who left, and add the ids by which the CRM knows the others."),
        ),
        "nameless": (
            _("People known by an id alone"),
            _("They were created from events. They cannot sign in, and nobody recognises them on the board."),
            _("Give each a name and an e-mail, or load them with the people file."),
        ),
    }


def _of_times() -> dict[str, tuple[str, str, str]]:
    return {
        "timeless": (
            _("Events without a time of day"),
            _("A date alone counts from midnight: how fast somebody was cannot be told from it."),
            _("Export the moment and not the day; until then, measure in days and not in hours."),
        ),
        "bursts": (
            _("Entered in bulk"),
            _("Ten leads within five minutes were not worked on then: the times say when somebody caught up."),
            _("Agree that a lead is entered when it is worked on, and look at the examples with those concerned."),
        ),
        "day_end": (
            _("Entered at the day's end"),
            _("Where most is entered in the last hour, response times measure when people type, not respond."),
            _("Agree that a lead is entered when it is worked on; where the CRM knows the real moment, map that."),
        ),
        "disorder": (
            _("Ended before it began"),
            _("Disposed of before anybody had it: that points to two clocks, or to an import without the beginnings."),
            _("Compare the time zones of the systems, and import the assignments of the same time."),
        ),
    }


def _of_files() -> dict[str, tuple[str, str, str]]:
    return {
        "silent": (
            _("Fresh events"),
            _("While nothing comes, open clocks run on and are missed, whatever people do."),
            _("Look whether the export or the connection to the CRM still runs, and import what is missing."),
        ),
        "late": (
            _("Events that come late"),
            _("After the grace time a month may be closed: its points then go to a later one, as corrections."),
            _("Import more often, or give months a longer grace time."),
        ),
        "refused": (
            _("Rows that were refused"),
            _("What is refused is missing from somebody's score."),
            _("Mend the refused rows and import them again; map the ids of unknown members."),
        ),
    }


def _cases() -> dict[str, tuple[str, str]]:
    """Return what is told of a check that counts cases: where there is none, and where there are some."""
    return {
        "unowned": (
            _("Every clock began for somebody."),
            _("%(number)s of %(of)s clocks began for nobody: %(share)s."),
        ),
        "unassigned": (
            _("Every lead that came in was given to somebody."),
            _("%(number)s of %(of)s leads that came in were given to nobody within %(days)s days: %(share)s."),
        ),
        "undisposed": (
            _("Nothing lies open long after its time."),
            _("%(number)s clocks, for %(of)s that began, are open more than %(days)s days past their time: %(share)s."),
        ),
        "timeless": (
            _("Every beginning and every end has its time of day."),
            _("%(number)s of %(of)s beginnings and ends have a date alone: %(share)s."),
        ),
        "bursts": (
            _("Nothing was entered in bulk."),
            _("%(number)s of %(of)s ends were entered ten or more within five minutes: %(share)s."),
        ),
        "disorder": (
            _("Everything began before it ended."),
            _("%(number)s of %(of)s ends came before any beginning: %(share)s."),
        ),
        "late": (
            _("No file brought an event after the grace time of its month."),
            _("%(number)s of %(of)s events in files came after the grace time of their month: %(share)s."),
        ),
        "refused": (_("No row was refused."), _("%(number)s of %(of)s rows were refused: %(share)s.")),
        "inactive": (
            _("Everybody who is measured did something within %(days)s days."),
            _("%(number)s of %(of)s members who are measured did nothing for %(days)s days: %(share)s."),
        ),
        "nameless": (_("Everybody has an e-mail."), _("%(number)s of %(of)s members have no e-mail: %(share)s.")),
    }


def _of_cases(finding: Finding, texts: tuple[str, str]) -> str:
    """Return how many there are, of how many cases."""
    good, found = texts
    return (good if finding.number == 0 else found) % _values(finding)


def _values(finding: Finding) -> dict[str, Any]:
    of = Fraction(finding.of)
    values = {"number": number(finding.number), "of": number(of.numerator) if of.denominator == 1 else number(of)}
    values["share"] = share(min(Fraction(finding.number) / of, Fraction(1))) if of > 0 else share(1)
    return values | {name: number(each) for name, each in finding.facts.items() if type(each) is int}


def _silent(finding: Finding) -> str:
    if not finding.facts["has_events"]:
        return _("No event has ever come.")
    if judge("silent", finding.number, 1) is Verdict.GOOD:
        return _("Events came within the last working days.")
    days = number(finding.number)
    return ngettext(
        "No event for %(days)s working day.", "No event for %(days)s working days.", finding.number, days=days
    )


def _agreed(finding: Finding, good: str, bad: str) -> str:
    if not finding.facts["is_agreed"]:
        return _("No agreement is in force.")
    return good if finding.number == 0 else bad


def _starved(finding: Finding) -> str:
    bad = _("%(number)s of %(of)s SLAs can give nothing: events that they need did not come.")
    return _agreed(finding, _("Every SLA gets the events that it needs."), bad % _values(finding))


def _undefined(finding: Finding) -> str:
    return _agreed(finding, _("The agreement says what its terms mean."), _("The agreement defines no term."))


def _unsigned(finding: Finding) -> str:
    names = {"sales": _("sales"), "marketing": _("marketing")}
    sides = ", ".join(names[each] for each in finding.facts.get("sides", ()))
    return _agreed(finding, _("Sales and marketing have signed it."), _("Not signed by: %(sides)s.", sides=sides))


def _unknown(finding: Finding) -> str:
    if finding.number == 0:
        return _("Every event type that comes is used.")
    events = number(finding.facts["events"])
    return ngettext(
        "%(types)s type of event is used by no SLA: %(events)s events.",
        "%(types)s types of events are used by no SLA: %(events)s events.",
        finding.number,
        types=number(finding.number),
        events=events,
    )


def _day_end(finding: Finding) -> str:
    entered = finding.facts["entered"]
    if entered == 0:
        return _("Nothing was ended within working hours.")
    return _(
        "%(last)s of the ends within working hours fell into the day's last hour; on even days it would be %(even)s.",
        last=share(Fraction(finding.number, entered)),
        even=share(Fraction(finding.of) / entered),
    )


_TOLD: dict[str, Callable[[Finding], str]] = {
    "silent": _silent,
    "starved": _starved,
    "undefined": _undefined,
    "unsigned": _unsigned,
    "unknown": _unknown,
    "day_end": _day_end,
}
