"""Imports by the browser: batch after batch they come to what one import of the command line comes to."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from leaderboard.domain.errors import Refused
from leaderboard.services import upload_runs, upload_streams, uploads
from leaderboard.services.undoing import undo_import
from leaderboard.services.upload_starting import cancel, go_on, start_import
from leaderboard.services.verifying import verify
from leaderboard.storage.tables import EventImport, EventRow, Member, Team
from leaderboard.storage.upload_tables import ImportPart, Upload, UploadPart
from tests.factories import opened
from tests.services.examples import NOW, count, csv_of, hand_in, ledger, set_up, state
from tests.services.uploading import OURS, arrive, enzo, found, refused_file, report_of, run

COUNTS = ("read", "new", "duplicate", "refused", "refusals", "warnings", "created_members", "created_teams")
CREATES = OURS._replace(create_members="sales")


def rows(number=30):
    """Return leads that are disposed of in time, each a row; some refused, twice, early, or of people unknown."""
    lines = []
    for each in range(number):
        day, who = 1 + each % 28, ("ana@example.com", "x-7", "new@example.com")[each % 3]
        lines += [
            f"d{each},2026-11-{day:02}T09:30,lead.disposed,L{each},{who}",  # before its start: cured by the next row
            f"a{each},2026-11-{day:02}T09:00,lead.assigned,L{each},{who}" + (",Newcomers" if each == 25 else ""),
        ]
    early = "a1,2026-02-03T09:00,lead.assigned,L1,x-7"  # twice; the first with its id stays, yet it begins the member
    return [*lines, "bad,yesterday,lead.assigned,L2", early, "p1,2026-11-09T09:00,lead.disposed,Z,ana@example.com"]


@pytest.fixture
def aurora(session, monkeypatch):
    monkeypatch.setattr(upload_runs, "ROWS_A_BATCH", 7)
    set_up(session)
    enzo(session)
    return session


@pytest.fixture
def twin(databases, aurora):
    """Another database with the same people, for what the command line makes of the file."""
    with databases(aurora.get_bind().dialect.name).fresh() as address, opened(address) as other:
        set_up(other)
        yield other


def told(report):
    return [getattr(report, name) for name in COUNTS]


def test_batches_come_to_the_same_as_one_import_of_the_command_line(aurora, twin):
    content = csv_of(*rows(), header="event_id,occurred_at,type,subject,member,team,strange")
    other = hand_in(twin, content, source="crm", create_members="sales")
    upload = arrive(aurora, content)
    report = run(aurora, upload, CREATES)
    assert told(report) == told(other)
    assert (report.read, report.new, report.duplicate, report.refused) == (63, 61, 1, 1)
    assert (report.created_members, report.created_teams, report.anomalies) == (2, 2, other.anomalies)
    assert (state(aurora), ledger(aurora)) == (state(twin), ledger(twin))
    assert aurora.execute(select(Team.name)).scalars().all() != []
    (row,) = aurora.execute(select(EventImport)).scalars()
    assert (row.read, row.new, row.duplicate, row.refused, row.imported_by) == (63, 61, 1, 1, "enzo@example.com")
    parts = aurora.execute(select(ImportPart.first_event_id, ImportPart.last_event_id)).all()
    assert len(parts) == 9
    within = [each for each in aurora.execute(select(EventRow.id)).scalars() if any(a <= each <= b for a, b in parts)]
    assert len(within) == count(aurora, EventRow) == 61
    assert list(verify(aurora, now=NOW)) == []
    assert refused_file(aurora, upload).splitlines()[1].startswith(b"bad,yesterday")
    assert found(aurora, upload).state == "done"
    assert aurora.execute(select(UploadPart.role)).scalars().all() == ["refused"]


def test_a_dry_run_reports_the_same_and_changes_nothing(aurora):
    content = csv_of(*rows())
    hand_in(aurora, csv_of(*rows()[:3]), source="crm", create_members="sales")
    upload, before = arrive(aurora, content), state(aurora)
    dry = run(aurora, upload, CREATES, is_dry_run=True)
    assert (state(aurora), count(aurora, EventImport), count(aurora, Member)) == (before, 1, 5)
    assert dry.is_dry_run
    assert (dry.new, dry.duplicate) == (58, 4)
    wet = run(aurora, upload, CREATES)
    assert told(dry) == told(wet)
    with pytest.raises(Refused, match="imported already"):
        start_import(aurora, upload, OURS, is_dry_run=False, by=enzo(aurora), now=NOW)


def test_stopped_after_any_batch_it_goes_on_where_it_was_with_nothing_twice(aurora, twin):
    content = csv_of(*rows())
    other = hand_in(twin, content, source="crm", create_hint=upload_runs.HINT)
    upload = arrive(aurora, content)
    looks = iter(range(1_000))
    report = run(aurora, upload, is_stopping=lambda: next(looks) % 3 == 2)
    while found(aurora, upload).state == "waiting":
        list(upload_runs.run_waiting(aurora, now=NOW, is_stopping=lambda: next(looks) % 3 == 2))
        report = report_of(aurora, upload)
    assert next(looks) > 9
    assert told(report) == told(other)
    assert (state(aurora), count(aurora, EventImport)) == (state(twin), 1)
    assert refused_file(aurora, upload).count(b"\n") == 1 + report.refused


def test_a_cancelled_import_keeps_what_is_in_and_can_go_on(aurora):
    upload = arrive(aurora, csv_of(*rows()))
    start_import(aurora, upload, OURS, is_dry_run=False, by=enzo(aurora), now=NOW)
    session = aurora

    def press():
        if found(session, upload).rows_done >= 14 and found(session, upload).state == "running":
            cancel(session, upload, by=enzo(session), now=NOW)
        return False

    assert list(upload_runs.run_waiting(session, now=NOW, is_stopping=press)) == []
    assert (found(session, upload).state, found(session, upload).rows_done) == ("failed", 14)
    undo_import(session, found(session, upload).import_id, now=NOW, by=enzo(session))
    go_on(session, upload, by=enzo(session), now=NOW)  # anew: what was in is gone
    list(upload_runs.run_waiting(session, now=NOW))
    assert (report_of(session, upload).read, count(session, EventImport)) == (63, 2)
    assert report_of(session, upload).new == count(session, EventRow) == 21
    undo_import(session, found(session, upload).import_id, now=NOW, by=enzo(session))
    assert count(session, EventRow) == 0
    for late in (cancel, go_on):
        with pytest.raises(Refused):
            late(session, upload, by=enzo(session), now=NOW)


def test_a_file_whose_worker_has_fallen_silent_is_taken_over_and_the_first_writes_no_more(aurora):
    upload = arrive(aurora, csv_of(*rows()))
    start_import(aurora, upload, OURS, is_dry_run=False, by=enzo(aurora), now=NOW)
    session, later = aurora, NOW + upload_runs.SILENT

    def elsewhere():
        if found(session, upload).state == "running":
            assert list(upload_runs.run_waiting(session, now=later - timedelta(seconds=1))) == []
            assert len(list(upload_runs.run_waiting(session, now=later + timedelta(seconds=5)))) == 1
        return False

    assert list(upload_runs.run_waiting(session, now=NOW, is_stopping=elsewhere)) == []
    assert (report_of(session, upload).read, count(session, EventRow)) == (63, report_of(session, upload).new)


def test_a_file_that_cannot_be_read_on_says_why_and_keeps_what_is_in(aurora):
    content = csv_of(*rows()) + b"x" * (2 * upload_streams.PART)
    upload = arrive(aurora, content)
    assert uploads.find_upload(aurora, upload).size > 2 * upload_streams.PART
    report = run(aurora, upload)
    assert found(aurora, upload).state == "failed"
    assert "longer than" in found(aurora, upload).told
    assert report.read % 7 == 0
    wrong = arrive(aurora, b"a,b\n1,2\n")
    run(aurora, wrong)
    assert "column event_id is missing" in found(aurora, wrong).told
    aurora.rollback()


def test_pieces_make_a_file_whole_and_it_is_forgotten_after_a_week(aurora, monkeypatch):
    monkeypatch.setattr(uploads, "PART", 10)
    by = enzo(aurora)
    upload = uploads.begin_upload(aurora, "a.csv", 25, by=by, now=NOW)
    for number, content, problem in ((0, b"short", "piece"), (3, b"12345", "piece"), (2, b"12345", "piece")):
        with pytest.raises(Refused) as caught:
            uploads.take_piece(aurora, upload, number, content, by=by, now=NOW)
        assert caught.value.problem == problem
    sent = [uploads.take_piece(aurora, upload, n, b"1234567890"[: 25 - 10 * n], by=by, now=NOW) for n in (0, 0, 1, 2)]
    assert (sent, found(aurora, upload).state) == ([False, False, False, True], "ready")
    with pytest.raises(Refused, match="does not arrive"):
        uploads.take_piece(aurora, upload, 0, b"1234567890", by=by, now=NOW)
    for size, problem in ((uploads.MOST_BYTES + 1, "large"), (0, "empty")):
        with pytest.raises(Refused) as caught:
            uploads.begin_upload(aurora, "a.csv", size, by=by, now=NOW)
        assert caught.value.problem == problem
    for _ in range(uploads.MOST_HELD - 1):
        uploads.begin_upload(aurora, "a.csv", uploads.MOST_BYTES, by=by, now=NOW + timedelta(days=1))
    with pytest.raises(Refused, match="lie there unused"):
        uploads.begin_upload(aurora, "a.csv", 1, by=by, now=NOW)
    for days, left in ((7, uploads.MOST_HELD - 1), (8, 0)):
        assert uploads.forget_uploads(aurora.connection(), NOW + timedelta(days=days)) > 0
        assert (count(aurora, Upload), count(aurora, UploadPart)) == (left, 0)
