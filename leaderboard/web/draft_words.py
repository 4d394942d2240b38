"""What is wrong with a draft, in words, and at which field of a form; and what changed in it."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from flask_babel import gettext as _

from leaderboard.domain.agreement import Agreement, Sla
from leaderboard.domain.agreement_changes import Change, Entry
from leaderboard.domain.errors import DraftRefused
from leaderboard.domain.toml_table import LONGEST_KEY, LONGEST_TEXT, Problem
from leaderboard.web import agreement_words as words
from leaderboard.web.wording import number

EVENT_FIELDS = ("from", "to", "pause", "resume", "void_by", "of", "in")


class Faults(NamedTuple):
    """What is wrong with a form. by_field: a sentence for a field; others: sentences for the head of the form."""

    by_field: dict[str, str]
    others: list[str]


NO_FAULTS = Faults({}, [])


def refusal_words(error: DraftRefused) -> str:
    """Return in the reader's language why a draft cannot go the way that was asked for."""
    return {
        "gone": _("There is no such draft any more. Look at the list of agreements again."),
        "settled": _("This draft does not change any more: it is proposed, in force or discarded."),
        "stale": _("Somebody has changed this draft meanwhile. Look at what it says now, then do it again."),
        "waiting": _("This draft is not proposed any more: there is nothing to sign."),
        "same": _("These very words are proposed or agreed already. Change what is to be different."),
        "side": _("You belong to no team of this side. Ask somebody of that side to sign."),
        "twice": _("You have signed for the other side. Ask somebody else to sign for this one."),
        "signed": _("This side has signed already."),
    }[error.because]


def faults_of(problems: Iterable[str], part: str, place: int) -> Faults:
    """Return what is wrong with the entry at a place, from 1, of a part; with others only if it is sound itself."""
    by_field: dict[str, str] = {}
    others: list[str] = []
    for problem in problems:
        if not isinstance(problem, Problem):
            others.append(problem)
        elif problem.where.part == part and problem.where.number in (0, place) and problem.field:
            by_field.setdefault(_field_of(problem), _sentence(problem))
        else:
            others.append(_sentence(problem))
    return Faults(by_field, [] if by_field else others)


def _field_of(problem: Problem) -> str:
    return f"{problem.field}_points" if problem.where.table == "points" else problem.field


def _sentence(problem: Problem) -> str:
    """Return a problem in the reader's language; one that no form can bring about, as it was told."""
    field, why = _field_of(problem), problem.why
    if field in EVENT_FIELDS and why in ("missing", "unfit"):
        return _("Choose a kind of event, or write its name: words in lower case with dots between them.")
    by_reason = {
        "shared": _("The same kind of event stands in two places: keep it in one."),
        "easier": _("This is easier to reach than the level met: exchange the two, or change one."),
        "less": _("This earns less than the level met: give at least as many points."),
        "twice": _("Another one has this name already: give another."),
        "reference": _("Choose a promise about response time: a rate is of the results of one."),
        "scope": _("That promise is measured by team: this one must be too."),
        "longer": _("This is longer than the target for met: give a shorter time."),
        "closed": _("This month is closed meanwhile: choose a later one."),
        "none": _("An agreement needs at least one promise."),
        "choose": _("Give amounts, or prizes in kind; one of the two."),
    }
    return by_reason.get(why) or _by_field().get(field) or str(problem)


def _by_field() -> dict[str, str]:
    target = _(
        "Give a target: a whole number with its unit; more than 0, but for a due date; of a rate, at most 100 %."
    )
    text = _("Give a text of at most %(most)s characters, on one line.", most=number(LONGEST_TEXT))
    points = _("Give a whole number from 0 to %(most)s.", most=number(1_000_000))
    return {
        "title": text,
        "word": text,
        "meaning": _("Say what the word means."),
        "key": _(
            "Give a short name of lower-case letters, digits and hyphens, at most %(most)s, such as speed-to-lead.",
            most=number(LONGEST_KEY),
        ),
        "effective_from": _("Choose a month."),
        "review_every_months": _("Give a whole number of months from 1 to 120, or none."),
        "met": target,
        "exceeded": target,
        "met_points": points,
        "exceeded_points": points,
        "at_least": _("Give a whole number from 1 to %(most)s.", most=number(1_000_000)),
        "void_within": _("Give a whole number with its unit."),
        "remind": _("Give a whole number with its unit; more than 0, at most 31 days."),
        "places": _("Give each amount as digits, more than 0, no finer than the currency's smallest coin."),
        "prizes": _("Say in words what each prize is, on one line."),
        "side": _("Choose a side."),
        "participant": _("Choose who is measured."),
    }


class ChangeWords(NamedTuple):
    """A change in words: what changed, from what, to what."""

    what: str
    before: str
    after: str


def head_changes(changes: Iterable[Change]) -> list[ChangeWords]:
    """Return what changed in title, first day and review."""
    names = {"title": _("Title"), "effective_from": _("In force from"), "review_every_months": _("Review")}
    return [
        ChangeWords(names[each.what], _head_value(each.what, each.before), _head_value(each.what, each.after))
        for each in changes
    ]


def _head_value(what: str, value: Any) -> str:
    if what == "effective_from":
        return words.long_day(value)
    return words.review_words(value) if what == "review_every_months" else str(value)


def entry_changes(entry: Entry, before: Agreement, after: Agreement, currency: str) -> list[ChangeWords]:
    """Return what changed in a definition, SLA or bonus."""
    found = []
    for change in entry.changes:
        old = _value(change, change.before, entry.before, before, currency)
        new = _value(change, change.after, entry.after, after, currency)
        found.append(ChangeWords(_name(change.what), old, new))
    return found


def _name(what: str) -> str:
    return {
        "meaning": _("Meaning"),
        "title": _("Title"),
        "side": _("Side"),
        "participant": _("Who is measured"),
        "measure": _("What is measured"),
        "measure.from_types": _("The clock starts when"),
        "measure.to_types": _("The clock stops when"),
        "measure.pause_types": _("The clock rests when"),
        "measure.resume_types": _("The clock goes on when"),
        "measure.void_types": _("Points are taken back when"),
        "measure.void_within": _("Points are taken back within"),
        "measure.is_working": _("The clock counts"),
        "measure.credit": _("It counts for"),
        "measure.types": _("Counted when"),
        "measure.of_sla": _("Rate of"),
        "measure.of_types": _("Out of those of which"),
        "measure.in_types": _("Those of which also"),
        "measure.at_least": _("Fewest cases"),
        "met": _("Target for met"),
        "exceeded": _("Target for exceeded"),
        "met_points": _("Points for met"),
        "exceeded_points": _("Points for exceeded"),
        "remind": _("Reminder"),
        "period": _("Period"),
        "places": _("Amounts"),
        "prizes": _("Prizes"),
        "tie": _("In a tie"),
        "divide": _("Shares in the team"),
    }[what]


def _value(change: Change, value: Any, entry: Any, agreement: Agreement, currency: str) -> str:
    """Return a value in words. entry: the definition, SLA or bonus that has it."""
    what = change.what
    if isinstance(entry, Sla) and what in ("measure", "met", "exceeded"):
        if what == "measure":
            return words.promise(entry, agreement.slas, currency)
        return words.level_words(entry.measure, value, currency)
    if what == "remind":
        return words.DASH if value is None else words.remind_words(entry, value)
    if isinstance(value, frozenset):
        return words.events_words(value) if value else words.DASH
    if isinstance(value, tuple):
        return "; ".join(words.place_words(each, currency) for each in value) or words.DASH
    if isinstance(value, int) and not isinstance(value, bool):
        return number(value)
    return _choice(what, value, agreement)


def _choice(what: str, value: Any, agreement: Agreement) -> str:
    if what == "measure.of_sla":
        return next((sla.title for sla in agreement.slas if sla.key == value), str(value))
    if what == "measure.void_within":
        return words.span(value)
    if what == "side":
        return words.side_name(value)
    return {
        ("participant", "member"): _("Each person"),
        ("participant", "team"): _("Each team"),
        ("measure.is_working", True): _("Working hours"),
        ("measure.is_working", False): _("Day and night"),
        ("measure.credit", "owner"): _("Each owner, with a clock of their own"),
        ("measure.credit", "closer"): _("Whoever stops the clock"),
        ("period", "month"): _("Month"),
        ("period", "quarter"): _("Quarter"),
        ("tie", "split"): words.tie_words("split"),
        ("tie", "full"): words.tie_words("full"),
        ("divide", "equally"): words.divide_words("equally"),
        ("divide", "by_points"): words.divide_words("by_points"),
    }.get((what, value), str(value))
