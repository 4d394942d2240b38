"""Whether the data is sound enough to score by: a look over all of it, and the report that pages read.

The look reads whole tables, so it is a job; what it finds is stored as one document.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from time import monotonic
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.instants import MICROSECOND, from_micros, to_micros
from leaderboard.domain.soundness import ORDER, Verdict, judge, overall
from leaderboard.services.scopes import Scope
from leaderboard.services.sounding import Example, Finding, find_all
from leaderboard.storage import people, soundness
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing, begin_snapshot

STALE_AFTER = timedelta(minutes=15)  # a look that takes longer has died
EXAMPLES_SHOWN = 5


class Judged(NamedTuple):
    """A finding, the verdict on it, and the examples that its reader may see."""

    finding: Finding
    verdict: Verdict
    examples: Sequence[Example]


@dataclass(frozen=True)
class Report:
    """What a look found. since, until: the events that were looked at, None where there are none; events: how many.

    looking_since: somebody looks anew since then. judged: the worst first.
    """

    looked_at: datetime
    looked_by: str
    took: timedelta
    since: datetime | None
    until: datetime | None
    events: int
    judged: Sequence[Judged]
    looking_since: datetime | None

    @property
    def verdict(self) -> Verdict:
        """The verdict on all of it: that on the worst."""
        return overall(each.verdict for each in self.judged)

    def count(self, verdict: Verdict) -> int:
        """Return how many findings have a verdict."""
        return sum(each.verdict is verdict for each in self.judged)


def look(session: Session, *, now: datetime, by: Actor) -> str:
    """Look at all data, store the report in place of the last, and return in one line what was found.

    Empty if somebody else looks at this moment, and while there is no organisation. Reads whole tables in one snapshot
    and writes at the end alone.
    """
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        if people.rules_version(connection) is None or not soundness.begin_look(connection, now, by.name, STALE_AFTER):
            return ""
    begun = monotonic()
    try:
        begin_snapshot(session)
        sounding = find_all(session.connection(), now=now)
    except BaseException:
        with all_or_nothing(session, DOOR_LOCK):
            soundness.end_look(session.connection())
        raise
    took = timedelta(seconds=monotonic() - begun)
    with all_or_nothing(session, DOOR_LOCK):
        soundness.end_look(session.connection())
        soundness.write_report(session.connection(), now, by.name, took, _document(sounding))
    verdicts = [judge(each.check, each.number, each.of) for each in sounding.findings]
    mend, at = verdicts.count(Verdict.MEND), verdicts.count(Verdict.LOOK)
    return f"events looked at: {sounding.events:,}; to mend first: {mend}; to look at: {at}"


def is_under_way(session: Session, *, now: datetime) -> bool:
    """Tell whether somebody looks at this moment."""
    since = soundness.under_way(session.connection())
    return since is not None and now - since < STALE_AFTER


def read_report(session: Session, *, within: Scope) -> Report | None:
    """Return the latest report with examples of some teams, None before the first look; one statement."""
    row = soundness.report(session.connection())
    if row is None:
        return None
    document = json.loads(row.document)
    found = [_judged(_finding(each), within) for each in document["findings"]]
    worst = list(Verdict)[::-1]
    return Report(
        looked_at=row.looked_at,
        looked_by=row.looked_by,
        took=row.took_micros * MICROSECOND,
        since=_instant(document["since"]),
        until=_instant(document["until"]),
        events=document["events"],
        judged=sorted(found, key=lambda each: (worst.index(each.verdict), ORDER.index(each.finding.check))),
        looking_since=row.looking_since,
    )


def count_to_mend(session: Session) -> int:
    """Return how many things the latest report says are to be mended before scores mean anything. One statement."""
    row = soundness.report(session.connection())
    found = [] if row is None else json.loads(row.document)["findings"]
    return sum(judge(each["check"], each["number"], Fraction(each["of"])) is Verdict.MEND for each in found)


def _judged(finding: Finding, within: Scope) -> Judged:
    seen = [each for each in finding.examples if _is_seen(each, within)]
    return Judged(finding, judge(finding.check, finding.number, finding.of), seen[:EXAMPLES_SHOWN])


def _is_seen(example: Example, within: Scope) -> bool:
    """Tell whether an example may be seen: it is of no team at all, as a type is, or of one of those."""
    return within.is_all or example.teams is None or any(map(within.sees_team, example.teams))


def _document(sounding: Any) -> str:
    """Return what was found as JSON."""
    return json.dumps(
        {
            "since": sounding.span and to_micros(sounding.span.since),
            "until": sounding.span and to_micros(sounding.span.until),
            "events": sounding.events,
            "findings": [
                {
                    "check": each.check,
                    "number": each.number,
                    "of": str(each.of),
                    "facts": each.facts,
                    "examples": [example._asdict() for example in each.examples],
                }
                for each in sounding.findings
            ],
        },
        ensure_ascii=False,
        separators=(",", ":"),
        default=to_micros,
    )


def _finding(found: Mapping[str, Any]) -> Finding:
    return Finding(found["check"], found["number"], Fraction(found["of"]), found["facts"], _examples(found["examples"]))


def _examples(found: Iterable[Mapping[str, Any]]) -> tuple[Example, ...]:
    return tuple(Example(**{**each, "at": _instant(each["at"])}) for each in found)


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
