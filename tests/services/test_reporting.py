"""Lists for scripts: the values, units and instants that design section 5 promises."""

import pytest

from leaderboard.domain.errors import PeriodRefused, Refused
from leaderboard.services.reporting import list_attainments, list_standings
from tests.factories import at
from tests.services.examples import ON_TIME, PIPELINE, SPEED, TRAINING, WINS, agreement, log, set_up, sla

ANA = "ana@example.com"
EVENTS = """
    10-05 09:00 lead.assigned ana
    10-05 09:30:01.5 lead.disposed ana
    10-06 09:00 lead.assigned ana subject=L2
    10-06 09:30 lead.disposed ana subject=L2
    10-06 09:00 lead.assigned ana subject=L3
    10-09 09:30 lead.disposed ana subject=L3
    10-07 09:00 opportunity.won ana amount=700.05
    10-07 09:00 opportunity.won ana amount=700 subject=L2
    10-01 09:00 task.assigned ana subject=T1 due_at=2026-10-20T12:00
    10-05 09:00 task.completed ana subject=T1
    10-01 09:00 task.assigned ana subject=T2 due_at=2026-10-20T12:00
    10-20 12:00:01 task.completed ana subject=T2
"""


@pytest.fixture
def aurora(session):
    set_up(session, agreement(SPEED, WINS, PIPELINE, ON_TIME, TRAINING))
    log(session, EVENTS)
    return session


def listed(session, period="2026-10", sla=None):
    rows = list_attainments(session, period, sla)
    return [row for row in rows if row["participant"] in (ANA, "North")]


def test_an_attainment_is_listed_whole(aurora):
    assert listed(aurora, sla="speed")[1] == {
        "sla": "speed",
        "participant": ANA,
        "subject": "L2",
        "level": "exceeded",
        "value": 1800,
        "started_at": "2026-10-06T12:00:00Z",
        "due_at": "2026-10-06T21:00:00Z",
        "stopped_at": "2026-10-06T12:30:00Z",
        "decided_at": "2026-10-06T12:30:00Z",
        "points": 10,
    }


def test_rows_are_in_the_order_of_code_points_on_every_database(session):
    won = 'kind = "count", of = ["opportunity.won"]', "met = 1"
    keys = ["b_1", "b-1", "b1", "b.1"]
    set_up(session, agreement(*(sla(key, *won) for key in keys)))
    log(session, "10-05 09:00 opportunity.won ana")
    assert list(dict.fromkeys(row["sla"] for row in listed(session))) == sorted(keys)


def test_a_monthly_rows_subject_is_its_month(aurora):
    row = listed(aurora, sla="wins")[0]
    assert (row["subject"], row["started_at"], row["due_at"], row["stopped_at"]) == (
        "2026-10", "2026-10-01T03:00:00Z", "2026-11-01T03:00:00Z", None
    )  # fmt: skip


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("speed", [1801.5, 1800, 88_200]),  # seconds at work, to the microsecond
        ("wins", [2]),  # subjects
        ("pipeline", [140_005]),  # minor units
        ("on-time", [0.666667]),  # a share to six places
        ("training", [1_306_800, -1]),  # seconds before the due date, or after it
    ],
)
def test_values_are_in_the_units_of_their_kind(aurora, key, values):
    assert [row["value"] for row in listed(aurora, sla=key)] == values


def test_only_the_sla_and_the_period_asked_for_are_listed(aurora):
    assert {row["sla"] for row in listed(aurora, sla="wins")} == {"wins"}
    with pytest.raises(Refused, match="is not an SLA of the agreement"):
        listed(aurora, sla="unheard-of")
    assert listed(aurora, "2026-09") == []
    assert listed(aurora, "2026-Q4") == listed(aurora)


def test_what_is_pending_is_listed_in_the_month_and_quarter_in_which_it_started_alone(session):
    now = at("10-05 10:00")
    set_up(session, agreement(SPEED), now=now)
    log(session, "10-05 09:00 lead.assigned ana", now=now)
    for period, levels in (("2026-10", ["pending"]), ("2026-Q4", ["pending"]), ("2026-09", []), ("2026-11", [])):
        assert [row["level"] for row in listed(session, period)] == levels


def test_void_rows_are_listed_and_count_nowhere(aurora):
    log(aurora, "10-08 09:00 lead.reopened ana")
    rows = {row["subject"]: (row["level"], row["points"]) for row in listed(aurora, sla="speed")}
    assert rows["L1"] == ("void", 0)
    ana = next(row for row in list_standings(aurora, "2026-10", "member") if row["key"] == ANA)
    assert (ana["exceeded"], ana["met"], ana["missed"]) == (2, 2, 2)


def test_p6_a_value_is_read_by_the_version_that_decided_it(session):
    """The same key measured seconds before November, and subjects since."""
    later = sla("speed", 'kind = "count", of = ["lead.disposed"]', "met = 1")
    set_up(session, agreement(SPEED), agreement(later, effective_from="2026-11-01"))
    log(session, "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana")
    log(session, "11-05 09:00 lead.assigned ana subject=L2\n11-05 09:30 lead.disposed ana subject=L2")
    assert [row["value"] for row in listed(session)] == [1800]
    assert [row["value"] for row in listed(session, "2026-11")] == [1]


def test_standings_are_rows_of_plain_values_in_order(aurora):
    rows = list_standings(aurora, "2026-10", "team", "sales")
    assert [list(row) for row in rows] == [
        ["rank", "key", "name", "side", "points", "met", "exceeded", "missed"]
    ] * 2  # fmt: skip
    assert [(row["rank"], row["key"], row["side"]) for row in rows] == [(1, "North", "sales"), (2, "South", "sales")]
    assert list_standings(aurora, "2026-10", "member")[0]["key"] == ANA


def test_what_is_no_period_is_refused(aurora):
    with pytest.raises(PeriodRefused):
        list(list_attainments(aurora, "2026-00"))
