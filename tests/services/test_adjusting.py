"""Points given by hand: with a reason, in an open month, taken back at most once (P7)."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE, Actor
from leaderboard.domain.errors import AdjustmentRefused, PeriodRefused
from leaderboard.services.adjusting import (
    LONGEST_REASON,
    MOST_POINTS,
    adjust,
    adjustments_of,
    list_adjustments,
    open_months,
    take_back,
)
from leaderboard.services.boards import standings
from leaderboard.services.closing import close_next
from leaderboard.services.scoring import score_everything
from leaderboard.services.trail import TrailQuery, search_trail
from leaderboard.services.verifying import verify
from leaderboard.storage.people import rules_version
from leaderboard.storage.tables import OrganisationRow, PeriodRow, PointEntry, Total
from leaderboard.storage.trail_tables import AdjustmentRow
from tests.factories import fresh_engine, ids_of
from tests.services.examples import SPEED, agreement, csv_of, entries, hand_in, ledger, log, set_up
from tests.services.recorders import at_once

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
DORA = Actor("dora@example.com", None, 99)
ANA, BIA = "ana@example.com", "bia@example.com"
LEAD = "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana"


@pytest.fixture
def world(session: Session) -> Session:
    """October has standings: Ana has 10 points."""
    set_up(session, agreement(SPEED), now=NOW)
    log(session, LEAD, now=NOW)
    return session


def give(session, who="ana", points=50, reason="Helped two colleagues", month="2026-10", by=DORA, now=NOW):
    return adjust(session, ids_of(session)[who], points, reason, month, by=by, now=now)


def problem_of(call, *arguments, **words):
    with pytest.raises(AdjustmentRefused) as refused:
        call(*arguments, **words)
    return refused.value.problem


def points(session, period, scope="member"):
    return {each.key: each.points for each in standings(session, period, scope) if each.points}


def close_october(session):
    closed = close_next(session, now=NOW, by=COMMAND_LINE)
    while closed is not None and closed.period != "2026-10":
        closed = close_next(session, now=NOW, by=COMMAND_LINE)
    assert closed is not None


def test_p7_points_go_to_the_member_and_their_team_in_month_and_quarter(world):
    made = give(world, "bia", 50)
    assert (made.name, made.month, made.points, made.made_by, made.is_open) == ("Bia", "2026-10", 50, DORA.name, True)
    for period in ("2026-10", "2026-Q4"):
        assert points(world, period) == {ANA: 10, BIA: 50}
        assert points(world, period, "team") == {"North": 10, "South": 50}  # where Bia was last in October
    assert entries(world)[-1] == (BIA, "South", "2026-10", 50, "adjustment")
    assert list(verify(world, now=NOW)) == []
    score_everything(world, now=NOW, by=COMMAND_LINE)
    assert points(world, "2026-10") == {ANA: 10, BIA: 50}


def test_p7_it_is_listed_with_its_reason_and_noted_in_the_audit_trail(world):
    made = give(world, reason="  Helped two colleagues ")
    taken = take_back(world, made.id, "It was Bia who helped", by=DORA, now=NOW + timedelta(hours=1))
    assert list_adjustments(world) == ([taken], None)
    assert adjustments_of(world, made.member_id, []) == []
    assert (taken.reason, taken.taken_back_by, taken.taken_back_because) == (
        "Helped two colleagues",
        DORA.name,
        "It was Bia who helped",
    )
    assert (taken.taken_back_at, taken.made_at) == (NOW + timedelta(hours=1), NOW)
    gone, given = search_trail(world, TrailQuery(action="adjustment")).entries
    about = f"member {ANA}"
    assert (given.action, given.about, given.after, given.why) == (
        "adjustment.made",
        about,
        "2026-10: +50",
        "Helped two colleagues",
    )
    assert (gone.action, gone.about, gone.before) == ("adjustment.taken-back", about, "2026-10: +50")


def test_p1_taking_back_is_the_exact_reversal_where_the_points_went_and_only_once(world):
    made = give(world, "bia")
    take_back(world, made.id, "A mistake", by=DORA, now=NOW)
    assert ledger(world) == {(ANA, "North", "2026-10"): 10}
    assert entries(world)[-1] == (BIA, "South", "2026-10", -50, "reversed")
    assert points(world, "2026-Q4", "team") == {"North": 10}
    assert problem_of(take_back, world, made.id, "A mistake", by=DORA, now=NOW) == "gone"
    reversal = world.scalar(select(AdjustmentRow.id).where(AdjustmentRow.takes_back == made.id))
    for missing in (made.id + 999, reversal):
        assert problem_of(take_back, world, missing, "A mistake", by=DORA, now=NOW) == "missing"
    assert list(verify(world, now=NOW)) == []


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"points": 0}, "points"),
        ({"points": -5}, "points"),
        ({"points": MOST_POINTS + 1}, "points"),
        ({"reason": "  ok  "}, "reason"),
        ({"reason": "x" * (LONGEST_REASON + 1)}, "reason"),
        ({"reason": "two\nlines"}, "reason"),
        ({"by": None}, "self"),
        ({"month": "2026-Q4"}, "month"),
        ({"month": "2026-12"}, "future"),
        ({"month": "2026-09"}, "early"),
        ({"who": "eva", "now": datetime(2026, 10, 2, tzinfo=UTC), "month": "2026-11"}, "future"),
    ],
)
def test_p7_what_cannot_be_given_is_refused_and_changes_nothing(world, changes, problem):
    if "by" in changes:
        changes = {"by": Actor(ANA, None, ids_of(world)["ana"])}
    assert problem_of(give, world, **changes) == problem
    world.rollback()
    assert (points(world, "2026-10"), list_adjustments(world)) == ({ANA: 10}, ([], None))


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(("points_given", "reason"), [(1, "abc"), (MOST_POINTS, "x" * LONGEST_REASON)])
def test_p7_the_limits_themselves_are_allowed(world, points_given, reason):
    assert give(world, "bia", points_given, reason).points == points_given


def test_p7_only_a_period_that_is_open_takes_points_or_gives_them_back(world):
    made = give(world)
    close_october(world)
    assert problem_of(give, world, "bia") == "closed"
    assert problem_of(take_back, world, made.id, "Too late", by=DORA, now=NOW) == "closed"
    assert points(world, "2026-10") == {ANA: 60}
    assert list_adjustments(world)[0][0].is_open is False
    assert open_months(world, now=NOW) == ["2026-11"]
    assert list(verify(world, now=NOW)) == []


def test_p7_only_members_who_are_active_then_get_points(world):
    log(world, LEAD.replace("10-05", "09-07").replace("lead.", "x.lead."), now=NOW)  # September has standings now
    assert problem_of(give, world, "eva", month="2026-09") == "inactive"  # she joins in October
    assert problem_of(adjust, world, 999_999, 5, "Who is it", "2026-10", by=DORA, now=NOW) == "member"
    with pytest.raises(PeriodRefused):
        give(world, month="October")


def test_a_month_in_which_nothing_happened_yet_gets_standings_by_it_and_keeps_them(world):
    before = rules_version(world.connection())
    give(world, "bia", month="2026-11")
    assert points(world, "2026-11") == {BIA: 50}
    assert "2026-11" in world.scalars(select(PeriodRow.key)).all()
    assert rules_version(world.connection()) > before
    assert [each.key for each in standings(world, "2026-11", "team")] == ["South", "Leads", "North"]
    score_everything(world, now=NOW, by=COMMAND_LINE)
    assert points(world, "2026-11") == {BIA: 50}
    assert list(verify(world, now=NOW)) == []


def test_p7_a_mistyped_year_offers_no_month_before_anything_was_agreed(world):
    hand_in(world, csv_of(f"old,1987-05-05T09:00,lead.assigned,OLD,{ANA}"), now=NOW)
    assert open_months(world, now=NOW) == ["2026-11", "2026-10"]


def test_before_anything_happened_the_present_month_is_open(session):
    set_up(session, agreement(SPEED), now=NOW)
    assert open_months(session, now=NOW) == ["2026-11"]
    assert problem_of(give, session, month="2026-10") == "early"
    give(session, month="2026-11")
    assert points(session, "2026-11") == {ANA: 50}
    assert list(verify(session, now=NOW)) == []


def test_of_two_who_take_back_at_once_one_does(world, database_url):
    made = give(world)
    engine = fresh_engine(database_url)
    world.rollback()

    def take(session):
        try:
            return take_back(session, made.id, "A mistake", by=DORA, now=NOW).id
        except AdjustmentRefused as refused:
            return refused.problem

    found = at_once(engine, take, take)
    engine.dispose()
    assert sorted(map(str, found)) == sorted([str(made.id), "gone"])
    assert points(world, "2026-10") == {ANA: 10}


def test_the_same_once_more_is_refused_until_it_is_taken_back(world):
    made = give(world)
    assert problem_of(give, world) == "twice"
    give(world, reason="And once more")
    take_back(world, made.id, "A mistake", by=DORA, now=NOW)
    give(world)
    assert points(world, "2026-10") == {ANA: 110}


def test_readers_of_the_board_are_told(world):
    before = world.scalar(select(OrganisationRow.scores_version))
    give(world)
    world.rollback()
    assert world.scalar(select(OrganisationRow.scores_version)) > before


def test_pages_of_adjustments_follow_each_other(world):
    for number in range(1, 6):
        give(world, points=number)
    first, older = list_adjustments(world, page_size=3)
    second, end = list_adjustments(world, older_than=older, page_size=3)
    assert [each.points for each in first + second] == [5, 4, 3, 2, 1]
    assert end is None


@pytest.mark.parametrize(
    ("posted", "said", "month"),
    [
        (7, None, None),  # no adjustment names the entry
        (7, 6, "2026-10"),  # it names other points
        (7, 7, "2026-11"),  # or another month
        (-7, -7, "2026-10"),  # or takes away what nobody gave (P1)
    ],
)
def test_p2_verify_names_an_entry_that_no_adjustment_explains(world, posted, said, month):
    bia = ids_of(world)["bia"]
    entry = {"id": 800, "member_id": bia, "month": "2026-10", "points": posted, "reason": "adjustment"}
    world.execute(insert(PointEntry).values(**entry, posted_at=NOW))
    if said is not None:
        row = {"id": 900, "entry_id": 800, "member_id": bia, "month": month, "points": said, "reason": "Forged"}
        world.execute(insert(AdjustmentRow).values(**row, made_at=NOW, made_by="x"))
    world.commit()
    assert f"ledger: entry 800 of {posted} points names no attainment." in list(verify(world, now=NOW))


WHO, WHEN = st.sampled_from(["ana", "bia", "eva"]), st.sampled_from(["2026-10", "2026-11"])
STEPS = st.lists(st.tuples(WHO, WHEN, st.booleans()), max_size=8)


@pytest.mark.databases("sqlite")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_p2_totals_are_the_ledgers_sums_after_any_adjustments_and_reversals(world, steps):
    for number, (who, month, is_undone) in enumerate(steps):
        made = give(
            world, who, number + 1, f"Step {number} of {world.scalar(select(OrganisationRow.scores_version))}", month
        )
        if is_undone:
            take_back(world, made.id, "Undone", by=DORA, now=NOW)
    sums: Counter[tuple[str, str]] = Counter()
    for (member, team, month), net in ledger(world).items():
        for period in (month, "2026-Q4"):
            sums[period, member] += net
            sums[period, team] += net
    for period in ("2026-10", "2026-11", "2026-Q4"):
        for scope in ("member", "team"):
            wanted = {key: net for (each, key), net in sums.items() if each == period}
            found = points(world, period, scope)
            assert found == {key: net for key, net in wanted.items() if ("@" in key) is (scope == "member") and net}
    assert list(verify(world, now=NOW)) == []
    assert world.scalar(select(Total.points).where(Total.points < 0)) is None
