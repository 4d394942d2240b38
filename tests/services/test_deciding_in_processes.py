"""Processes that approve, export and pay the same awards at once do each of it once (B4)."""

import io

from sqlalchemy import func, select

from leaderboard.services.award_checks import award_differences
from leaderboard.services.people import load_people
from leaderboard.services.rules import rule_book
from leaderboard.storage.bonus_tables import BonusAward, PayrollExport
from leaderboard.storage.trail_tables import AuditEntry
from tests.factories import crowd, people_file
from tests.services.bonus_examples import CLOSED_AT, DORA, bonus, close, sold
from tests.services.deciders import decide_in_processes
from tests.services.examples import log


def ready(session, size):
    """Propose so many awards of different members, who all won."""
    sold(session, bonus("win", 'places = ["1.00"]\ntie = "full"', "member", "month"), events="")
    load_people(session, io.BytesIO(people_file(crowd(size))), now=CLOSED_AT, by=DORA)
    wins = [f"10-05 09:00 opportunity.won p{n:05d} subject=S{n}-{each}" for n in range(size) for each in (1, 2)]
    log(session, "\n".join(wins), now=CLOSED_AT)
    assert close(session, "2026-10") == size


def all_was_done_once(session, size, done):
    """Each award was approved and paid once, by one of them, and went into one export at most."""
    assert (done["approved"], done["paid"]) == (size, size)
    assert set(session.execute(select(BonusAward.status)).scalars()) == {"paid"}
    for action in ("award.approved", "award.paid"):
        about = select(AuditEntry.about).where(AuditEntry.action == action)
        noted = session.execute(about).scalars().all()
        assert len(noted) == len(set(noted)) == size
    exports, awards, total = session.execute(
        select(func.count(), func.coalesce(func.sum(PayrollExport.awards), 0), func.sum(PayrollExport.total_minor))
    ).one()
    exported = session.execute(select(func.count()).where(BonusAward.export_id.is_not(None))).scalar_one()
    assert (done["exports"], awards, total or 0) == (exports, exported, 100 * exported)
    assert list(award_differences(session.connection(), rule_book(session.connection()))) == []


def test_b4_processes_that_decide_on_the_same_awards_do_each_of_it_once(session, database_url):
    size = 20
    ready(session, size)
    session.rollback()
    done, _ = decide_in_processes(database_url, 4)
    all_was_done_once(session, size, done)
    assert done["told"] > 0  # they did meet, and were told who was faster
