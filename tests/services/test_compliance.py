"""Compliance: every figure is what the attainments behind it come to, and leads to them."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import product

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.compliance import Counts
from leaderboard.domain.periods import parse_period
from leaderboard.services.closing import close_next
from leaderboard.services.comparing import compare
from leaderboard.services.compliance import read_compliance
from leaderboard.services.compliance_people import read_people
from leaderboard.services.compliance_sla import read_sla
from leaderboard.services.figures import Asked
from leaderboard.services.leads import read_leads
from leaderboard.services.scopes import EVERYTHING, Scope
from leaderboard.storage.tables import AttainmentRow, Member, Team
from tests.factories import ids_of
from tests.services.examples import NOW, ON_TIME, PIPELINE, SPEED, TRAINING, WINS, agreement, csv_of, hand_in, set_up

OCTOBER, NOVEMBER, QUARTER = map(parse_period, ("2026-10", "2026-11", "2026-Q4"))
LEVELS = ("met", "exceeded", "missed")


@pytest.fixture
def ours(session):
    """Leads, tasks and wins of Ana (North) and Bia (North, and from 15 October South) in October and November."""
    set_up(session, agreement(SPEED, WINS, PIPELINE, ON_TIME, TRAINING))
    lines = []
    for day in range(1, 26):
        for name, hours in (("ana", day % 5 * 3), ("bia", day % 3 * 7)):
            for month in (10, 11):
                lead = f"{name}-{month}-{day}"
                start = datetime(2026, month, day, 13, tzinfo=UTC)
                lines.append(f"a-{lead},{start.isoformat()},lead.assigned,{lead},{name}@example.com")
                if day % 7:
                    end = start + timedelta(hours=hours, minutes=20)
                    lines.append(f"d-{lead},{end.isoformat()},lead.disposed,{lead},{name}@example.com")
    for number in range(3):
        won = f"2026-10-0{5 + number}T15:00:00Z,opportunity.won,deal-{number},ana@example.com,,,400.00"
        lines.append(f"w-{number},{won}")
    lines.append("t-1,2026-11-02T15:00:00Z,task.assigned,course,eva@example.com,,,,,2026-11-10T15:00:00Z")
    hand_in(session, csv_of(*lines))
    return session


def counted(rows):
    """Return how often rows of attainments are of each level."""
    levels = Counter(row["level"] for row in rows)
    return Counts(*(levels[level] for level in LEVELS))


def decided(session, period):
    columns = [getattr(AttainmentRow, name) for name in ("sla", "scope", "subject", "level", "value")]
    months = [str(month) for month in period.months]
    query = select(*columns, Member.name.label("participant"), Team.name.label("team"))
    query = query.outerjoin(Team, Team.id == AttainmentRow.team_id).outerjoin(
        Member, (Member.id == AttainmentRow.participant_id) & (AttainmentRow.scope == "member")
    )
    rows = session.execute(query.where(AttainmentRow.month.in_(months), AttainmentRow.level.in_(LEVELS)))
    return [dict(row) for row in rows.mappings()]


@pytest.mark.parametrize("period", [OCTOBER, QUARTER])
def test_every_figure_is_what_the_attainments_come_to(ours, period):
    rows = decided(ours, period)
    page = read_compliance(ours, Asked(period), EVERYTHING, now=NOW, is_whole=True)
    assert page.total.counts == counted(rows)
    assert page.total.counts.missed > 5
    assert {each.sla: each.counts for each in page.slas} == {
        sla: counted(row for row in rows if row["sla"] == sla) for sla in {row["sla"] for row in rows}
    }
    assert {each.name: each.counts for each in page.teams} == {
        team: counted(row for row in rows if row["team"] == team) for team in {row["team"] for row in rows}
    }
    theirs = [row for row in rows if row["scope"] == "member"]
    places = {(row["participant"], row["team"]) for row in theirs}
    assert {(each.name, each.team): each.counts for each in page.people} == {
        place: counted(row for row in theirs if (row["participant"], row["team"]) == place) for place in places
    }
    assert page.people_count == len(places)
    assert [each.counts.missed for each in page.slas] == sorted((e.counts.missed for e in page.slas), reverse=True)
    assert page.worst[0].counts.missed == max(each.counts.missed for each in page.worst)


def test_a_shortfall_costs_what_it_would_have_earned(ours):
    page = read_compliance(ours, Asked(OCTOBER), EVERYTHING, now=NOW)
    points = {"speed": 5, "wins": 100, "pipeline": 200, "on-time": 50, "training": 30}
    assert {each.sla: each.cost for each in page.slas} == {
        each.sla: points[each.sla] * each.counts.missed for each in page.slas
    }
    assert page.total.cost == sum(each.cost for each in page.slas)
    assert sum(each.cost for each in page.people) == sum(
        each.cost
        for each in page.slas
        if each.sla != "pipeline"  # that is the teams' own
    )
    assert page.worst[0].cost == points[page.worst[0].sla] * page.worst[0].counts.missed


def test_the_course_has_twelve_months_and_the_change_is_against_the_period_before(ours):
    page = read_compliance(ours, Asked(NOVEMBER), EVERYTHING, now=NOW)
    assert (page.months[0], page.months[-1], len(page.months)) == ("2025-12", "2026-11", 12)
    assert page.total.course[-1] == page.total.counts == counted(decided(ours, NOVEMBER))
    assert page.total.before == page.total.course[-2] == counted(decided(ours, OCTOBER))
    quarter = read_compliance(ours, Asked(QUARTER), EVERYTHING, now=NOW)
    assert quarter.months[-1] == "2026-12"  # the present one
    assert quarter.total.before == Counts()
    assert quarter.total.change is None


def test_one_side_one_team_or_one_sla_alone(ours):
    teams = ids_of(ours, Team)
    rows = decided(ours, OCTOBER)
    north = read_compliance(ours, Asked(OCTOBER, team_id=teams["North"]), EVERYTHING, now=NOW)
    assert north.total.counts == counted(row for row in rows if row["team"] == "North")
    assert [each.name for each in north.teams] == ["North"]
    speed = read_compliance(ours, Asked(OCTOBER, sla="speed"), EVERYTHING, now=NOW)
    assert speed.total.counts == counted(row for row in rows if row["sla"] == "speed")
    assert read_compliance(ours, Asked(OCTOBER, side="marketing"), EVERYTHING, now=NOW).total.counts == Counts()


def test_a_manager_sees_what_their_own_teams_were_credited_with_also_of_one_who_left(ours):
    teams = ids_of(ours, Team)
    scope = Scope(is_all=False, team_ids=frozenset({teams["South"]}))
    theirs = [row for row in decided(ours, OCTOBER) if row["team"] == "South"]
    page = read_compliance(ours, Asked(OCTOBER), scope, now=NOW)
    assert page.total.counts == counted(theirs)
    assert [each.name for each in page.teams] == ["South"]
    assert {each.team for each in page.people} == {"South"}
    assert read_people(ours, Asked(OCTOBER), scope, now=NOW).count == page.people_count
    found = read_leads(ours, Asked(OCTOBER), scope, page_size=500)
    assert found.count == len(found.leads) == len(theirs)
    assert {lead.team for lead in found.leads} == {"South"}
    other = read_compliance(ours, Asked(OCTOBER, team_id=teams["North"]), scope, now=NOW)
    assert other.total.counts == Counts()


def test_people_by_sla_a_page_at_a_time(ours):
    whole = read_people(ours, Asked(QUARTER), EVERYTHING, now=NOW)
    pages = [read_people(ours, Asked(QUARTER), EVERYTHING, page, now=NOW, page_size=2) for page in (1, 2, 9)]
    assert [each.page for each in pages] == [1, 2, whole.count // 2 + whole.count % 2]
    assert [*pages[0].people, *pages[1].people][: whole.count] == list(whole.people)
    for each in whole.people:
        cells = [whole.cells.get((each.member_id, each.team_id or 0, key), Counts()) for key, _title in whole.slas]
        total = Counts()
        for cell in cells:
            total = total.plus(cell)
        assert total == each.counts
    assert "pipeline" not in dict(whole.slas)  # a promise of teams


def test_a_figure_leads_to_just_what_it_counts_a_page_at_a_time(ours):
    every = decided(ours, QUARTER)
    levels = {None: LEVELS, "missed": ("missed",), "kept": ("met", "exceeded")}
    for sla, level in product((None, "speed", "on-time", "pipeline"), levels):
        found, after = [], None
        rows = [row for row in every if row["level"] in levels[level] and sla in (None, row["sla"])]
        for _page in range(20):
            page = read_leads(ours, Asked(QUARTER, sla=sla), EVERYTHING, level=level, after=after, page_size=17)
            assert page.count == len(rows)
            found += page.leads
            after = page.after
            if after is None:
                break
            assert len(page.leads) == 17
        assert after is None
        assert len({lead.id for lead in found}) == len(found)
        assert sorted((lead.sla.key, lead.subject, lead.level, lead.team) for lead in found) == sorted(
            (row["sla"], row["subject"], row["level"], row["team"]) for row in rows
        )


def test_the_leads_of_one_member_are_theirs_alone(ours):
    page = read_leads(ours, Asked(OCTOBER), EVERYTHING, member_id=ids_of(ours)["bia"], level="missed")
    assert {lead.name for lead in page.leads} == {"Bia"}
    assert {lead.team for lead in page.leads} == {"North", "South"}
    assert page.count == len(page.leads) > 2


def test_an_sla_tells_how_long_it_took_and_its_monthly_results_in_their_own_units(ours):
    speed = read_sla(ours, Asked(OCTOBER, sla="speed"), EVERYTHING, now=NOW)
    rows = [row for row in decided(ours, OCTOBER) if row["sla"] == "speed"]
    values = sorted(row["value"] for row in rows if row["value"] is not None)
    assert speed.times.never == len(rows) - len(values) > 0
    assert sum(each.decided for each in speed.times.bands.values()) == len(values)
    values = [value / 1_000_000 for value in values]
    exact = values[-(-len(rows) // 2) - 1]
    assert exact <= speed.times.median <= max(1, exact * 1.0906)
    assert speed.results == ()
    wins = read_sla(ours, Asked(OCTOBER, sla="wins"), EVERYTHING, now=NOW)
    assert wins.times is None
    assert [(each.lead.name, each.lead.value, each.targets.met) for each in wins.results] == [
        ("Bia", 0, 2),
        ("Eva", 0, 1),  # who came on the 19th: half of the target, rounded up (K5)
        ("Ana", 3, 2),
    ]
    revenue = read_sla(ours, Asked(OCTOBER, sla="pipeline"), EVERYTHING, now=NOW)
    assert [(each.lead.name, each.lead.value) for each in revenue.results][-1] == ("North", 120_000)


def test_two_periods_stand_side_by_side_those_that_fell_most_first(ours):
    found = compare(ours, Asked(NOVEMBER), OCTOBER, EVERYTHING, now=NOW)
    assert (found.total.first, found.total.second) == tuple(
        counted(decided(ours, each)) for each in (OCTOBER, NOVEMBER)
    )
    assert {pair.place[0] for pair in found.slas} == {"speed", "wins", "pipeline", "on-time", "training"}
    for pairs in (found.slas, found.teams, found.people):
        changes = [pair.change for pair in pairs if pair.change is not None]
        assert changes == sorted(changes)
    bia = {pair.team: pair for pair in found.people if pair.name == "Bia"}
    assert bia["North"].second == Counts()
    assert bia["North"].change is None
    assert bia["South"].second == counted(
        row for row in decided(ours, NOVEMBER) if row["participant"] == "Bia" and row["team"] == "South"
    )
    same = compare(ours, Asked(OCTOBER), OCTOBER, EVERYTHING, now=NOW)
    assert same.total.first == same.total.second
    assert same.total.change == 0


def test_p5_what_comes_in_after_a_close_is_counted_and_the_period_says_that_it_is_closed(ours):
    while close_next(ours, now=NOW, by=COMMAND_LINE) is not None:
        pass
    before = read_compliance(ours, Asked(OCTOBER), EVERYTHING, now=NOW)
    assert before.state.is_closed
    late = (
        "2026-10-06T13:00:00Z,lead.assigned,late,ana@example.com",
        "2026-10-06T13:10:00Z,lead.disposed,late,ana@example.com",
    )
    hand_in(ours, csv_of(*(f"late-{number},{line}" for number, line in enumerate(late))))
    after = read_compliance(ours, Asked(OCTOBER), EVERYTHING, now=NOW)
    assert after.total.counts.exceeded == before.total.counts.exceeded + 1
    assert (after.state.previous, after.state.next) == (None, "2026-11")  # nothing happened before


def test_shares_of_nothing_are_none(session):
    set_up(session)
    page = read_compliance(session, Asked(OCTOBER), EVERYTHING, now=NOW)
    assert page.total.counts.share is None
    assert (page.slas, page.teams, page.people, page.worst, page.people_count) == ((), (), (), (), 0)
    assert read_leads(session, Asked(OCTOBER), EVERYTHING).leads == ()
    sla = read_sla(session, Asked(OCTOBER, sla="speed"), EVERYTHING, now=NOW)
    assert (sla.times.median, sla.times.bands) == (None, {})
    assert Fraction(0) == Counts(0, 0, 1).share
