"""A statement says what a member earned and what it rests on, and anyone can recompute its digest."""

import hashlib
import json
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.errors import PeriodRefused, Refused
from leaderboard.services.adjusting import adjust
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.closing import close_period
from leaderboard.services.statements import ledger_document, statement
from leaderboard.storage.tables import PointEntry
from tests.factories import ids_of
from tests.services.bonus_examples import BY_POINTS, CLOSED_AT, DORA, MONTHLY, SALES, TEAM_WIN, close, sold
from tests.services.examples import PIPELINE, SPEED, WINS, agreement, log, set_up

NOVEMBER = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def aurora(session):
    sold(session, TEAM_WIN, BY_POINTS, MONTHLY)
    for period in ("2026-10", "2026-11", "2026-12", "2026-Q4"):
        close(session, period)
    return session


def lines(found):
    return [(each.month, each.team, each.sla, each.corrects, each.points, each.entries) for each in found.lines]


def test_a_statement_has_the_points_by_month_and_sla_and_the_agreement_they_rest_on(aurora):
    found = statement(aurora, ids_of(aurora)["ana"], "2026-Q4")
    assert lines(found) == [("2026-10", "North", "wins", None, 200, 1), ("2026-11", "North", "wins", None, 200, 1)]
    assert (found.key, found.name, found.points, found.lines[0].title) == ("ana@example.com", "Ana", 400, "wins")
    assert (found.is_closed, found.closed_at, found.closed_by) == (True, CLOSED_AT, "scheduler")
    assert found.versions == (("A", date(2026, 1, 1)),)


def test_b3_a_statement_has_the_members_own_shares_and_how_they_came_about(aurora):
    eva, bia = ids_of(aurora)["eva"], ids_of(aurora)["bia"]
    found = statement(aurora, eva, "2026-Q4")
    assert [
        (
            each.award.period,
            each.award.programme,
            each.award.name,
            each.share.amount_minor,
            each.share.weight,
            each.weights,
        )
        for each in found.awards
    ] == [
        ("2026-Q4", "team-win", "South", 25_000, 1, 2),
        ("2026-Q4", "by-points", "South", 6_667, 200, 300),
        ("2026-11", "month-win", "Eva", 5, 1, 1),
    ]
    assert {each.award.status for each in found.awards} == {"proposed"}
    assert {share.member_id for each in found.awards for share in each.award.shares} == {eva}
    assert [each.award.name for each in statement(aurora, bia, "2026-Q4").awards] == [
        "North",
        "South",
        "North",
        "South",
    ]
    assert [each.award.programme for each in statement(aurora, eva, "2026-11").awards] == ["month-win"]


def test_a_statements_digest_is_that_of_the_ledger_document(aurora):
    ana = ids_of(aurora)["ana"]
    found = statement(aurora, ana, "2026-Q4").ledger
    document = b"".join(ledger_document(aurora, ana, "2026-Q4"))
    assert hashlib.sha256(document).hexdigest() == found.digest
    rows = [json.loads(line) for line in document.splitlines()]
    assert [row["points"] for row in rows] == [200, 200]
    assert (found.first, found.last, found.count, found.points) == (rows[0]["id"], rows[-1]["id"], 2, 400)


def test_the_ledger_document_is_in_the_form_that_is_documented(aurora):
    ana = ids_of(aurora)["ana"]
    (line,) = ledger_document(aurora, ana, "2026-10")
    row = aurora.execute(
        select(PointEntry).where(PointEntry.member_id == ana, PointEntry.month == "2026-10")
    ).scalar_one()
    assert line.decode() == (
        f'{{"attainment":{row.attainment_id},"corrects":null,"id":{row.id},"member":{ana},"month":"2026-10",'
        f'"points":200,"posted_at":"2027-01-03T15:00:00.000000Z","reason":"exceeded","team":{row.team_id}}}\n'
    )


def test_a_statement_of_an_open_period_says_so_and_who_has_nothing_has_one_too(session):
    sold(session)
    found = statement(session, ids_of(session)["caio"], "2026-10")
    assert (found.is_closed, found.closed_by, found.lines, found.awards) == (False, None, (), ())
    assert (found.ledger.first, found.ledger.count, found.points) == (None, 0, 0)
    assert found.ledger.digest == hashlib.sha256(b"").hexdigest()
    assert statement(session, ids_of(session)["ana"], "2025-Q1").versions == ()


def test_p5_p7_corrections_and_adjustments_stand_in_the_statement_of_the_month_that_took_them(session):
    set_up(session, agreement(SPEED, WINS, PIPELINE), now=NOVEMBER)
    log(session, SALES + "    10-05 09:00 lead.assigned ana subject=L1", now=NOVEMBER)
    close_period(session, "2026-10", by=COMMAND_LINE, now=NOVEMBER)
    log(session, "10-05 09:30 lead.disposed ana subject=L1", now=NOVEMBER)
    ana = ids_of(session)["ana"]
    adjust(session, ana, 7, "Helped the others", "2026-11", by=DORA, now=NOVEMBER)
    found = statement(session, ana, "2026-11")
    assert lines(found) == [
        ("2026-11", "North", "wins", None, 200, 1),
        ("2026-11", "North", None, None, 7, 1),
        ("2026-11", "North", "speed", "2026-10", 10, 1),
    ]
    assert [(each.points, each.reason, each.made_by, each.is_taken_back) for each in found.adjustments] == [
        (7, "Helped the others", DORA.name, False)
    ]
    (each,) = found.corrections
    assert (each.corrects, each.sla, each.subject, each.level_before, each.level_after, each.points_after) == (
        "2026-10", "speed", "L1", "missed", "exceeded", 10,
    )  # fmt: skip
    assert found.points == 217
    assert statement(session, ana, "2026-10").points == 200


def test_a_statement_names_each_version_that_was_in_force(aurora):
    load_agreement(aurora, agreement(WINS, effective_from="2027-02-01"), now=CLOSED_AT, by=COMMAND_LINE)
    found = statement(aurora, ids_of(aurora)["ana"], "2027-Q1")
    assert found.versions == (("A", date(2026, 1, 1)), ("A", date(2027, 2, 1)))


def test_p6_a_statement_names_a_promise_as_its_month_had_it(aurora):
    reworded = agreement(WINS.replace('key = "wins"', 'key = "wins"\ntitle = "Deals"'), effective_from="2027-02-01")
    load_agreement(aurora, reworded, now=CLOSED_AT, by=COMMAND_LINE)
    assert {each.title for each in statement(aurora, ids_of(aurora)["ana"], "2026-Q4").lines} == {"wins"}


def test_a_statement_takes_a_bounded_number_of_queries(aurora, query_counter):
    ids = ids_of(aurora)
    seen = []
    for member in ("caio", "bia"):
        statement(aurora, ids[member], "2026-Q4")
        with query_counter() as statements:
            statement(aurora, ids[member], "2026-Q4")
        seen.append(len(statements))
    assert seen == [9, 9]


def test_a_statement_of_what_is_not_there_is_refused(aurora):
    with pytest.raises(Refused, match="There is no member 4711"):
        statement(aurora, 4_711, "2026-Q4")
    with pytest.raises(Refused, match="There is no member 4711"):
        ledger_document(aurora, 4_711, "2026-Q4")
    with pytest.raises(PeriodRefused):
        statement(aurora, 1, "soon")
