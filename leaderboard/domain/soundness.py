"""Whether the data is sound enough to score by: what is looked for, from when on it matters, and the verdicts.

An SLA only works on top of a process that works: what is promised has to be measured, and what is measured has to have
happened as the CRM says. Each check is a number that the data gives; how bad it is, is judged here.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from leaderboard.domain.agreement import Agreement, Completion, EventRate, ResponseTime, Sla, SlaRate
from leaderboard.domain.monthly import TASK_ASSIGNED, TASK_COMPLETED
from leaderboard.domain.rules import types_in

LEAD_RECEIVED, LEAD_ASSIGNED = "lead.received", "lead.assigned"
FEW_CASES = 20  # with fewer a share is chance: one of five may be an exception, one of twenty is not


class Verdict(StrEnum):
    """How bad it is, from the best to the worst."""

    GOOD = "good"
    LOOK = "look"
    MEND = "mend"


class Limits(NamedTuple):
    """From when on something is to be looked at, and from when on it is to be mended before scores mean anything.

    Fractions are shares of all cases, whole numbers are counts; mend is None for what spoils no score by itself.
    """

    look: Fraction | int
    mend: Fraction | int | None


def _percent(number: int) -> Fraction:
    return Fraction(number, 100)


# Each with the reason for its numbers.
CHECKS: Mapping[str, Limits] = {
    # A file that stops coming goes unnoticed over a weekend, not over three days of work; after ten a month is wrong.
    "silent": Limits(3, 10),
    # A measure whose events never come gives nobody anything: no share of that is right.
    "starved": Limits(1, 1),
    # Without any definition two people count two things: nothing agreed is worth its points.
    "undefined": Limits(1, 1),
    # It counts as agreed since it was loaded; a missing signature is a matter between people.
    "unsigned": Limits(1, None),
    # Nobody answers for these leads: a slip is one in a hundred, one in ten is how the process works.
    "unowned": Limits(_percent(1), _percent(10)),
    "unassigned": Limits(_percent(1), _percent(10)),
    # Some leads are forgotten everywhere; one in ten long past its time says that the end is not entered at all.
    "undisposed": Limits(_percent(2), _percent(10)),
    # A midnight happens; where a third of all moments are, the CRM keeps days, and response times are made up.
    "timeless": Limits(_percent(5), _percent(33)),
    # Whoever comes back from a day out enters some at once; where it is a third, the times are those of the clerk.
    "bursts": Limits(_percent(10), _percent(33)),
    # Against what an even day would have in its last hour: half more is a habit, two and a half times is bookkeeping.
    "day_end": Limits(Fraction(3, 2), Fraction(5, 2)),
    # An end before its beginning cannot happen: one in two hundred is a slip, one in twenty is two clocks.
    "disorder": Limits(Fraction(1, 200), _percent(5)),
    # They change months that people thought were over: one in twenty makes every board provisional.
    "late": Limits(_percent(1), _percent(5)),
    # Rows that were refused are missing from somebody's score.
    "refused": Limits(_percent(1), _percent(10)),
    # Sent but not used: harmless, or a promise that measures something else than was meant.
    "unknown": Limits(1, None),
    # People are away; where half a team does nothing for a month, the team is not who stands there.
    "inactive": Limits(_percent(10), _percent(50)),
    # They cannot sign in and see what they earned.
    "nameless": Limits(1, None),
}
ORDER = tuple(CHECKS)


def judge(check: str, count: int, of: Fraction | int) -> Verdict:
    """Return the verdict on what a check found.

    count: how many there are, at least 0. of: of how many cases, for a check that is judged by its share; with fewer
    than FEW_CASES it is at most to be looked at. Raises KeyError for an unknown check.
    """
    limits = CHECKS[check]
    if count <= 0:
        return Verdict.GOOD
    if isinstance(limits.look, int):
        is_many, is_too_many = count >= limits.look, limits.mend is not None and count >= limits.mend
        return _verdict(is_many, is_too_many)
    if of <= 0:
        return Verdict.GOOD
    share = Fraction(count) / of
    is_too_many = limits.mend is not None and share >= limits.mend
    return _verdict(share >= limits.look, is_too_many and max(count, of) >= FEW_CASES)


def _verdict(is_many: bool, is_too_many: bool) -> Verdict:
    if is_too_many:
        return Verdict.MEND
    return Verdict.LOOK if is_many else Verdict.GOOD


def overall(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of some verdicts; good if there is none."""
    return max(verdicts, key=list(Verdict).index, default=Verdict.GOOD)


class Types(NamedTuple):
    """What an agreement makes of event types; clocks: the keys of its response-time SLAs.

    begin_of_members: begin a clock, which needs a member; begin_of_teams: a clock for which a team is enough.
    end: end one. used: play any part.
    """

    begin_of_members: frozenset[str]
    begin_of_teams: frozenset[str]
    end: frozenset[str]
    used: frozenset[str]
    clocks: frozenset[str]

    @property
    def begin(self) -> frozenset[str]:
        """The types that begin any clock."""
        return self.begin_of_members | self.begin_of_teams

    @property
    def assign(self) -> frozenset[str]:
        """The types that give a lead that came in to somebody."""
        return (self.begin | {LEAD_ASSIGNED}) - {LEAD_RECEIVED}


def types_of(agreement: Agreement) -> Types:
    """Return what the SLAs of an agreement make of event types."""
    clocks = [(sla, sla.measure) for sla in agreement.slas if isinstance(sla.measure, ResponseTime)]
    of_members = [measure.from_types for sla, measure in clocks if sla.participant == "member"]
    of_teams = [measure.from_types for sla, measure in clocks if sla.participant == "team"]
    members = frozenset[str]().union(*of_members)
    return Types(
        members,
        frozenset[str]().union(*of_teams) - members,
        frozenset[str]().union(*(measure.to_types for _, measure in clocks)),
        frozenset[str]().union(*(types_in(sla.measure) for sla in agreement.slas)),
        frozenset(sla.key for sla, _ in clocks),
    )


def needed(sla: Sla) -> tuple[frozenset[str], ...]:
    """Return groups of event types: an SLA needs one of each to give anything; none for the rate of another SLA."""
    measure = sla.measure
    if isinstance(measure, SlaRate):
        return ()
    if isinstance(measure, ResponseTime):
        return measure.from_types, measure.to_types
    if isinstance(measure, EventRate):
        return measure.of_types, measure.in_types
    if isinstance(measure, Completion):
        return frozenset({TASK_ASSIGNED}), frozenset({TASK_COMPLETED})
    return (measure.types,)


def starved(agreement: Agreement, seen: Iterable[str]) -> list[tuple[Sla, frozenset[str]]]:
    """Return the SLAs that can give nothing, each with the types of which none was seen."""
    there = frozenset(seen)
    lacking = ((sla, [group for group in needed(sla) if not group & there]) for sla in agreement.slas)
    return [(sla, frozenset().union(*groups)) for sla, groups in lacking if groups]
