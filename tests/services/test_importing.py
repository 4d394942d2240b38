"""Importing: each row is taken or refused alone, the same event once, and nothing is ever half done."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from leaderboard.domain.errors import Refused
from leaderboard.domain.mapping import parse_mapping
from leaderboard.storage import ledger as ledger_queries
from leaderboard.storage.tables import Anomaly, EventImport, EventRow, Member, PointEntry
from tests.services.examples import NOW, attained, count, csv_of, hand_in, ledger, log, set_up, state

ASSIGNED = "e1,2026-10-05T09:00,lead.assigned,L1,ana@example.com"
DISPOSED = "e2,2026-10-05T09:30,lead.disposed,L1,ana@example.com"


@pytest.fixture
def aurora(session):
    set_up(session)
    return session


def refusals(report):
    return [(each.line, each.column, each.value) for each in report.refusals]


# The same again


def test_the_same_file_again_is_all_duplicates_and_posts_nothing(aurora):
    content = csv_of(ASSIGNED, DISPOSED)
    first = hand_in(aurora, content)
    assert (first.read, first.new, first.duplicate, first.refused, first.points_posted) == (2, 2, 0, 0, 1)
    before = state(aurora)
    again = hand_in(aurora, content)
    assert (again.read, again.new, again.duplicate, again.refused, again.points_posted) == (2, 0, 2, 0, 0)
    assert state(aurora) == before


def test_the_same_id_again_is_a_duplicate_whatever_it_says(aurora):
    report = hand_in(aurora, csv_of(ASSIGNED, ASSIGNED.replace("ana", "bia").replace("L1", "L2")))
    assert (report.new, report.duplicate) == (1, 1)
    assert aurora.execute(select(EventRow.subject)).scalars().all() == ["L1"]


def test_the_same_id_from_another_source_is_another_event(aurora):
    hand_in(aurora, csv_of(ASSIGNED), source="hubspot")
    report = hand_in(aurora, csv_of(ASSIGNED), source="salesforce")
    assert (report.new, report.duplicate) == (1, 0)


def test_an_id_differs_by_case_and_white_space_is_part_of_no_other(aurora):
    report = hand_in(aurora, csv_of(ASSIGNED, ASSIGNED.replace("e1", "E1")))
    assert report.new == 2


# A dry run


def test_a_dry_run_reports_the_same_and_changes_nothing(aurora):
    content = csv_of(
        *(ASSIGNED, DISPOSED, ASSIGNED, "e3,yesterday,lead.assigned,L2", "e4,2026-10-05,lead.assigned,L3,x-9"),
        "e5,2026-10-05,lead.disposed,L4",
    )
    before = state(aurora), count(aurora), count(aurora, EventImport)
    dry = hand_in(aurora, content, is_dry_run=True, create_members="sales")
    assert (state(aurora), count(aurora), count(aurora, EventImport)) == before
    assert count(aurora, Member) == 4
    wet = hand_in(aurora, content, create_members="sales")
    numbers = (
        *("read", "new", "duplicate", "refused", "refusals", "warnings", "created_members", "created_teams"),
        *("points_posted", "anomalies"),
    )
    assert [getattr(dry, name) for name in numbers] == [getattr(wet, name) for name in numbers]
    assert (wet.read, wet.new, wet.duplicate, wet.refused, wet.created_members) == (6, 4, 1, 1, 1)
    assert (wet.points_posted, wet.anomalies) == (1, 1)
    assert dry.is_dry_run
    assert not wet.is_dry_run


# Refused rows


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        ("x,2026-10-05,lead.assigned,L2,zoe@example.com", "member", "zoe@example.com", "load people first, or give"),
        ("x,2026-10-05,lead.assigned,L2,,East", "team", "East", "is not a known team"),
        ('x,2026-10-05,opportunity.won,L2,,,,"1.234,50",,', "amount", "1.234,50", "such as 1234.50"),
        ("x,2026-10-05,opportunity.won,L2,,,,10,USD", "currency", "USD", "expected BRL"),
        ("x,05/10/2026,lead.assigned,L2", "occurred_at", "05/10/2026", "expected ISO 8601"),
        ("x,0001-01-01,lead.assigned,L2", "occurred_at", "0001-01-01", "outside the years 1970 to 2199"),
        ("x,9999-12-31,lead.assigned,L2", "occurred_at", "9999-12-31", "outside the years 1970 to 2199"),
        ("x,2026-10-05,task.assigned,L2,,,,,,9999-12-31", "due_at", "9999-12-31", "outside the years"),
        ("x,2026-10-05,lead assigned,L2", "type", "lead assigned", "expected a dotted word"),
        ("x,2026-10-05,lead.disposed,L2,,,lost", "outcome", "lost", "expected qualified, disqualified, recycled"),
        (",2026-10-05,lead.assigned,L2", "event_id", "", "is empty"),
        ("x,2026-10-05,lead.assigned,", "subject", "", "is empty"),
        ("x,2026-10-05,lead.assigned,L\x002", "", "", "holds a NUL byte; remove it"),
        ("x,2026-10-05,lead.assigned,L2,a,b,c,d,e,f,g", "", "", "the row has 11 cells, but the header has 10"),
    ],
)
def test_a_bad_row_is_refused_alone_with_line_column_value_and_reason(aurora, row, column, value, reason):
    kept = []
    report = hand_in(aurora, csv_of(ASSIGNED, row, DISPOSED), keep_refused=lambda raw, _refusal: kept.append(raw))
    assert (report.read, report.new, report.refused) == (3, 2, 1)
    assert refusals(report) == [(3, column, value)]
    assert reason in report.refusals[0].reason
    assert str(report.refusals[0]).startswith("line 3")
    assert kept == [csv_of(row).splitlines(keepends=True)[1]]
    assert attained(aurora, "2026-10", "speed")[0] == ("speed", "ana@example.com", "exceeded", 10)


def test_a_row_in_another_encoding_is_refused_with_the_remedy(aurora):
    content = (
        csv_of(ASSIGNED) + "x,2026-10-05,lead.assigned,Ação,,,,,,\n".encode("latin-1") + csv_of(DISPOSED, header=",")
    )
    report = hand_in(aurora, content.replace(b",\ne2", b"e2").replace(b"\n,\n", b"\n"))
    assert refusals(report)[0] == (3, "", "")
    assert 'byte 0xe7 is not UTF-8; save it as "CSV UTF-8"' in report.refusals[0].reason


def test_mended_rows_are_taken_the_second_time(aurora):
    hand_in(aurora, csv_of(ASSIGNED, DISPOSED.replace("09:30", "9.30")))
    report = hand_in(aurora, csv_of(DISPOSED))
    assert (report.new, report.duplicate) == (1, 0)
    assert ledger(aurora) == {("ana@example.com", "North", "2026-10"): 10}


def test_many_refused_rows_are_all_counted_and_the_first_kept(aurora):
    report = hand_in(aurora, csv_of(*(f"e{number},never,lead.assigned,L1" for number in range(1500))))
    assert (report.read, report.refused, len(report.refusals), report.new) == (1500, 1500, 1000, 0)


# Refused files


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "line 1 is empty; the file must begin with a row of column names."),
        (b"\n\n", "line 1 is empty"),
        (csv_of(ASSIGNED, header="event_id,occurred_at,type,lead,member"), "line 1: column subject is missing"),
        (csv_of(ASSIGNED, header="event_id,occurred_at,type,subject,type"), 'line 1: column "type" stands twice'),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "This is an old workbook (.xls), or one with a"),
        (csv_of(ASSIGNED, header='event_id,"occurred_at,type,subject'), "line 1: the row is not CSV"),
        (csv_of(ASSIGNED) + b"x" * 2_200_000, "line 3 is longer than 1,048,576 bytes"),
        (csv_of(ASSIGNED) + b"x" * 2_200_000 + b"\n" + csv_of(ASSIGNED), "line 3"),
        (b"x" * 2_200_000, "line 1 is longer than 1,048,576 bytes"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00" + bytes(range(256)), "The workbook is damaged; save it anew"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_whole_with_line_and_remedy(aurora, content, reason):
    before = state(aurora)
    with pytest.raises(Refused) as refused:
        hand_in(aurora, content)
    assert str(refused.value).startswith(reason)
    assert (count(aurora), count(aurora, EventImport), state(aurora)) == (0, 0, before)


def test_a_file_is_refused_whole_though_many_rows_were_read_before(aurora):
    rows = [f"e{number},2026-10-05T09:00,lead.assigned,L{number}" for number in range(25_000)]
    with pytest.raises(Refused, match="line 25002"):
        hand_in(aurora, csv_of(*rows, "x" * 2_200_000))
    assert count(aurora) == 0


def test_without_an_organisation_nothing_is_imported(session):
    with pytest.raises(Refused, match="No organisation is loaded yet; load one with: leaderboard organisation load"):
        hand_in(session, csv_of(ASSIGNED))


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + csv_of(ASSIGNED, DISPOSED),
        csv_of(ASSIGNED, DISPOSED).replace(b"\n", b"\r\n"),
        csv_of(ASSIGNED, DISPOSED).replace(b",", b";"),
        csv_of(ASSIGNED, DISPOSED).replace(b",", b"\t"),
        csv_of(ASSIGNED, "", DISPOSED).rstrip(b"\n"),
        csv_of(ASSIGNED.replace("e1", '"e1"'), DISPOSED),
    ],
    ids=["BOM", "CRLF", "semicolons", "tabs", "no last line end", "quotes"],
)
def test_the_forms_in_which_programs_write_csv_are_all_taken(aurora, content):
    report = hand_in(aurora, content)
    assert (report.read, report.new, report.refused) == (2, 2, 0)
    assert attained(aurora, "2026-10", "speed")[0][2:] == ("exceeded", 10)


def test_columns_stand_in_any_order_and_unknown_ones_are_warned_of(aurora):
    content = csv_of(
        "L1,lead.assigned,e1,2026-10-05,ana@example.com,9", header="subject,type,event_id,occurred_at,member,score"
    )
    report = hand_in(aurora, content)
    assert (report.new, report.warned) == (1, 1)
    assert report.warnings == ['line 1: column "score" is not known and is passed over']


def test_a_formula_in_a_cell_is_text_like_any_other(aurora):
    report = hand_in(aurora, csv_of('=1+1,2026-10-05,lead.assigned,"=HYPERLINK(""http://x"")",ana@example.com'))
    assert report.new == 1


def test_json_lines_are_events_too(aurora):
    rows = [
        {"event_id": "e1", "occurred_at": "2026-10-05T09:00", "type": "opportunity.won", "subject": "L1",
         "member": "ana@example.com", "amount": 12.5},
        {"event_id": 2, "occurred_at": "2026-10-05T09:00", "type": "opportunity.won", "subject": "L2", "amount": None},
    ]  # fmt: skip
    content = "\n".join([json.dumps(rows[0]), "", "{", "[1]", json.dumps(rows[1]), '{"event_id": []}'])
    report = hand_in(aurora, content.encode(), is_json=True)
    assert (report.read, report.new) == (5, 2)
    assert [each.line for each in report.refusals] == [3, 4, 6]
    assert aurora.execute(select(EventRow.event_id, EventRow.amount_minor)).all() == [("e1", 1250), ("2", None)]


# Warnings and anomalies


def test_doubtful_events_are_taken_and_warned_of(aurora):
    report = hand_in(
        aurora,
        csv_of(
            "e1,2027-01-01T09:00,lead.assigned,L1",
            "e2,2026-10-05T09:00,task.assigned,T1,ana@example.com",
            "e3,2018-11-04T00:30,lead.assigned,L2",
        ),
    )
    assert (report.new, report.warned) == (3, 3)
    assert [text.partition(":")[0] for text in report.warnings] == ["line 2", "line 3", "line 4"]
    assert "lies in the future" in report.warnings[0]
    assert "without due_at is never due" in report.warnings[1]
    assert "2018-11-04T00:30 does not exist or exists twice in America/Sao_Paulo" in report.warnings[2]


def test_c6_a_disposal_before_every_assignment_is_an_anomaly_until_its_assignment_comes(aurora):
    report = hand_in(aurora, csv_of(DISPOSED))
    assert (report.new, report.anomalies, len(report.first_anomalies)) == (1, 1, 1)
    assert report.first_anomalies[0].startswith("L1: lead.disposed ")
    assert report.first_anomalies[0].endswith(", is before any start of speed")
    assert aurora.execute(select(Anomaly.subject, Anomaly.event_id)).all() == [("L1", "e2")]
    hand_in(aurora, csv_of(ASSIGNED, "e9,2026-10-06,lead.assigned,L9"))
    assert count(aurora, Anomaly) == 0


# Mappings


MAPPING = """
time_zone = "America/New_York"
time_format = "%d-%m-%Y %H:%M"
source = "olist"
delimiter = ";"
[[event]]
type = "lead.assigned"
event_id = "a-{id}"
subject = "{id}"
occurred_at = "{first}"
member = "{who}"
[[event]]
type = "lead.disposed"
event_id = "d-{id}"
subject = "{id}"
occurred_at = "{done}"
member = "{who}"
when = "{done}"
"""


def test_a_mapped_row_gives_several_events_in_its_zone_and_source(aurora):
    content = b"id;first;done;who\n7;05-10-2026 09:00;05-10-2026 10:00;hs-1\n8;05-10-2026 09:00;;hs-1\n"
    report = hand_in(aurora, content, mapping=parse_mapping(MAPPING))
    assert (report.read, report.new, report.refused) == (2, 3, 0)
    found = aurora.execute(select(EventRow.source, EventRow.event_id, EventRow.occurred_at).order_by(EventRow.id)).all()
    assert found[0] == ("olist", "a-7", datetime(2026, 10, 5, 13, tzinfo=UTC))
    assert [each.event_id for each in found] == ["a-7", "d-7", "a-8"]


def test_a_mapped_row_is_taken_whole_or_refused_whole(aurora):
    content = b"id;first;done;who\n7;05-10-2026 09:00;later;hs-1\n8;05-10-2026 09:00;;hs-1\n"
    report = hand_in(aurora, content, mapping=parse_mapping(MAPPING))
    assert (report.read, report.new, report.refused) == (2, 1, 1)
    assert refusals(report) == [(2, "occurred_at", "later")]
    assert (
        "expected %d-%m-%Y %H:%M or ISO 8601 such as 2025-02-28T09:10-03:00 (the mapping says"
        in report.refusals[0].reason
    )


def test_a_file_that_lacks_a_column_of_the_mapping_is_refused(aurora):
    with pytest.raises(Refused, match="line 1: column done is missing; the mapping reads it, and the file has id"):
        hand_in(aurora, b"id;first;who\n7;05-10-2026 09:00;hs-1\n", mapping=parse_mapping(MAPPING))


# The end


def test_an_import_is_noted_with_its_counts(aurora):
    hand_in(aurora, csv_of(ASSIGNED, ASSIGNED, "x"), source="crm", file_name="october.csv")
    noted = aurora.execute(select(EventImport)).scalar_one()
    assert (noted.source, noted.file_name, noted.imported_at) == ("crm", "october.csv", NOW)
    assert (noted.read, noted.new, noted.duplicate, noted.refused) == (3, 1, 1, 1)


def test_a_failure_in_the_middle_leaves_nothing_behind(aurora, monkeypatch):
    before = state(aurora)

    def fail(*_arguments):
        raise OSError("the disk is full")

    monkeypatch.setattr(ledger_queries, "write_entries", fail)
    with pytest.raises(OSError, match="the disk is full"):
        hand_in(aurora, csv_of(ASSIGNED, DISPOSED))
    monkeypatch.undo()
    assert (count(aurora), count(aurora, PointEntry), state(aurora)) == (0, 0, before)
    assert log(aurora, "10-05 09:00 lead.assigned ana").new == 1
