"""Bonus programmes, a quarter that somebody won, and closing it, for tests of awards."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.periods import parse_period
from leaderboard.services.awarding import propose_awards
from leaderboard.services.rules import rule_book
from leaderboard.storage import closings, people
from leaderboard.storage.accounts_tables import UserAccount
from leaderboard.storage.bonus_tables import AwardShare, BonusAward
from leaderboard.storage.database import all_or_nothing
from leaderboard.storage.tables import Member
from tests.services.examples import NOW, PIPELINE, WINS, agreement, log, set_up

CLOSED_AT = NOW.replace(year=2027, month=1, day=3)
DECIDABLE_AT = CLOSED_AT + timedelta(days=3)
DORA, ENZO = Actor("dora@example.com"), Actor("enzo@example.com")


def bonus(key: str, what: str = 'places = ["1000.00"]', participant: str = "team", period: str = "quarter") -> str:
    """Return a [[bonus]]; what: places or prizes, and other keys."""
    return f'\n[[bonus]]\nkey = "{key}"\nperiod = "{period}"\nparticipant = "{participant}"\n{what}\n'


TEAM_WIN = bonus("team-win", 'places = ["1000.00", "500.00"]\nside = "sales"')
BY_POINTS = bonus("by-points", 'places = ["200.00", "100.00"]\ndivide = "by_points"\nside = "sales"')
BEST_REP = bonus("best-rep", 'prizes = ["A trip"]\ntie = "full"', "member")
MONTHLY = bonus("month-win", 'places = ["0.10"]', "member", "month")
# 400 for North, all of Ana; 300 for South: 100 of Bia, who went over in the middle of October (K7), and 200 of Eva.
SALES = """
    10-05 09:00 opportunity.won ana subject=A1
    10-05 09:00 opportunity.won ana subject=A2
    10-06 09:00 opportunity.won ana subject=A3
    10-06 09:00 opportunity.won ana subject=A4
    11-06 09:00 opportunity.won ana subject=A5
    11-06 09:00 opportunity.won ana subject=A6
    11-06 09:00 opportunity.won ana subject=A7
    11-06 09:00 opportunity.won ana subject=A8
    10-06 09:00 opportunity.won bia subject=B1
    10-06 09:00 opportunity.won bia subject=B2
    11-20 09:00 opportunity.won eva subject=E1
    11-20 09:00 opportunity.won eva subject=E2
    11-20 09:00 opportunity.won eva subject=E3
    11-20 09:00 opportunity.won eva subject=E4
"""


def sold(session: Session, *bonuses: str, events: str = SALES) -> None:
    """Load an organisation whose people have sold, under an agreement with these bonuses."""
    set_up(session, agreement(WINS, PIPELINE, *bonuses), now=CLOSED_AT)
    log(session, events, now=CLOSED_AT)


def close(session: Session, key: str = "2026-Q4", *, now: datetime = CLOSED_AT) -> int:
    """Close a period whose totals are final, and return how many awards it proposes."""
    period = parse_period(key)
    with all_or_nothing(session):
        connection = session.connection()
        book = rule_book(connection)
        closings.write_members(connection, key, book.rules.membership.members_of(period))
        number = propose_awards(connection, book, period, now=now)
        start, end = period.bounds(book.rules.months.zone)
        row = {"starts_at": start, "ends_at": end, "as_of": now, "closed_at": now, "closed_by": "scheduler"}
        last = closings.last_entry_id(connection)
        closings.write_closing(connection, period=key, kind=period.kind, **row, last_entry_id=last, digest="")
        people.raise_rules_version(connection)
    return number


def proposed(session: Session) -> list[tuple[object, ...]]:
    """Return programme, place, sharers, winner, and amount or prize of the awards, as they were proposed."""
    rows = session.execute(select(BonusAward).order_by(BonusAward.id)).scalars()
    return [(row.programme, row.place, row.sharers, row.name, row.amount_minor or row.prize) for row in rows]


def shared(session: Session, programme: str) -> dict[str, list[tuple[object, ...]]]:
    """Return name, weight, amount and whether rounded up of each share, by the winner's name."""
    rows = session.execute(
        select(BonusAward.name, AwardShare)
        .join(AwardShare, AwardShare.award_id == BonusAward.id)
        .where(BonusAward.programme == programme)
        .order_by(BonusAward.id, AwardShare.name)
    )
    found: dict[str, list[tuple[object, ...]]] = {}
    for winner, each in rows:
        found.setdefault(winner, []).append((each.name, each.weight, each.amount_minor, bool(each.has_remainder)))
    return found


def award_id(session: Session, programme: str, name: str) -> int:
    """Return the id of an award by its programme and its winner's name."""
    mine = (BonusAward.programme == programme) & (BonusAward.name == name)
    return session.execute(select(BonusAward.id).where(mine)).scalar_one()


def account(session: Session, name: str, role: str = "manager") -> Actor:
    """Add an account that is linked to the member of its name, and return who acts with it."""
    email = f"{name}@example.com"
    member_id = session.execute(select(Member.id).where(Member.key == email)).scalar()
    with all_or_nothing(session):
        row = UserAccount(
            email=email,
            role=role,
            password_hash="",
            member_id=member_id,
            is_active=1,
            created_at=NOW,
            password_changed_at=NOW,
            language=None,
        )
        session.add(row)
        session.flush()
        return Actor(email, row.id, member_id)
