"""Verifying awards: what each closed period pays, worked out again from what it was closed with (B1-B5)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
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
        yield from _period_differences(connection, book, parse_period(closing.period), closing.closed_at)
    yield from export_differences(connection)


def _period_differences(connection: Connection, book: RuleBook, period: Period, closed_at: datetime) -> Iterator[str]:
    stored = awards.awards(connection, periods=[period.key])
    rows = {(row.programme, row.scope, row.participant_id): row for row in stored}
    by_award = awards.shares_of(connection, [row.id for row in stored])
    shares = {key: {each.member_id: each for each in by_award[row.id]} for key, row in rows.items()}
    people = _people_then(book, period, rows, shares)
    names = awards.names_then(connection, period.key) if rows else {}
    same = {"currency": book.rules.organisation.currency, "proposed_at": closed_at}
    for each in proposals(connection, book, period, people):
        row, theirs = rows.pop(each.key, None), shares.pop(each.key, {})
        if row is None:
            yield f"award {_named(each.key, period)}: missing, expected place {each.win.place} with {_worth(each)}."
            continue
        yield from _award_differences(row, each, same)
        yield from _share_differences(row, theirs, each.shares, names)
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


def _award_differences(row: Any, each: Proposal, same: Mapping[str, Any]) -> Iterator[str]:
    """same: what all awards of the period have."""
    win = each.win
    wanted = {
        **same,
        "name": win.winner.name,
        "side": each.side,
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
    if row.decidable_at < row.proposed_at:
        yield f"award {row.id}: decidable_at is {row.decidable_at}, before it was proposed."
    if row.decided_at is not None and row.decided_at < row.decidable_at:
        yield f"award {row.id}: decided_at is {row.decided_at}, within its question window until {row.decidable_at}."


def _share_differences(row: Any, stored: Shares, wanted: Sequence[Share], names: Mapping[int, str]) -> Iterator[str]:
    """names: of those who share, as the period was closed."""
    for each in wanted:
        found = stored.get(each.member_id)
        if found is None:
            yield f"award {row.id}: the share of member {each.member_id} is missing, expected {each.amount_minor}."
            continue
        then = replace(each, name=names.get(each.member_id, each.name))
        for name in ("name", "weight", "amount_minor", "has_remainder"):
            value, should = getattr(found, name), getattr(then, name)
            if value != should:
                yield f"award {row.id}: {name} of the share of member {each.member_id} is {value}, should be {should}."
    for member_id in sorted(stored.keys() - {each.member_id for each in wanted}):
        yield f"award {row.id}: member {member_id} has a share, expected none."


def _crowd_differences(connection: Connection, period: Period, row: Any, stored: Shares) -> Iterator[str]:
    """Say where not as many share in a team's award as were members in the period (B3)."""
    then = awards.members_then(connection, period.key, row.participant_id)
    if then is not None and then != len(stored):
        yield f"award {row.id}: {len(stored)} members share in it, but the team had {then}."
