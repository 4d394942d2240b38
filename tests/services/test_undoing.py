"""Undoing an import: as if the file had never come, and never in what is closed."""

import io
import random

import pytest
from sqlalchemy import insert, select, text

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.errors import Refused
from leaderboard.services.accounts import HashCosts, add_user
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.badging import refresh_badges
from leaderboard.services.closing import close_period
from leaderboard.services.import_lists import list_imports
from leaderboard.services.importing import ImportOptions, import_events
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.services.undoing import undo_import
from leaderboard.services.verifying import verify
from leaderboard.storage.tables import Anomaly, EventImport, EventRow, Member, PeriodRow, WakeUp
from leaderboard.storage.trail_tables import AuditEntry
from leaderboard.storage.upload_tables import ImportPart, Upload
from tests.reference.logs import EVENT_COLUMNS, csv_text, generate
from tests.services.examples import NOW, count, csv_of, entries, hand_in, log, set_up, state

FIRST = """
    10-05 09:00 lead.assigned ana
    10-05 09:30 lead.disposed ana
"""
SECOND = """
    10-06 09:00 lead.assigned ana subject=L2
    11-03 09:00 lead.assigned bia subject=L3
    11-03 09:30 lead.disposed bia subject=L3
    10-05 09:20 lead.disposed ana
    12-30 09:00 lead.disposed ana subject=L2
    10-05 08:00 lead.disposed eva subject=L4
"""


@pytest.fixture
def aurora(session):
    set_up(session)
    return session


def undo(session, number=0, now=NOW):
    """Undo the newest import, or one before it."""
    return undo_import(session, list_imports(session)[0][number].id, now=now, by=COMMAND_LINE)


def everything(session):
    """Return what scoring, its notes for later and the badges come to."""
    refresh_badges(session, now=NOW)
    tables = {
        "tally": "SELECT month, sla, scope, participant_id, team_id, band, points, met, exceeded, missed FROM tally "
        "WHERE points <> 0 OR met <> 0 OR exceeded <> 0 OR missed <> 0",
        "badge": "SELECT key, scope, participant_id, period FROM badge WHERE withdrawn_at IS NULL",
        "evidence": "SELECT * FROM evidence",
    }
    found = {name: {tuple(row) for row in session.execute(text(query))} for name, query in tables.items()}
    for table in (WakeUp, Anomaly, PeriodRow):
        found[table.__tablename__] = {tuple(row) for row in session.execute(select(table.__table__))}
    return state(session) | found


def test_an_import_is_taken_back_as_a_whole_and_its_points_by_reversals(aurora):
    log(aurora, FIRST)
    before, posted = everything(aurora), entries(aurora)
    log(aurora, SECOND)
    undone = undo(aurora)
    assert (undone.events, undone.subjects, undone.points_posted) == (6, 4, len(entries(aurora)) - len(posted) - 2)
    assert entries(aurora)[: len(posted)] == posted  # P2: nothing is deleted
    assert everything(aurora) == before
    assert list(verify(aurora, now=NOW)) == []
    row = aurora.execute(select(EventImport.__table__).order_by(EventImport.id.desc())).first()
    assert (row.new, row.undone_at, row.undone_by, row.first_event_id) == (6, NOW, "command line", None)
    noted = aurora.execute(select(AuditEntry.about, AuditEntry.before).where(AuditEntry.action == "import.undone"))
    assert noted.all() == [(f"import {row.id}", "6 events")]


@pytest.mark.parametrize("seed", range(3))
def test_p2_of_two_imports_whichever_is_undone_the_other_alone_remains(session, seed):
    random_log = generate(seed, 30)
    now, chance = random_log.as_of, random.Random(seed)
    load_organisation(session, random_log.organisation, now=now, by=COMMAND_LINE)
    load_people(session, io.BytesIO(random_log.people_csv().encode()), now=now, by=COMMAND_LINE)
    for each in random_log.agreements:
        load_agreement(session, each, now=now, by=COMMAND_LINE)
    rows = list({row["event_id"]: row for row in random_log.events}.values())
    in_first = set(chance.sample(range(len(rows)), len(rows) // 2))

    def hand_in_half(is_first):
        content = csv_text(EVENT_COLUMNS, [row for n, row in enumerate(rows) if (n in in_first) == is_first])
        options = ImportOptions(source="crm")
        assert import_events(session, io.BytesIO(content.encode()), options, now=now, by=COMMAND_LINE).new

    nothing = everything(session)
    hand_in_half(True)
    hand_in_half(False)
    undo(session, 1, now)
    assert list(verify(session, now=now)) == []
    second_alone = everything(session)
    undo(session, 0, now)
    assert everything(session) == nothing
    hand_in_half(False)  # it counts as new again
    assert everything(session) == second_alone
    hand_in_half(True)
    undo(session, 0, now)
    assert everything(session) == second_alone
    assert list(verify(session, now=now)) == []


def test_what_other_imports_said_first_and_whom_it_created_stays(aurora):
    log(aurora, FIRST)
    report = log(aurora, FIRST.rstrip() + SECOND.replace("eva", "eve"), create_members="sales")
    assert (report.new, report.duplicate, report.created_members) == (6, 2, 1)
    undo(aurora)
    assert (count(aurora), count(aurora, ImportPart)) == (2, 1)
    assert aurora.scalar(select(Member.id).where(Member.key == "eve@example.com"))
    assert list(verify(aurora, now=NOW)) == []


def test_an_import_that_brought_nothing_can_be_undone_too(aurora):
    hand_in(aurora, csv_of())
    assert undo(aurora) == (0, 0, 0)


def refusal(session, import_id):
    with pytest.raises(Refused) as refused:
        undo_import(session, import_id, now=NOW, by=COMMAND_LINE)
    return str(refused.value)


def test_p5_what_a_closed_month_rests_on_is_not_undone(aurora):
    log(aurora, FIRST)
    log(aurora, "11-20 09:00 lead.received -")
    close_period(aurora, "2026-10", now=NOW, by=COMMAND_LINE)
    before = everything(aurora), count(aurora)
    october, november = (each.id for each in reversed(list_imports(aurora)[0]))
    assert refusal(aurora, october).startswith("Results of 2026-10 rest on this import, and what is closed stays")
    assert (everything(aurora), count(aurora)) == before
    assert undo_import(aurora, november, now=NOW, by=COMMAND_LINE).events == 1
    assert list(verify(aurora, now=NOW)) == []


def test_an_import_is_undone_once_and_only_when_it_is_done(aurora):
    log(aurora, FIRST)
    mine = list_imports(aurora)[0][0].id
    assert refusal(aurora, mine + 1) == f"There is no import {mine + 1}; look at the list of imports."
    add_user(aurora, email="enzo@example.com", role="admin", now=NOW, by=COMMAND_LINE, costs=HashCosts(8, 1, 1))
    upload = {"file_name": "x", "size": 1, "is_dry_run": 0, "rows_done": 0, "bytes_done": 0}
    values = {"user_id": 1, "state": "running", "created_at": NOW, "changed_at": NOW, "import_id": mine}
    aurora.execute(insert(Upload).values(**upload, **values))
    aurora.commit()
    assert refusal(aurora, mine) == f"Import {mine} is still under way; wait until it is done."
    aurora.execute(text("UPDATE upload SET state = 'done'"))
    aurora.commit()
    undo(aurora)
    assert refusal(aurora, mine) == f"Import {mine} is undone already (2026-12-15 15:00 UTC)."


def test_the_ids_of_events_that_are_gone_may_be_given_anew(aurora):
    log(aurora, FIRST)
    undo(aurora)
    log(aurora, SECOND)
    assert [each.new for each in list_imports(aurora)[0]] == [6, 2]
    assert undo(aurora).events == 6
    assert count(aurora, EventRow) == 0
