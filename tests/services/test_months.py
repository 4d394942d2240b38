"""Which months have standings must not depend on how events were cut into files (S2, K1, P2)."""

from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.scoring import score_everything
from leaderboard.services.verifying import verify
from leaderboard.storage.tables import PeriodRow
from tests.factories import at
from tests.services.examples import NOW, WINS, agreement, attained, log, set_up, sla

BY_NIGHT = 'kind = "response_time", from = ["lead.assigned"], to = ["lead.disposed"], clock = "elapsed"'
NIGHT = sla("night", BY_NIGHT, 'met = "12h"')


def months_of(session):
    return sorted(session.execute(select(PeriodRow.key).where(PeriodRow.kind == "month")).scalars())


def test_p2_a_month_that_loses_its_only_attainment_to_a_late_event_has_no_standings(session):
    set_up(session, agreement(NIGHT, WINS))
    log(session, "01-31 20:00 lead.assigned ana")  # missed on 1 February
    assert months_of(session) == ["2026-01", "2026-02"]
    assert attained(session, "2026-02", "wins")
    log(session, "01-31 21:00 lead.disposed ana")
    assert months_of(session) == ["2026-01"]
    assert attained(session, "2026-02", "wins") == []
    assert list(verify(session, now=NOW)) == []


def test_p2_a_month_with_an_event_keeps_its_standings_whatever_it_loses(session):
    set_up(session, agreement(NIGHT, WINS))
    log(session, "01-31 20:00 lead.assigned ana\n02-10 10:00 lead.received - subject=L2")
    before = attained(session, "2026-02", "wins")
    log(session, "01-31 21:00 lead.disposed ana")
    assert months_of(session) == ["2026-01", "2026-02"]
    assert attained(session, "2026-02", "wins") == before != []
    assert list(verify(session, now=NOW)) == []


def test_p2_an_event_in_a_month_that_only_had_an_attainment_keeps_it_open(session):
    set_up(session, agreement(NIGHT, WINS))
    log(session, "01-31 20:00 lead.assigned ana")
    log(session, "02-10 10:00 lead.received - subject=L2")
    log(session, "01-31 21:00 lead.disposed ana")
    assert months_of(session) == ["2026-01", "2026-02"]
    assert list(verify(session, now=NOW)) == []


def test_scoring_as_of_an_instant_leaves_no_standings_of_later_months(session):
    set_up(session, agreement(NIGHT, WINS))
    log(session, "01-20 20:00 lead.assigned ana\n03-10 10:00 opportunity.won ana subject=L2")
    score_everything(session, now=at("02-10 12:00"), by=COMMAND_LINE)
    assert months_of(session) == ["2026-01"]
    assert attained(session, "2026-03", "wins") == []
    score_everything(session, now=NOW, by=COMMAND_LINE)
    assert months_of(session) == ["2026-01", "2026-03"]


def test_after_scoring_as_of_an_instant_a_month_whose_events_lie_beyond_it_can_lose_its_standings(session):
    set_up(session, agreement(NIGHT, WINS))
    log(session, "01-31 20:00 lead.assigned ana\n02-10 10:00 lead.received - subject=L2")
    early = at("02-05 12:00")
    score_everything(session, now=early, by=COMMAND_LINE)
    log(session, "01-31 21:00 lead.disposed ana", now=early)
    assert list(verify(session, now=early)) == []
    assert months_of(session) == ["2026-01"]
    score_everything(session, now=NOW, by=COMMAND_LINE)
    assert months_of(session) == ["2026-01", "2026-02"]


def test_after_scoring_everything_a_month_with_an_event_keeps_its_standings_whatever_it_loses(session):
    set_up(session, agreement(NIGHT, WINS))
    log(session, "01-31 20:00 lead.assigned ana\n02-10 10:00 lead.received - subject=L2")
    score_everything(session, now=at("02-05 12:00"), by=COMMAND_LINE)
    score_everything(session, now=NOW, by=COMMAND_LINE)
    log(session, "01-31 21:00 lead.disposed ana")
    assert months_of(session) == ["2026-01", "2026-02"]
    assert list(verify(session, now=NOW)) == []
