"""The demo organisation: whole, alive, the same each time, and made through the product's own doors."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.agreement_changes import compare
from leaderboard.domain.agreement_file import parse_agreement
from leaderboard.domain.organisation_file import parse_organisation
from leaderboard.domain.periods import Month
from leaderboard.services.agreeing import agreement_versions
from leaderboard.services.demo import DemoReport, create_demo
from leaderboard.services.demo_people import colleagues
from leaderboard.services.drafting import list_drafts
from leaderboard.services.organising import load_organisation, show_organisation
from leaderboard.services.reporting import list_attainments, list_standings
from leaderboard.services.scopes import scope_of
from leaderboard.services.verifying import verify
from leaderboard.services.versions import agreed_versions
from leaderboard.storage import people
from leaderboard.storage.accounts import account_with
from leaderboard.storage.bonus_tables import BonusAward, BonusQuestion
from leaderboard.storage.closing_tables import Closing
from leaderboard.storage.tables import Anomaly, EventRow, Member, MembershipRow, PointEntry, Team
from leaderboard.storage.trail_tables import PointQuestion
from tests.conftest import DATABASES
from tests.factories import opened
from tests.services import examples

NOW = datetime(2026, 11, 25, 15, tzinfo=UTC)  # a Wednesday at noon
MONTH, QUARTER = "2026-11", "2026-Q4"
FEW = 200  # leads, where how many does not matter


@pytest.fixture(scope="module", params=DATABASES)
def made(databases: Callable[[str], Any], request: pytest.FixtureRequest) -> Iterator[tuple[Session, DemoReport]]:
    """The demo in full, made once; no test here changes it."""
    with databases(request.param).fresh() as address, opened(address) as session:
        yield session, create_demo(session, now=NOW, by=COMMAND_LINE)


def test_its_agreement_is_signed_by_both_sides_and_a_draft_for_the_next_month_waits(made):
    session, _ = made
    versions = agreed_versions(session, now=NOW)
    assert [{side: each.name for side, each in version.signatures.items()} for version in versions] == [
        {"sales": "Dora Cavalcanti", "marketing": "Enzo Bittencourt"}
    ] * 2
    assert all(each.signed_at.date() < v.agreement.effective_from for v in versions for each in v.signatures.values())
    (draft,) = list_drafts(session, "draft", "proposed")
    found = compare(versions[-1].agreement, draft.agreement())
    assert (found.count("new"), found.count("changed"), found.count("gone")) == (2, 1, 0)
    assert str(draft.agreement().effective_from) == "2026-12-01"


def boards(session: Session) -> list[dict[str, Any]]:
    return [
        row
        for period in (MONTH, "2026-10", QUARTER)
        for scope in ("team", "member")
        for row in list_standings(session, period, scope)
    ]


def count(session: Session, table: type) -> int:
    return session.execute(select(func.count()).select_from(table)).scalar_one()


def test_it_has_forty_people_in_six_teams_on_two_sides_and_in_two_time_zones(made):
    session, _ = made
    organisation = parse_organisation(show_organisation(session) or "")
    sides = session.execute(select(Team.side, func.count()).group_by(Team.side).order_by(Team.side)).all()
    assert [tuple(row) for row in sides] == [("marketing", 2), ("sales", 4)]
    assert count(session, Member) == 40
    calendars = [organisation.calendar, *organisation.team_calendars.values()]
    assert {each.time_zone for each in calendars} == {"America/Sao_Paulo", "America/New_York"}


def test_some_people_joined_left_and_changed_teams_during_the_year(made):
    session, _ = made
    stints = defaultdict(list)
    for row in session.execute(select(MembershipRow).order_by(MembershipRow.starts_on)).scalars():
        stints[row.member_id].append(row)
    year_ago = date(2025, 11, 25)
    joined = [each for each in stints.values() if each[0].starts_on > year_ago]
    left = [each for each in stints.values() if each[-1].until is not None]
    moved = [each for each in stints.values() if len({row.team_id for row in each}) > 1]
    assert len(joined) >= 3
    assert len(left) >= 3
    assert len(moved) >= 3


def test_it_holds_a_year_of_events_that_end_just_now(made):
    session, _ = made
    first, last = session.execute(select(func.min(EventRow.occurred_at), func.max(EventRow.occurred_at))).one()
    assert 12_000 <= count(session, EventRow) <= 25_000
    assert date(2025, 11, 1) <= first.date() <= date(2025, 11, 4)
    assert last.date() == NOW.date()
    assert last <= NOW
    assert count(session, Anomaly) == 0


def test_the_agreement_has_two_versions_and_every_kind_of_measure_in_the_present_one(made):
    session, _ = made
    days, documents = zip(*[(day, text) for day, _, text in agreement_versions(session)], strict=True)
    assert days == (date(2025, 11, 1), date(2026, 7, 1))
    present = parse_agreement(documents[-1], "BRL")
    kinds = {type(sla.measure).__name__ for sla in present.slas}
    assert kinds == {"ResponseTime", "Count", "Sum", "SlaRate", "EventRate", "Completion"}
    assert "closer" in {getattr(sla.measure, "credit", None) for sla in present.slas}
    assert {sla.side for sla in present.slas} == {"sales", "marketing"}
    assert {sla.participant for sla in present.slas} == {"member", "team"}
    assert {bonus.period for bonus in present.bonuses} == {"month", "quarter"}


def test_every_sla_was_met_exceeded_and_missed_by_someone(made):
    session, _ = made
    levels = defaultdict(set)
    for quarter in ("2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"):
        for row in list_attainments(session, quarter):
            levels[row["sla"]].add(row["level"])
    present = parse_agreement(agreement_versions(session)[-1][2], "BRL")
    lacking = {sla.key: levels[sla.key] for sla in present.slas if not {"met", "exceeded", "missed"} <= levels[sla.key]}
    assert lacking == {}
    assert "void" in levels["speed-to-lead"]


@pytest.mark.parametrize("period", [MONTH, QUARTER])
def test_the_boards_look_alive(made, period):
    session, _ = made
    members = [row["points"] for row in list_standings(session, period, "member")]
    teams = [row["points"] for row in list_standings(session, period, "team")]
    assert len(set(members)) < len(members)  # ties
    assert min(members) > 0
    assert all(above <= 2 * below for above, below in pairwise(members))
    assert max(teams) <= 3 * min(teams)
    assert {row["side"] for row in list_standings(session, period, "member")[:10]} == {"sales", "marketing"}


def test_ranks_moved_since_the_month_before(made):
    session, _ = made
    now, before = (
        {row["key"]: row["rank"] for row in list_standings(session, month, "member")} for month in (MONTH, "2026-10")
    )
    assert sum(now[key] != before[key] for key in now if key in before) > len(now) / 2


def test_the_reps_of_the_first_look_have_leads_due_next(made):
    session, _ = made
    pending = [row for row in list_attainments(session, MONTH, "speed-to-lead") if row["level"] == "pending"]
    for key in ("ana", "bia", "caio"):
        theirs = [row for row in pending if row["participant"] == f"{key}@demo.example"]
        due = [row["due_at"] for row in theirs if row["due_at"]]  # a paused one does not fall due
        assert len(due) >= 3
        assert min(due) > NOW.isoformat()[:19]


def test_the_year_is_closed_month_by_month_in_its_own_time(made):
    session, _ = made
    rows = session.execute(select(Closing.period, Closing.closed_at, Closing.as_of)).all()
    assert len(rows) == 13 + 4  # a line of periods begins with a quarter
    assert {row.closed_at - row.as_of for row in rows} == {timedelta(0)}


def test_older_bonuses_are_paid_and_the_latest_wait_with_a_question(made):
    session, _ = made
    rows = session.execute(select(BonusAward.period, BonusAward.status)).all()
    assert {row.period for row in rows if row.status == "proposed"} == {"2026-Q3", "2026-10"}
    assert {row.status for row in rows if row.period < "2026-Q3" and row.period != "2026-10"} == {"paid"}
    assert count(session, BonusQuestion) == 1


def test_verify_finds_nothing(made):
    session, _ = made
    assert list(verify(session, now=NOW)) == []


def test_a_second_one_changes_nothing_and_says_so(made):
    session, _ = made
    before = boards(session), count(session, EventRow), count(session, PointEntry)
    report = create_demo(session, now=NOW, by=COMMAND_LINE)
    assert report == DemoReport("Aurora Software is there already; nothing was changed.", is_demo=True)
    assert (boards(session), count(session, EventRow), count(session, PointEntry)) == before


def test_there_is_an_account_for_each_standing_role_with_a_password_of_its_own(made):
    _, report = made
    assert [(each.email, each.role) for each in report.accounts] == [
        ("ana@demo.example", "rep"),
        ("bia@demo.example", "rep"),
        ("caio@demo.example", "rep"),
        ("dora@demo.example", "manager"),
        ("renata@demo.example", "manager"),
        ("enzo@demo.example", "admin"),
    ]
    assert len({each.password for each in report.accounts}) == 6
    assert min(len(each.password) for each in report.accounts) >= 12


def test_dora_answers_for_the_sales_teams_and_renata_for_her_own(made):
    session, _ = made
    names = {team_id: name for team_id, name, _side in people.teams(session.connection())}
    seen = {}
    for key in ("dora", "renata", "bia", "enzo"):
        scope = scope_of(session, account_with(session.connection(), f"{key}@demo.example").id, now=NOW)
        seen[key] = sorted(names[each] for each in scope.within(names))
    sales = ["Belo Horizonte", "Curitiba", "New York", "São Paulo"]
    assert seen == {"dora": sales, "renata": ["Belo Horizonte"], "bia": [], "enzo": sorted(names.values())}


def test_bia_is_on_anas_team_and_caio_on_another():
    teams = {each.email: each.team_on(NOW.date()) for each in colleagues(Month(2026, 11))}
    ana, bia, caio, dora = (teams[f"{key}@demo.example"] for key in ("ana", "bia", "caio", "dora"))
    assert ana == bia
    assert caio not in (ana, None)
    assert dora is None  # a manager who shares in no award may approve each (B4)


@pytest.fixture(scope="module")
def few(databases: Callable[[str], Any]) -> Iterator[tuple[Session, DemoReport, list[int]]]:
    """The demo with few leads, made once, and the progress that was told; no test here changes it."""
    told: list[int] = []
    with databases("sqlite").fresh() as address, opened(address) as session:
        yield session, create_demo(session, now=NOW, progress=told.append, leads=FEW, by=COMMAND_LINE), told


@pytest.mark.databases("sqlite")
def test_the_same_now_gives_the_same_boards_and_other_passwords(session, few):
    another_session, first, _ = few
    second = create_demo(session, now=NOW, leads=FEW, by=COMMAND_LINE)
    assert first.text == second.text
    assert boards(session) == boards(another_session)
    assert examples.state(session) == examples.state(another_session)
    assert {each.password for each in first.accounts}.isdisjoint(each.password for each in second.accounts)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("now", "month"),
    [
        (datetime(2026, 12, 1, 3, tzinfo=UTC), "2026-12"),  # the month's first instant in São Paulo
        (datetime(2026, 12, 1, 2, 59, tzinfo=UTC), "2026-11"),  # a minute before, though UTC has December
        (datetime(2027, 1, 1, 12, tzinfo=UTC), "2027-01"),  # a holiday, and a new year
        (datetime(2028, 2, 29, 20, tzinfo=UTC), "2028-02"),
    ],
)
def test_the_board_shows_life_on_any_day(session, now, month):
    create_demo(session, now=now, leads=FEW, by=COMMAND_LINE)
    scored = [row for row in list_standings(session, month, "member") if row["points"] > 0]
    assert len(scored) >= 15
    assert {row["side"] for row in scored} == {"sales", "marketing"}
    assert list(verify(session, now=now)) == []


@pytest.mark.databases("sqlite")
def test_one_that_was_interrupted_goes_on_as_if_nothing_had_happened(session, few):
    told: list[int] = []

    def interrupt(done: int) -> None:
        told.append(done)
        if len(told) == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create_demo(session, now=NOW, progress=interrupt, leads=FEW, by=COMMAND_LINE)
    report = create_demo(session, now=NOW + timedelta(hours=1), leads=FEW, by=COMMAND_LINE)
    assert len(report.accounts) == 6
    assert examples.state(session) == examples.state(few[0])


def test_progress_is_told_of_every_subject(few):
    session, _, told = few
    assert sum(told) >= session.execute(select(func.count(EventRow.subject.distinct()))).scalar_one()


def test_another_organisation_is_left_alone(session):
    load_organisation(session, examples.ORGANISATION, now=NOW, by=COMMAND_LINE)
    report = create_demo(session, now=NOW, leads=FEW, by=COMMAND_LINE)
    assert report == DemoReport("Aurora is there already; nothing was changed.", is_demo=False)
    assert count(session, EventRow) == 0


@pytest.mark.databases("sqlite")
def test_one_that_was_interrupted_before_its_events_is_made_after_all(session, monkeypatch):
    def interrupted(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("leaderboard.services.demo.import_events", interrupted)
        with pytest.raises(KeyboardInterrupt):
            create_demo(session, now=NOW, leads=FEW, by=COMMAND_LINE)
    session.rollback()
    report = create_demo(session, now=NOW, leads=FEW, by=COMMAND_LINE)
    assert len(report.accounts) == 6
    assert count(session, EventRow) > 0


def test_p8_questions_about_points_were_asked_and_answered_and_one_waits(made):
    session, _ = made
    rows = session.execute(select(PointQuestion).order_by(PointQuestion.id)).scalars().all()
    assert [each.outcome for each in rows] == ["adjusted", "explained", None]
    assert [each.asked_by.partition("@")[0] for each in rows] == ["bia", "ana", "caio"]
    assert all(each.asked_at < NOW and each.text for each in rows)
