"""Lists for programs, a page at a time: each returns rows of plain values, and where the next page begins.

limit: the rows of a page. after: what the page before returned as the beginning of this one; None for the first.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from leaderboard.domain.bonuses import Status
from leaderboard.domain.errors import Refused
from leaderboard.domain.people import Membership, is_email
from leaderboard.domain.periods import Month, parse_period
from leaderboard.domain.shown import quoted
from leaderboard.services.awards import Award, read_chosen_awards
from leaderboard.services.directory import place_on
from leaderboard.services.reporting import check_sla, kinds_of, value_of
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scopes import Scope
from leaderboard.services.tokens import Sight
from leaderboard.storage import keyset
from leaderboard.storage.database import begin_snapshot

Plain = dict[str, Any]
Page = tuple[list[Plain], Any]


def list_attainments(
    session: Session,
    period: str,
    sight: Sight,
    *,
    sla: str | None = None,
    level: str | None = None,
    after: Sequence[Any] | None = None,
    limit: int,
) -> Page:
    """Return the attainments that count in a period. Raises PeriodRefused, and Refused for an unknown SLA."""
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    kinds, months = kinds_of(book.rules), [each.key for each in parse_period(period).months]
    check_sla(kinds, sla)
    seen: Any = {"sla": sla, "level": level, "teams": sight.teams, "member_id": sight.member_id}
    rows = keyset.attainments_in(connection, months, **seen, after=after, limit=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    at = None if last is None else [last.month, last.scope, last.participant_id, last.id]
    return [_attainment(book, kinds, row) for row in rows[:limit]], at


def list_waiting(
    session: Session, sight: Sight, *, sla: str | None = None, after: int | None = None, limit: int
) -> Page:
    """Return the occurrences that are pending. Refused for an unknown SLA."""
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    kinds = kinds_of(book.rules)
    check_sla(kinds, sla)
    seen: Any = {"sla": sla, "teams": sight.teams, "member_id": sight.member_id}
    rows = keyset.attainments_waiting(connection, **seen, after=after, limit=limit + 1)
    return [_attainment(book, kinds, row) for row in rows[:limit]], _last_id(rows, limit)


def _attainment(book: RuleBook, kinds: Mapping[tuple[int, str], str], row: Any) -> Plain:
    is_member = row.scope == "member"
    return {
        "id": row.id,
        "sla": row.sla,
        "scope": row.scope,
        "participant": row.key if is_member else book.rules.teams[row.participant_id].name,
        "team": row.team,
        "subject": row.subject,
        "month": row.month or None,
        "level": row.level,
        "value": value_of(kinds.get((row.version_id, row.sla), ""), row.value, row.of_cases),
        "started_at": row.started_at,
        "due_at": row.due_at,
        "stopped_at": row.stopped_at,
        "decided_at": row.decided_at,
        "points": row.points,
        "agreement": row.version_id,
    }


def list_points(
    session: Session,
    sight: Sight,
    *,
    month: str | None = None,
    member: str | None = None,
    after: int | None = None,
    limit: int,
) -> Page:
    """Return rows of the ledger, oldest first. member: a key; Refused for one that nobody has, and for no month."""
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    if month is not None and not isinstance(parse_period(month), Month):
        raise Refused(f"{quoted(month)} is not a month; give one such as 2026-10.")
    only = None if member is None else _member_named(book, member)
    seen: Any = {"month": month, "only_member": only, "teams": sight.teams, "member_id": sight.member_id}
    rows = keyset.entries(connection, **seen, after=after, limit=limit + 1)
    return [_entry(book, row) for row in rows[:limit]], _last_id(rows, limit)


def _member_named(book: RuleBook, key: str) -> int:
    found = next((member_id for member_id, (known, _) in book.members.items() if known == key), None)
    if found is None:
        raise Refused(f"{quoted(key)} is nobody; give the e-mail or id of a member as /people lists it.")
    return found


def _entry(book: RuleBook, row: Any) -> Plain:
    return {
        "id": row.id,
        "member": row.member_key,
        "team": row.team,
        "month": row.month,
        "corrects": row.corrects,
        "points": row.points,
        "reason": row.reason,
        "because": None if row.because is None else book.masked(row.because),
        "given_by": None if row.made_by is None else book.masked(row.made_by),
        "posted_at": row.posted_at,
        "attainment": row.attainment_id,
        "sla": row.sla,
        "subject": row.subject,
    }


def list_badges(
    session: Session, *, period: str | None = None, key: str | None = None, after: int | None = None, limit: int
) -> Page:
    """Return badges, in the order in which they were stored, also withdrawn ones, each with why (G2)."""
    begin_snapshot(session)
    connection = session.connection()
    wanted = None if period is None else str(parse_period(period))
    rows = keyset.badges(connection, period=wanted, key=key, after=after, limit=limit + 1)
    return list(map(_badge, rows[:limit])), _last_id(rows, limit)


def _badge(row: Any) -> Plain:
    is_member = row.scope == "member"
    return {
        "id": row.id,
        "badge": row.key,
        "scope": row.scope,
        "participant": row.member_key if is_member else row.team,
        "name": row.name if is_member else row.team,
        "period": row.period,
        "earned_at": row.earned_at,
        "withdrawn_at": row.withdrawn_at,
        "withdrawn_because": row.withdrawn_because,
    }


def list_bonuses(
    session: Session,
    scope: Scope,
    member_id: int | None,
    *,
    period: str | None = None,
    status: str | None = None,
    after: int | None = None,
    limit: int,
) -> Page:
    """Return bonus awards as somebody may see them: what is not theirs without amount, decision and shares.

    scope: the teams that they answer for; member_id: who they are. Of an award in which they share they see their own
    share. With a status, and of declined ones, they see only what is theirs.
    """
    wanted = None if period is None else str(parse_period(period))
    connection = session.connection()
    ids = keyset.award_ids(connection, period=wanted, status=status, after=after, limit=limit + 1)
    found = sorted(read_chosen_awards(session, ids[:limit]), key=lambda each: each.id)
    shown = [_award(each, scope, member_id, is_asked=status is not None) for each in found]
    return [each for each in shown if each is not None], ids[limit - 1] if len(ids) > limit else None


def _award(award: Award, scope: Scope, member_id: int | None, *, is_asked: bool) -> Plain | None:
    is_managed = scope.sees_team(award.team_id)
    shares = [each for each in award.shares if is_managed or each.member_id == member_id]
    is_seen = is_managed or bool(shares)
    if not is_seen and (is_asked or award.status == Status.DECLINED):
        return None
    return {
        "id": award.id,
        "period": award.period,
        "programme": award.programme,
        "place": award.place,
        "scope": award.scope,
        "participant": award.key,
        "name": award.name,
        "team": award.team,
        "prize": award.prize,
        "currency": award.currency,
        "amount_minor": award.amount_minor if is_seen else None,
        "status": award.status if is_seen else None,
        "decided_at": award.decided_at if is_seen else None,
        "paid_at": award.paid_at if is_seen else None,
        "reason": award.reason if is_managed else None,
        "shares": [{"member": each.key, "name": each.name, "amount_minor": each.amount_minor} for each in shares],
    }


def list_periods(session: Session, *, now: datetime, after: str | None = None, limit: int) -> Page:
    """Return the periods that have standings, by key, from the last on. state: open, over or closed (P5)."""
    rows = sorted(keyset.periods(session.connection()), key=lambda row: row.key, reverse=True)
    rows = [row for row in rows if after is None or row.key < after]
    found = [
        {
            "period": row.key,
            "kind": row.kind,
            "starts_at": row.starts_at,
            "ends_at": row.ends_at,
            "state": "closed" if row.closed_at else "over" if row.ends_at <= now else "open",
            "closed_at": row.closed_at,
        }
        for row in rows[:limit]
    ]
    return found, rows[limit - 1].key if len(rows) > limit else None


def list_people(
    session: Session,
    scope: Scope,
    member_id: int | None,
    *,
    team: str | None = None,
    now: datetime,
    after: int | None = None,
    limit: int,
) -> Page:
    """Return people of the teams that somebody answers for, and themselves, by id.

    team: the name of the one that they are in, will be or were last. Two statements: the rules are kept, and looked
    through in memory.
    """
    begin_snapshot(session)
    connection = session.connection()
    book = rule_book(connection)
    day = now.astimezone(book.rules.organisation.zone).date()
    placed = ((each, *place_on(book.rules.membership.by_member.get(each, ()), day)) for each in sorted(book.members))
    found: list[tuple[int, str, Membership | None]] = []
    for each, state, place in placed:
        team_id = None if place is None else place.team_id
        is_seen = scope.sees_team(team_id) or each == member_id
        is_wanted = team is None or (team_id is not None and book.rules.teams[team_id].name == team)
        if is_seen and is_wanted and (after is None or each > after):
            found.append((each, state, place))
        if len(found) > limit:
            break
    ids: dict[int, list[str]] = {}
    for row in keyset.ids_of(connection, [each for each, _, _ in found[:limit]]):
        ids.setdefault(row.member_id, []).append(row.external_id)
    shown = [_person(book, *each, ids.get(each[0], [])) for each in found[:limit]]
    return shown, found[limit - 1][0] if len(found) > limit else None


def _person(book: RuleBook, member_id: int, state: str, place: Membership | None, ids: list[str]) -> Plain:
    key, name = book.members[member_id]
    teams = book.rules.teams
    return {
        "id": member_id,
        "member": key,
        "email": key if is_email(key) else None,
        "name": name,
        "state": state,
        "team": None if place is None else teams[place.team_id].name,
        "side": None if place is None else teams[place.team_id].side,
        "external_ids": ids,
        "memberships": [
            {
                "team": teams[each.team_id].name,
                "side": teams[each.team_id].side,
                "from": each.starts_on,
                "until": each.until,
            }
            for each in book.rules.membership.by_member.get(member_id, ())
        ],
    }


def _last_id(rows: Sequence[Any], limit: int) -> int | None:
    return rows[limit - 1].id if len(rows) > limit else None
