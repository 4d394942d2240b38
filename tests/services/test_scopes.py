"""Which teams somebody may look into, and that lists are those of their teams before they are paged."""

import pytest

from leaderboard.domain.errors import AdjustmentRefused
from leaderboard.domain.periods import parse_period
from leaderboard.services.adjusting import adjust, list_adjustments, proposed_members
from leaderboard.services.awards import AwardQuery, count_proposed, read_awards, read_chosen_awards
from leaderboard.services.corrections import list_corrections
from leaderboard.services.rules import rule_book
from leaderboard.services.scopes import EVERYTHING, NOTHING, Reach, Scope, reach_of, scope_of
from leaderboard.storage import accounts
from leaderboard.storage.tables import Team
from tests.factories import ids_of
from tests.services.bonus_examples import BEST_REP, CLOSED_AT, TEAM_WIN, account, award_id, close, sold
from tests.services.examples import NOW, set_up
from tests.web import worlds


def only(session, *teams):
    """Return the scope of some teams."""
    return Scope(is_all=False, team_ids=frozenset(ids_of(session, Team)[each] for each in teams))


@pytest.mark.parametrize(
    ("role", "teams_seen", "member_id", "reach"),
    [
        ("rep", "all", 1, Reach.NONE),
        ("admin", "own", 1, Reach.ALL),
        ("manager", None, 1, Reach.OWN),
        ("manager", None, None, Reach.ALL),
        ("manager", "own", None, Reach.OWN),
        ("manager", "all", 1, Reach.ALL),
    ],
)
def test_managers_see_their_own_teams_and_administrators_all(role, teams_seen, member_id, reach):
    assert reach_of(role, teams_seen, member_id) is reach


def test_a_managers_teams_are_where_they_belong_today_and_what_an_administrator_gave_them(session):
    set_up(session)
    bia, teams = account(session, "bia"), ids_of(session, Team)  # in North until 15 October, then in South
    assert scope_of(session, bia.user_id, now=NOW) == only(session, "South")
    assert scope_of(session, bia.user_id, now=NOW.replace(month=10, day=1)) == only(session, "North")
    accounts.give_teams(session.connection(), bia.user_id, "own", [teams["Leads"]])
    assert scope_of(session, bia.user_id, now=NOW) == only(session, "South", "Leads")
    accounts.give_teams(session.connection(), bia.user_id, "all", [])
    assert scope_of(session, bia.user_id, now=NOW) is EVERYTHING
    accounts.set_active(session.connection(), bia.user_id, False)
    assert scope_of(session, bia.user_id, now=NOW) is NOTHING


def test_all_of_a_member_is_seen_in_a_month_by_their_last_team_and_in_a_quarter_by_the_team_of_each_month(session):
    set_up(session)
    rules, bia, south = rule_book(session.connection()).rules, ids_of(session)["bia"], only(session, "South")
    periods = ("2026-09", "2026-10", "2026-11", "2026-Q3", "2026-Q4", "2027-Q1")
    seen = [south.sees_member(rules, bia, parse_period(each)) for each in periods]
    assert seen == [False, True, True, False, True, True]
    assert only(session, "North").sees_member(rules, bia, parse_period("2026-Q3"))
    assert not NOTHING.sees_member(rules, bia, parse_period("2026-10"))
    assert (EVERYTHING.teams, EVERYTHING.sees_team(None), south.sees_team(None)) == (None, True, False)


def test_b4_awards_counts_and_periods_are_those_of_the_teams_before_they_are_paged(session):
    sold(session, TEAM_WIN, BEST_REP)
    close(session)
    north, leads = only(session, "North"), only(session, "Leads")
    page = read_awards(session, AwardQuery(), within=north, page_size=1)
    names = [read_awards(session, AwardQuery(page=n), within=north, page_size=1).awards[0].name for n in (1, 2)]
    assert (page.pages, page.counts["proposed"], names) == (2, 2, ["North", "Ana"])
    assert {each.team_id for each in page.awards} == north.team_ids
    nothing = read_awards(session, AwardQuery(), within=leads)
    assert (nothing.awards, nothing.periods, sum(nothing.counts.values())) == ([], [], 0)
    assert [count_proposed(session, within=each) for each in (north, leads, EVERYTHING)] == [2, 0, 3]
    of_south = award_id(session, "team-win", "South")
    assert read_chosen_awards(session, [of_south], within=north) == []
    assert len(read_chosen_awards(session, [of_south], within=only(session, "South"))) == 1


def test_p7_points_are_given_by_hand_to_members_of_the_teams_alone(session):
    sold(session)
    ids, north, dora = ids_of(session), only(session, "North"), account(session, "dora")
    month = "2026-12"
    adjust(session, ids["ana"], 5, "Helped", month, by=dora, now=CLOSED_AT, within=north)
    for name in ("bia", "caio"):
        with pytest.raises(AdjustmentRefused, match="no such member in a team that you answer for"):
            adjust(session, ids[name], 5, "Helped", month, by=dora, now=CLOSED_AT, within=north)
    adjust(session, ids["bia"], 5, "Helped", month, by=dora, now=CLOSED_AT)
    assert [each.name for each in list_adjustments(session, within=north, page_size=1)[0]] == ["Ana"]
    assert [name for _, name in proposed_members(session, now=NOW, within=north)] == ["Ana"]


def test_p5_corrections_are_those_of_the_teams_that_were_credited_before_or_after(session):
    worlds.build(session)
    worlds.close_october(session)
    for name in ("ana", "caio"):
        worlds.hand_in_late(session, name, lead=f"late-{name}")
    found = {
        team: [each.subject for each in list_corrections(session, within=only(session, team)).corrections]
        for team in ("North", "South", "Leads")
    }
    assert found == {"North": ["late-ana"], "South": ["late-caio"], "Leads": []}
