"""The report of a month: the figures of its teams, the standings that it was closed with, and who is told of it."""

from datetime import UTC, datetime

import pytest

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.periods import parse_period
from leaderboard.services.closing import close_next
from leaderboard.services.figures import Asked
from leaderboard.services.monthly_report import monthly_report
from leaderboard.services.scopes import EVERYTHING, Scope
from leaderboard.storage.tables import Team
from tests.factories import ids_of
from tests.services.examples import SPEED, agreement, log, set_up

OCTOBER = parse_period("2026-10")
NOW = datetime(2026, 11, 18, 15, tzinfo=UTC)


@pytest.fixture
def ours(session):
    set_up(session, agreement(SPEED), now=NOW)
    log(
        session,
        """
        10-20 10:00 lead.assigned ana subject=a1
        10-20 10:10 lead.disposed ana subject=a1
        10-21 10:00 lead.assigned ana subject=a2
        10-21 15:00 lead.disposed ana subject=a2
        10-22 10:00 lead.assigned bia subject=b1
        10-22 10:20 lead.disposed bia subject=b1
        10-20 10:00 lead.assigned eva subject=e1
        10-26 10:00 lead.disposed eva subject=e1
        """,
        now=NOW,
    )
    return session


def close(session):
    while close_next(session, now=NOW, by=COMMAND_LINE) is not None:
        pass


def test_it_says_how_the_month_went_who_was_best_and_who_fell_short(ours):
    report = monthly_report(ours, Asked(OCTOBER), EVERYTHING, now=NOW)
    assert tuple(report.figures.total.counts) == (1, 2, 1)
    assert [(place.rank, place.name, place.points) for place in report.teams] == [
        (1, "North", 15),
        (2, "South", 10),
        (3, "Leads", 0),
    ]
    assert [(place.rank, place.name, place.team) for place in report.best] == [(1, "Ana", "North"), (2, "Bia", "South")]
    assert (report.strongest.name, report.weakest.name) == ("North", "South")
    assert [(each.name, each.counts.missed) for each in report.figures.worst] == [("Eva", 1)]
    assert (report.closed_at, report.late) == (None, 0)
    assert report.figures.state.is_over


def test_p5_once_closed_its_standings_stay_and_what_came_in_later_is_told(ours):
    close(ours)
    log(ours, "10-27 10:00 lead.assigned eva subject=e2\n10-27 10:10 lead.disposed eva subject=e2", now=NOW)
    report = monthly_report(ours, Asked(OCTOBER), EVERYTHING, now=NOW)
    assert (report.closed_at, report.closed_by) == (NOW, COMMAND_LINE.name)
    assert [(place.name, place.points, place.counts.decided) for place in report.teams[:2]] == [
        ("North", 15, 2),
        ("South", 10, 2),
    ]
    assert report.figures.total.counts.decided == 5
    assert report.late == 1


def test_a_manager_reports_on_their_own_teams_with_their_ranks_among_all(ours):
    south = ids_of(ours, Team)["South"]
    for scope, team_id in ((Scope(is_all=False, team_ids=frozenset({south})), None), (EVERYTHING, south)):
        report = monthly_report(ours, Asked(OCTOBER, team_id=team_id), scope, now=NOW)
        assert [(place.rank, place.name) for place in report.teams] == [(2, "South")]
        assert [(place.rank, place.name) for place in report.best] == [(2, "Bia")]
        assert tuple(report.figures.total.counts) == (0, 1, 1)
        assert report.strongest is None  # one team alone is neither the best nor the last


def test_a_month_without_anything_has_a_report_that_says_so(ours):
    report = monthly_report(ours, Asked(parse_period("2026-09")), EVERYTHING, now=NOW)
    assert report.figures.total.counts.share is None
    assert (report.teams, report.best) == ((), ())
