"""Verifying awards: what each closed period pays, worked out again from what it was closed with (B1-B5)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from leaderboard.domain.bonuses import Share
from leaderboard.domain.periods import Period, parse_period
from leaderboard.services.awarding import Belonging, Proposal, belonging, proposals
from leaderboard.services.exporting import export_differences
from leaderboard.services.rules import RuleBook
from leaderboard.storage import awards, closings

Shares = dict[int, Any]
"""The stored shares of an award, by member."""


def award_differences(connection: Connection, book: RuleBook) -> Iterator[str]:
    """Yield one sentence for each award, share or export that is not what the frozen standings and the ledger say.

    Works through the closed periods one by one. Who belonged to a team is read from the shares themselves, since
    people may be loaded again later; their number is that of the frozen standings, and the closing's digest holds them.
    """
    for closing in closings.all_closings(connection):
        yield from _period_differences(connection, book, parse_period(closing.period))
    yield from export_differences(connection)


def _period_differences(connection: Connection, book: RuleBook, period: Period) -> Iterator[str]:
    stored = awards.awards(connection, periods=[period.key])
    rows = {(row.programme, row.scope, row.participant_id): row for row in stored}
    by_award = awards.shares_of(connection, [row.id for row in stored])
    shares = {key: {each.member_id: each for each in by_award[row.id]} for key, row in rows.items()}
    people = _people_then(book, period, rows, shares)
    for each in proposals(connection, book, period, people):
        row, theirs = rows.pop(each.key, None), shares.pop(each.key, {})
        if row is None:
            yield f"award {_named(each.key, period)}: missing, expected place {each.win.place} with {_worth(each)}."
            continue
        yield from _award_differences(row, each)
        yield from _share_differences(row, theirs, each.shares)
        if each.programme.participant == "team":
            yield from _crowd_differences(connection, period, row, theirs)
    for key, row in rows.items():
        yield f"award {row.id} {_named(key, period)}: stored with place {row.place}, expected none."


def _people_then(
    book: RuleBook, period: Period, rows: dict[awards.Key, Any], shares: dict[awards.Key, Shares]
) -> Belonging:
    """Return who belonged where as the period was closed, as far as its awards tell; else as people are now."""
    now = belonging(book, period)
    teams, names = dict(now.teams), dict(now.names)
    for key, row in rows.items():
        if row.scope == "team" and shares[key]:
            teams[row.participant_id] = set(shares[key])
        names.update({member_id: each.name for member_id, each in shares[key].items()})
    quarters = [row for row in rows.values() if row.scope == "team" and period.kind == "quarter"]
    by = now.quarter_by
    if quarters:  # the setting may have changed since; an award by average has the number of members
        by = "total" if all(row.members is None for row in quarters) else "average"
    return replace(now, teams=teams, names=names, quarter_by=by)


def _named(key: awards.Key, period: Period) -> str:
    programme, scope, participant = key
    return f"of {scope} {participant} for {programme} in {period}"


def _worth(each: Proposal) -> str:
    return f"{each.win.amount_minor} minor units" if each.win.prize is None else f'"{each.win.prize}"'


def _award_differences(row: Any, each: Proposal) -> Iterator[str]:
    win = each.win
    wanted = {
        "version_id": each.version_id,
        "place": win.place,
        "sharers": win.sharers,
        "points": win.winner.points,
        "members": win.winner.members if each.by == "average" else None,
        "amount_minor": win.amount_minor,
        "prize": win.prize,
    }
    for name, value in wanted.items():
        if getattr(row, name) != value:
            yield f"award {row.id}: {name} is {getattr(row, name)}, should be {value}."


def _share_differences(row: Any, stored: Shares, wanted: Sequence[Share]) -> Iterator[str]:
    for each in wanted:
        found = stored.get(each.member_id)
        if found is None:
            yield f"award {row.id}: the share of member {each.member_id} is missing, expected {each.amount_minor}."
            continue
        for name in ("weight", "amount_minor", "has_remainder"):
            value, should = getattr(found, name), getattr(each, name)
            if value != should:
                yield f"award {row.id}: {name} of the share of member {each.member_id} is {value}, should be {should}."
    for member_id in sorted(stored.keys() - {each.member_id for each in wanted}):
        yield f"award {row.id}: member {member_id} has a share, expected none."


def _crowd_differences(connection: Connection, period: Period, row: Any, stored: Shares) -> Iterator[str]:
    """Say where not as many share in a team's award as were members in the period (B3)."""
    then = awards.members_then(connection, period.key, row.participant_id)
    if then is not None and then != len(stored):
        yield f"award {row.id}: {len(stored)} members share in it, but the team had {then}."
