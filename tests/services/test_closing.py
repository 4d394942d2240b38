"""Closing: once, in order, as of its own time; and what comes later is a correction in an open month."""

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE, SCHEDULER
from leaderboard.domain.errors import AgreementRefused, PeriodClosed, PeriodNotOver, Refused
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.closing import Closed, close_next, close_period, next_closing
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.services.reporting import list_standings
from leaderboard.services.scoring import score_due, score_everything
from leaderboard.services.verifying import verify
from leaderboard.storage.closing_tables import Closing, CorrectionRow
from leaderboard.storage.tables import PointEntry
from tests.factories import at, people_file
from tests.services.bonus_examples import bonus, proposed
from tests.services.examples import NOW, ORGANISATION, PIPELINE, SPEED, WINS, agreement, csv_of, hand_in, log, set_up

AFTER_OCTOBER = at("11-03 00:00")  # its end and 48 hours
LEADS = """
10-05 09:00 lead.assigned ana
10-05 09:30 lead.disposed ana
10-06 09:00 lead.assigned bia subject=L2
10-06 16:00 lead.disposed bia subject=L2
10-07 09:00 lead.assigned ana subject=L3
"""


@pytest.fixture
def world(session: Session) -> Session:
    """October's leads, scored at its end; Ana: exceeded and missed, Bia: met."""
    set_up(session, agreement(SPEED, WINS), now=at("10-31 12:00"))
    log(session, LEADS, now=at("10-31 12:00"))
    return session


def close_all(session: Session, now: datetime) -> list[str]:
    """Close whatever is due, and return what that was."""
    closed = []
    while (each := close_next(session, now=now, by=SCHEDULER)) is not None:
        closed.append(each.period)
    return closed


def points(session: Session, period: str, scope: str = "member") -> dict[str, tuple[int, int, int, int]]:
    """Return points, met, exceeded and missed of each participant."""
    return {
        row["key"].removesuffix("@example.com"): (row["points"], row["met"], row["exceeded"], row["missed"])
        for row in list_standings(session, period, scope)
    }


def corrections(session: Session) -> list[tuple[str, str, int]]:
    """Return the ledger's corrections: month, what it corrects, points."""
    query = select(PointEntry.month, PointEntry.corrects, PointEntry.points).order_by(PointEntry.id)
    return [tuple(row) for row in session.execute(query.where(PointEntry.corrects.is_not(None)))]


def test_m1_a_month_closes_after_its_local_end_and_the_grace_time_and_not_before(world: Session) -> None:
    assert next_closing(world) == ("2026-10", AFTER_OCTOBER)
    assert close_next(world, now=AFTER_OCTOBER - timedelta(microseconds=1), by=SCHEDULER) is None
    closed = close_next(world, now=AFTER_OCTOBER, by=SCHEDULER)
    assert isinstance(closed, Closed)
    assert (closed.period, closed.closed_by, closed.as_of) == ("2026-10", "scheduler", AFTER_OCTOBER)
    assert close_next(world, now=AFTER_OCTOBER, by=SCHEDULER) is None


def test_m1_closing_decides_what_is_pending_without_an_event(world: Session) -> None:
    """Ana's L3 fell due at the end of the 7th; nothing came after it, and nothing scored it."""
    close_all(world, AFTER_OCTOBER)
    assert points(world, "2026-10")["ana"] == (10, 0, 1, 2)  # L3, and no win
    assert points(world, "2026-10")["bia"] == (5, 1, 0, 1)
    assert list(verify(world, now=AFTER_OCTOBER)) == []


def test_m2_a_quarter_closes_after_its_three_months_in_order(world: Session) -> None:
    log(world, "10-30 10:00 opportunity.won ana subject=O1\n12-01 10:00 opportunity.won ana subject=O2")
    closed = close_all(world, datetime(2027, 2, 10, tzinfo=UTC))
    assert closed == ["2026-10", "2026-11", "2026-12", "2026-Q4", "2027-01"]
    rows = world.execute(select(Closing.period, Closing.as_of).order_by(Closing.closed_at)).all()
    assert dict(rows)["2026-12"] == dict(rows)["2026-Q4"] == datetime(2027, 1, 3, 3, tzinfo=UTC)
    assert list(verify(world, now=datetime(2027, 2, 10, tzinfo=UTC))) == []


def test_s4_a_quarter_sums_its_months_as_they_were_closed(world: Session) -> None:
    log(world, "12-01 10:00 lead.assigned bia subject=L9\n12-01 10:05 lead.disposed bia subject=L9")
    close_all(world, datetime(2027, 1, 4, tzinfo=UTC))
    months = [points(world, f"2026-{month}")["bia"] for month in (10, 11, 12)]
    assert points(world, "2026-Q4")["bia"] == tuple(map(sum, zip(*months, strict=True)))
    assert points(world, "2026-Q4")["bia"][0] == 15


def test_p5_a_late_event_goes_to_the_open_month_as_a_correction(world: Session) -> None:
    close_all(world, AFTER_OCTOBER)
    before = points(world, "2026-10")
    report = log(world, "10-07 17:00 lead.disposed ana subject=L3", now=at("11-04 12:00"))
    assert report.corrections == 1
    assert points(world, "2026-10") == before
    assert points(world, "2026-11")["ana"][0] == 5
    assert points(world, "2026-Q4")["ana"] == (15, 0, 1, 2)  # the levels stay as the month was closed with
    assert corrections(world) == [("2026-11", "2026-10", 5)]
    row = world.execute(select(CorrectionRow)).scalar_one()
    assert (row.level_before, row.level_after, row.points_after, row.because) == ("missed", "met", 5, "events")
    assert list(verify(world, now=at("11-04 12:00"))) == []


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Pacific/Pago_Pago"])
def test_p5_another_time_zone_moves_no_instant_into_or_out_of_a_closed_month(session: Session, zone: str) -> None:
    set_up(session, agreement(WINS, effective_from="2026-10-01"), now=at("10-31 12:00"))
    sold = "10-01 00:00 opportunity.won ana subject=O1\n10-31 23:59:59 opportunity.won ana subject=O2"
    log(session, sold, now=at("11-01 00:00"))
    close_all(session, AFTER_OCTOBER)
    organisation = ORGANISATION.replace("America/Sao_Paulo", zone)
    load_organisation(session, organisation, now=at("11-04 12:00"), by=COMMAND_LINE)
    assert points(session, "2026-10")["ana"][0] == 100
    assert corrections(session) == []
    assert list(verify(session, now=at("11-04 12:00"))) == []
    began = "id,2026-11-01T00:00-03:00,opportunity.won,O3,ana@example.com"
    hand_in(session, csv_of(began, began.replace("id", "id2").replace("O3", "O4")), now=at("11-04 12:00"))
    assert points(session, "2026-11")["ana"][0] == 100  # November began where October ended
    assert corrections(session) == []
    assert next_closing(session) == (
        "2026-11",
        datetime(2026, 12, 3, tzinfo=ZoneInfo(zone)),
    )
    close_all(session, at("12-04 00:00"))
    assert list(verify(session, now=at("12-04 00:00"))) == []


def test_p5_a_correction_survives_scoring_everything_again(world: Session) -> None:
    close_all(world, AFTER_OCTOBER)
    log(world, "10-07 17:00 lead.disposed ana subject=L3", now=at("11-04 12:00"))
    assert score_everything(world, now=at("11-04 12:00"), by=COMMAND_LINE) == 0
    assert points(world, "2026-11")["ana"][0] == 5
    assert list(verify(world, now=at("11-04 12:00"))) == []


def test_p5_a_correction_without_points_keeps_the_open_month_too(world: Session) -> None:
    """Ana gave L3 back in time, as is told late: October's miss was none, and November has nothing else."""
    close_all(world, AFTER_OCTOBER)
    log(world, "10-07 10:00 lead.assigned - subject=L3", now=at("11-04 12:00"))
    row = world.execute(select(CorrectionRow)).scalar_one()
    assert (row.level_before, row.level_after, row.month) == ("missed", "none", "2026-11")
    assert list(verify(world, now=at("11-04 12:00"))) == []
    assert score_everything(world, now=at("11-04 12:00"), by=COMMAND_LINE) == 0
    assert set(points(world, "2026-11")) == {"ana", "bia", "caio", "eva"}
    assert list(verify(world, now=at("11-04 12:00"))) == []


def test_p5_what_moves_out_of_a_closed_month_counts_in_the_open_one(world: Session) -> None:
    """L3 was in fact paused on the 7th and resumed in November: October's miss becomes November's success."""
    paused = SPEED.replace(
        'to = ["lead.disposed"]', 'to = ["lead.disposed"], pause = ["lead.paused"], resume = ["lead.resumed"]'
    )
    load_agreement(world, agreement(paused, WINS), now=at("10-31 13:00"), by=COMMAND_LINE)
    close_all(world, AFTER_OCTOBER)
    frozen = points(world, "2026-10")
    late = "10-07 10:00 lead.paused -\n11-04 09:00 lead.resumed -\n11-04 09:10 lead.disposed ana"
    log(world, "\n".join(f"{line} subject=L3" for line in late.splitlines()), now=at("11-04 12:00"))
    assert points(world, "2026-10") == frozen
    assert points(world, "2026-11")["ana"][:3] == (5, 1, 0)
    assert list(verify(world, now=at("11-04 12:00"))) == []


def test_m3_a_month_caught_up_says_what_it_would_have_said_then(world: Session) -> None:
    """Ana's lead is reopened on the 10th: October would have been closed on the 3rd, with its points."""
    log(
        world,
        "10-29 09:00 lead.assigned ana subject=L5\n10-29 09:10 lead.disposed ana subject=L5",
        now=at("10-31 13:00"),
    )
    log(world, "11-10 09:00 lead.reopened - subject=L5", now=at("11-10 10:00"))
    assert points(world, "2026-10")["ana"][0] == 10
    close_all(world, at("11-20 00:00"))
    assert points(world, "2026-10")["ana"] == (20, 0, 2, 2)
    assert corrections(world) == [("2026-11", "2026-10", -10)]
    assert world.execute(select(CorrectionRow.because)).scalar_one() == "void"
    assert list(verify(world, now=at("11-20 00:00"))) == []


def test_m3_no_month_is_closed_as_of_an_instant_before_that_of_an_older_one(session: Session) -> None:
    """October is closed after 60 days of grace, as of which a lead is void already; then there is no grace."""
    organisation = ORGANISATION.replace("[calendar]", "grace_hours = 1440\n[calendar]")
    speed = SPEED.replace('["lead.reopened"]', '["lead.reopened"], void_within = "50d"')
    set_up(session, agreement(speed), now=at("10-31 12:00"))
    load_organisation(session, organisation, now=at("10-31 12:00"), by=COMMAND_LINE)
    log(session, "10-29 09:00 lead.assigned ana\n10-29 09:10 lead.disposed ana", now=at("10-31 13:00"))
    log(session, "12-10 09:00 lead.reopened -", now=at("12-10 10:00"))
    close_all(session, at("12-31 00:00"))
    assert points(session, "2026-10")["ana"] == (0, 0, 0, 0)
    load_organisation(session, ORGANISATION, now=at("12-31 01:00"), by=COMMAND_LINE)
    close_all(session, at("12-31 01:00"))
    as_of = dict(session.execute(select(Closing.period, Closing.as_of)).all())
    assert as_of["2026-11"] == as_of["2026-10"] == at("12-31 00:00")
    assert corrections(session) == []
    assert list(verify(session, now=at("12-31 01:00"))) == []


def test_a_month_closed_by_hand_brings_the_older_ones_with_it(world: Session) -> None:
    closed = close_period(world, "2026-11", now=at("12-01 00:00"), by=COMMAND_LINE)
    assert [each.period for each in closed] == ["2026-10", "2026-11"]
    assert [each.as_of for each in closed] == [AFTER_OCTOBER, at("12-01 00:00")]


def test_a_period_cannot_be_closed_twice_early_or_where_nothing_happened(world: Session) -> None:
    close_period(world, "2026-10", now=at("11-05 12:00"), by=COMMAND_LINE)
    with pytest.raises(
        PeriodClosed, match=r"2026-10 is already closed \(2026-11-05 12:00, by the command line\); .*2026-11"
    ):
        close_period(world, "2026-10", now=at("11-06 00:00"), by=COMMAND_LINE)
    with pytest.raises(PeriodNotOver, match="2026-11 ends on 2026-12-01 at 00:00"):
        close_period(world, "2026-11", now=at("11-30 23:59"), by=COMMAND_LINE)
    with pytest.raises(Refused, match="Nothing has happened in 2026-09"):
        close_period(world, "2026-09", now=at("11-30 23:59"), by=COMMAND_LINE)


def test_nothing_is_closed_before_anything_is_agreed(session: Session) -> None:
    """History that came in first would be closed with nothing, and no agreement could be loaded for it any more."""
    load_organisation(session, ORGANISATION, now=at("10-31 12:00"), by=COMMAND_LINE)
    hand_in(session, csv_of("1,2026-10-05T09:00,lead.assigned,L1"), now=at("10-31 12:00"))
    assert next_closing(session) is None
    assert close_next(session, now=AFTER_OCTOBER, by=SCHEDULER) is None
    with pytest.raises(Refused, match="No agreement is loaded, so 2026-10"):
        close_period(session, "2026-10", now=AFTER_OCTOBER, by=COMMAND_LINE)
    load_agreement(session, agreement(SPEED, effective_from="2026-10-01"), now=AFTER_OCTOBER, by=COMMAND_LINE)
    assert close_all(session, AFTER_OCTOBER) == ["2026-10"]


def test_p5_people_loaded_after_a_close_change_nothing_about_who_competed(session: Session) -> None:
    """In October Ana had left, and Caio, and with him his team was empty; it is then said that they were there."""
    gone = ("ana@example.com,Ana,North,sales,2026-01-01,{},,", "caio@example.com,Caio,Leads,marketing,2026-01-01,{},,")
    bonuses = (bonus("rep", participant="member", period="month"), bonus("team", period="month"))
    set_up(session, agreement(SPEED, PIPELINE.replace("sales", "marketing"), *bonuses), now=at("10-31 12:00"))
    load_people(session, io.BytesIO(people_file(row.format("2026-09-01") for row in gone)), now=NOW, by=COMMAND_LINE)
    log(session, LEADS.strip() + "\n10-10 10:00 opportunity.won - subject=O9 team=Leads amount=2000.00")
    close_next(session, now=NOW, by=SCHEDULER)
    assert {team: row[0] for team, row in points(session, "2026-10", "team").items()} == {
        "Leads": 200,
        "North": 15,
        "South": 0,
    }
    assert proposed(session) == [("rep", 1, 1, "Bia", 100_000), ("team", 1, 1, "North", 100_000)]
    for back in ("", "2026-09-01"):
        load_people(session, io.BytesIO(people_file(row.format(back) for row in gone)), now=NOW, by=COMMAND_LINE)
        assert list(verify(session, now=NOW)) == []


@pytest.mark.databases("sqlite")  # its trigger is dropped; what is read is the same on both
def test_b3_a_share_that_is_given_to_somebody_else_in_all_awards_is_found_by_the_digest(session: Session) -> None:
    set_up(session, agreement(SPEED, bonus("team", period="month")), now=at("10-31 12:00"))
    log(session, LEADS, now=at("10-31 12:00"))
    close_all(session, AFTER_OCTOBER)
    session.execute(text("DROP TRIGGER award_share_no_update"))
    session.execute(text("UPDATE award_share SET member_id = 4, name = 'Eva' WHERE member_id = 1"))
    session.commit()
    assert list(verify(session, now=AFTER_OCTOBER)) == [
        "closing of 2026-10: its standings or shares are not those that it was closed with."
    ]


def test_an_agreement_on_which_a_closed_month_rests_cannot_be_replaced(world: Session) -> None:
    close_all(world, AFTER_OCTOBER)
    load_agreement(
        world, agreement(SPEED, WINS), now=at("11-04 12:00"), by=COMMAND_LINE
    )  # the same again changes nothing
    with pytest.raises(AgreementRefused, match=r"2026-10 is closed .* from 2026-11-01 on"):
        load_agreement(world, agreement(SPEED), now=at("11-04 12:00"), by=COMMAND_LINE)
    with pytest.raises(AgreementRefused, match="2026-10 is closed"):
        load_agreement(world, agreement(SPEED, effective_from="2026-10-01"), now=at("11-04 12:00"), by=COMMAND_LINE)
    load_agreement(world, agreement(SPEED, effective_from="2026-11-01"), now=at("11-04 12:00"), by=COMMAND_LINE)
    assert list(verify(world, now=at("11-04 12:00"))) == []


def test_scoring_as_of_an_instant_before_a_close_is_refused(world: Session) -> None:
    close_all(world, AFTER_OCTOBER)
    with pytest.raises(Refused, match="as of which 2026-10 was closed"):
        score_everything(world, now=AFTER_OCTOBER - timedelta(seconds=1), by=COMMAND_LINE)
    score_everything(world, now=AFTER_OCTOBER, by=COMMAND_LINE)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE total SET points = 99 WHERE period = '2026-10'",
        "DELETE FROM total WHERE period = '2026-10'",
        "UPDATE total SET period = '2026-10' WHERE period = '2026-Q4'",
        "INSERT INTO total SELECT '2026-10', 'member', 99, side, team_id, name, sort_key, 1, 0, 0, 0, 0 FROM total",
        "UPDATE closing SET digest = ''",
        "DELETE FROM closing",
    ],
)
def test_p5_the_database_refuses_to_change_what_is_closed(world: Session, statement: str) -> None:
    close_all(world, AFTER_OCTOBER)
    world.rollback()
    with pytest.raises(DBAPIError, match=r"the period is closed|closing is append-only"):
        world.execute(text(statement))
    world.rollback()


def test_a_quiet_month_is_closed_with_everybody_at_nothing(world: Session) -> None:
    close_all(world, at("12-03 00:00"))
    assert points(world, "2026-11")["ana"] == (0, 0, 0, 1)  # the promise of wins was not kept
    assert score_due(world, now=at("12-03 00:00")) == 0
    assert list(verify(world, now=at("12-03 00:00"))) == []
