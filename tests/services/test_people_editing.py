"""Editing people and teams: what is refused, what it changes, and that only what it touches is scored again."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.errors import PersonRefused
from leaderboard.domain.memberships import MembershipChange
from leaderboard.domain.organisation_file import parse_organisation
from leaderboard.services import directory, people_editing, scoring, teams_editing
from leaderboard.services.boards import standings
from leaderboard.services.closing import close_next
from leaderboard.services.directory import PeopleQuery
from leaderboard.services.organising import load_organisation, show_organisation
from leaderboard.services.scopes import EVERYTHING, Scope
from leaderboard.services.scoring import score_everything
from leaderboard.services.trail import TrailQuery, search_trail
from leaderboard.services.verifying import verify
from leaderboard.storage.closing_tables import Closing
from leaderboard.storage.database import begin_write
from leaderboard.storage.tables import Team, Total
from tests.factories import ids_of
from tests.services.examples import (
    NOW,
    ON_TIME,
    ORGANISATION,
    PIPELINE,
    SPEED,
    TRAINING,
    WINS,
    agreement,
    csv_of,
    entries,
    hand_in,
    set_up,
    sla,
    state,
)

TEAM_SPEED = sla(
    "team-speed",
    'kind = "response_time", from = ["lead.assigned"], to = ["lead.disposed"]',
    'met = "4h"',
    participant="team",
)
TEAM_CALENDAR = """
[team_calendars.South]
time_zone = "America/New_York"
monday = ["07:00-20:00"]
saturday = ["07:00-20:00"]
"""


def digest(session, member_id):
    return directory.find_person(session, member_id, EVERYTHING, now=NOW).digest


def move(session, member_id, change, *, now=NOW):
    people_editing.change_memberships(
        session, member_id, change, digest=digest(session, member_id), now=now, by=COMMAND_LINE
    )


def lead_lines(seed, size=60):
    """Return random leads, wins and tasks of four people from September to November."""
    dice = random.Random(seed)
    lines, start = [], datetime(2026, 9, 1, tzinfo=UTC)
    for number in range(size):
        at, who = start + timedelta(minutes=dice.randrange(90 * 24 * 60)), dice.choice(("ana", "bia", "caio", "eva"))
        other = dice.choice(("ana", "bia", "caio", "eva", who))
        kind = dice.choice(("lead", "lead", "lead", "won", "task"))
        if kind == "lead":
            done = at + timedelta(minutes=dice.choice((20, 200, 700, 3_000)))
            lines.append(f"a{number},{at.isoformat()},lead.assigned,L{number},{who}@example.com")
            if dice.random() < 0.3:
                again = at + (done - at) / 2
                lines.append(f"r{number},{again.isoformat()},lead.assigned,L{number},{other}@example.com")
            if dice.random() < 0.8:
                lines.append(f"d{number},{done.isoformat()},lead.disposed,L{number},{other}@example.com")
        elif kind == "won":
            lines.append(
                f"w{number},{at.isoformat()},opportunity.won,O{number},{who}@example.com,,,{dice.randrange(900)}.00"
            )
        else:
            due = (at + timedelta(days=9)).isoformat()
            lines.append(f"t{number},{at.isoformat()},task.assigned,T{number},{who}@example.com,,,,,{due}")
            lines.append(f"c{number},{(at + timedelta(days=1)).isoformat()},task.completed,T{number},{who}@example.com")
    return lines


def random_change(dice, session, member_id):
    """Return a change of somebody's memberships that may well be refused."""
    stored = directory.find_person(session, member_id, EVERYTHING, now=NOW).memberships
    teams = list(ids_of(session, Team).values())
    day = date(2026, 9, 1) + timedelta(days=dice.randrange(-300, 100))
    until = dice.choice((None, day + timedelta(days=dice.randrange(1, 60))))
    of = dice.choice([None, *(each.starts_on for each, _ in stored)])
    if of is not None and dice.random() < 0.2:
        return MembershipChange(of)
    if of is not None and dice.random() < 0.5:
        return MembershipChange(of, dice.choice(teams), of, until if until and until > of else None)
    return MembershipChange(of, dice.choice(teams), day, until)


def shown_totals(session):
    """Return how each total of an open period stands on the boards."""
    columns = (Total.period, Total.scope, Total.participant_id, Total.side, Total.team_id, Total.name, Total.sort_key)
    rows = session.execute(select(*columns).where(Total.period.not_in(select(Closing.period)))).all()
    return sorted(tuple(row) for row in rows)


@pytest.mark.parametrize("seed", range(3))
def test_scoring_what_a_member_touches_comes_to_the_same_as_scoring_everything(session, seed):
    dice = random.Random(seed)
    set_up(session, agreement(SPEED, WINS, PIPELINE, ON_TIME, TRAINING, TEAM_SPEED, effective_from="2026-01-01"))
    load_organisation(session, ORGANISATION + TEAM_CALENDAR, now=NOW, by=COMMAND_LINE)
    hand_in(session, csv_of(*lead_lines(seed)))
    people = list(ids_of(session).values())
    moved = 0
    for number in range(6):
        if number == 3:  # September is closed: what comes out otherwise there goes to October (P5)
            close_next(session, now=NOW, by=COMMAND_LINE)
            close_next(session, now=NOW, by=COMMAND_LINE)
        member_id = dice.choice(people)
        try:
            move(session, member_id, random_change(dice, session, member_id))
        except PersonRefused:
            continue
        moved += 1
        found, shown = state(session), shown_totals(session)
        assert score_everything(session, now=NOW, by=COMMAND_LINE) == 0, number
        assert state(session) == found, number
        assert shown_totals(session) == shown, number
        session.rollback()
    assert moved >= 2
    assert list(verify(session, now=NOW)) == []


def test_only_the_subjects_of_the_member_are_looked_at(session, monkeypatch):
    set_up(session)
    hand_in(session, csv_of(*lead_lines(1)))
    looked_at = []
    real = scoring.Scoring.score
    monkeypatch.setattr(
        scoring.Scoring,
        "score",
        lambda self, subjects, *rest, **how: looked_at.extend(subjects) or real(self, subjects),
    )
    eva, south = ids_of(session)["eva"], ids_of(session, Team)["South"]
    move(session, eva, MembershipChange(date(2026, 10, 19), south, date(2026, 10, 12)))
    mine = {line.split(",")[3] for line in lead_lines(1) if "eva@" in line}
    assert set(looked_at) == mine


def test_points_move_with_the_membership_and_those_of_before_stay(session):
    set_up(session, agreement(SPEED))
    lines = [
        f"{kind}{day},2026-11-{day}T{clock}-03:00,lead.{verb},L{day},ana@example.com"
        for day in ("03", "17")
        for kind, verb, clock in (("a", "assigned", "10:00"), ("d", "disposed", "10:30"))
    ]
    hand_in(session, csv_of(*lines))
    ana, south = ids_of(session)["ana"], ids_of(session, Team)["South"]
    posted = entries(session)
    told = people_editing.consequences_of(session, ana, MembershipChange(None, south, date(2026, 11, 10)), now=NOW)
    assert (told.since, told.open_months, told.closed_months) == (date(2026, 11, 10), ["2026-11"], [])
    assert told.moves == [("2026-11", "North", 20, 10), ("2026-11", "South", 0, 10)]
    assert entries(session) == posted  # it was only tried out
    move(session, ana, MembershipChange(None, south, date(2026, 11, 10)))
    teams = {each.name: each.points for each in standings(session, "2026-11", "team")}
    assert (teams["North"], teams["South"]) == (10, 10)
    assert search_trail(session, TrailQuery(action="person.moved")).entries[0].after == (
        "North 2026-01-01 to 2026-11-10; South 2026-11-10 to …"
    )


@pytest.mark.databases("sqlite")
def test_a_change_is_tried_out_only_where_that_is_quick_and_nobody_writes(session, pool, monkeypatch):
    set_up(session, agreement(WINS))
    hand_in(session, csv_of("w1,2026-11-02T12:00,opportunity.won,O1,ana@example.com,,,1.00"))
    ana, change = ids_of(session)["ana"], MembershipChange(None, ids_of(session, Team)["South"], date(2026, 11, 10))
    session.rollback()
    with Session(pool) as other:
        begin_write(other)
        assert people_editing.consequences_of(session, ana, change, now=NOW).moves is None
    assert people_editing.consequences_of(session, ana, change, now=NOW).moves is not None
    monkeypatch.setattr(people_editing, "MOST_TRIED", 0)
    assert people_editing.consequences_of(session, ana, change, now=NOW).moves is None


def test_p5_closed_months_stay_and_the_difference_is_told_and_goes_to_the_open_one(session):
    set_up(session, agreement(WINS))
    hand_in(session, csv_of("w1,2026-09-02T12:00,opportunity.won,O1,ana@example.com,,,1.00"))
    close_next(session, now=NOW, by=COMMAND_LINE)  # July, of the quarter in which something happened
    close_next(session, now=NOW, by=COMMAND_LINE)
    close_next(session, now=NOW, by=COMMAND_LINE)
    before = standings(session, "2026-09", "team")
    ana, south = ids_of(session)["ana"], ids_of(session, Team)["South"]
    change = MembershipChange(None, south, date(2026, 9, 1))
    told = people_editing.consequences_of(session, ana, change, now=NOW)
    assert (told.closed_months[-1], told.corrected_in) == ("2026-09", "2026-10")
    move(session, ana, change)
    assert standings(session, "2026-09", "team") == before
    assert list(verify(session, now=NOW)) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (MembershipChange(date(2026, 1, 2)), "gone"),
        (MembershipChange(date(2026, 1, 1), 999, date(2026, 1, 1)), "team"),
        (MembershipChange(date(2026, 1, 1), 1, date(2026, 1, 1), date(2026, 1, 1)), "days"),
        (MembershipChange(None, 1, None), "days"),
        (MembershipChange(None, 1, date(1969, 12, 31)), "days"),
        (MembershipChange(None, 1, date(2026, 1, 1)), "overlap"),
        (MembershipChange(None, 1, date(2025, 12, 1), date(2026, 1, 2)), "overlap"),
    ],
)
@pytest.mark.databases("sqlite")
def test_a_change_that_cannot_be_says_so_and_changes_nothing(session, change, problem):
    set_up(session)
    ana = ids_of(session)["ana"]
    before = directory.find_person(session, ana, EVERYTHING, now=NOW).memberships
    for attempt in (
        lambda: people_editing.consequences_of(session, ana, change, now=NOW),
        lambda: move(session, ana, change),
    ):
        with pytest.raises(PersonRefused) as refused:
            attempt()
        assert refused.value.problem == problem
    assert directory.find_person(session, ana, EVERYTHING, now=NOW).memberships == before


@pytest.mark.databases("sqlite")
def test_a_new_membership_may_begin_the_day_the_earlier_one_ends_and_no_day_before(session):
    set_up(session)
    ana, south = ids_of(session)["ana"], ids_of(session, Team)["South"]
    move(
        session,
        ana,
        MembershipChange(date(2026, 1, 1), ids_of(session, Team)["North"], date(2026, 1, 1), date(2026, 11, 10)),
    )
    with pytest.raises(PersonRefused):
        move(session, ana, MembershipChange(None, south, date(2026, 11, 9)))
    move(session, ana, MembershipChange(None, south, date(2026, 11, 10)))
    assert len(directory.find_person(session, ana, EVERYTHING, now=NOW).memberships) == 2


def test_who_changes_what_somebody_else_has_changed_meanwhile_is_told(session):
    set_up(session)
    ana, south = ids_of(session)["ana"], ids_of(session, Team)["South"]
    old = digest(session, ana)
    move(session, ana, MembershipChange(None, south, date(2026, 11, 10)))
    with pytest.raises(PersonRefused) as refused:
        people_editing.change_memberships(
            session, ana, MembershipChange(date(2026, 1, 1)), digest=old, now=NOW, by=COMMAND_LINE
        )
    assert refused.value.problem == "stale"


def test_a_person_is_added_renamed_and_known_by_ids(session):
    set_up(session, agreement(WINS))
    hand_in(session, csv_of("w1,2026-11-02T12:00,opportunity.won,O1,ana@example.com,,,1.00"))
    north, how = ids_of(session, Team)["North"], {"now": NOW, "by": COMMAND_LINE}
    gil = people_editing.add_person(
        session, name=" Gil  Moura ", email="Gil@Example.com", team_id=north, starts_on=date(2026, 11, 1), **how
    )
    assert "Gil Moura" in [each.name for each in standings(session, "2026-11", "member")]
    people_editing.add_external_id(session, gil, " crm-9 ", **how)
    assert hand_in(session, csv_of("w2,2026-11-03T12:00,opportunity.won,O2,crm-9,,,1.00")).new == 1
    people_editing.change_person(session, gil, name="Gil Melo", email="melo@example.com", **how)
    assert "Gil Melo" in [each.name for each in standings(session, "2026-11", "member")]
    assert [each.key for each in directory.list_people(session, PeopleQuery("crm-9"), EVERYTHING, now=NOW).members] == [
        "melo@example.com"
    ]
    people_editing.remove_external_id(session, gil, "crm-9", **how)
    assert hand_in(session, csv_of("w3,2026-11-03T12:00,opportunity.won,O3,crm-9,,,1.00")).refused == 1
    assert list(verify(session, now=NOW)) == []
    ana = ids_of(session)["ana"]
    for attempt, problem in (
        (lambda: people_editing.add_external_id(session, gil, "hs-1", **how), "id-taken"),
        (lambda: people_editing.add_external_id(session, gil, "ana@example.com", **how), "id-taken"),
        (lambda: people_editing.add_external_id(session, gil, "a;b", **how), "id"),
        (lambda: people_editing.change_person(session, gil, name="Gil", email="ana@example.com", **how), "email-taken"),
        (lambda: people_editing.change_person(session, gil, name=" ", email="", **how), "name"),
        (lambda: people_editing.remove_external_id(session, ana, "crm-9", **how), "gone"),
    ):
        with pytest.raises(PersonRefused) as refused:
            attempt()
        assert refused.value.problem == problem


@pytest.mark.databases("sqlite")
def test_one_known_by_an_id_alone_keeps_it_until_they_have_an_e_mail(session):
    set_up(session)
    hand_in(session, csv_of("w1,2026-11-02T12:00,opportunity.won,O1,crm-77,,,1.00"), create_members="sales")
    member, how = ids_of(session)["crm-77"], {"now": NOW, "by": COMMAND_LINE}
    with pytest.raises(PersonRefused) as refused:
        people_editing.remove_external_id(session, member, "crm-77", **how)
    assert refused.value.problem == "id-key"
    people_editing.change_person(session, member, name="Hana", email="", **how)
    people_editing.change_person(session, member, name="Hana", email="hana@example.com", **how)
    people_editing.remove_external_id(session, member, "crm-77", **how)
    assert ids_of(session)["hana"] == member


def test_a_renamed_team_keeps_its_calendar_and_closed_boards_keep_the_name(session):
    set_up(session, agreement(WINS))
    load_organisation(session, ORGANISATION + TEAM_CALENDAR, now=NOW, by=COMMAND_LINE)
    hand_in(session, csv_of("w1,2026-10-20T12:00,opportunity.won,O1,eva@example.com,,,1.00"))
    hand_in(session, csv_of("w2,2026-11-20T12:00,opportunity.won,O2,eva@example.com,,,1.00"))
    close_next(session, now=NOW, by=COMMAND_LINE)
    posted = entries(session)
    south = ids_of(session, Team)["South"]
    teams_editing.rename_team(session, south, "Sul", now=NOW, by=COMMAND_LINE)
    calendars = parse_organisation(show_organisation(session)).team_calendars
    assert list(calendars) == ["Sul"]
    assert calendars["Sul"] == parse_organisation(ORGANISATION + TEAM_CALENDAR).team_calendars["South"]
    assert "Sul" in [each.name for each in standings(session, "2026-11", "team")]
    assert "South" in [each.name for each in standings(session, "2026-10", "team")]
    assert [(each[0], each[2:]) for each in entries(session)] == [(each[0], each[2:]) for each in posted]
    assert score_everything(session, now=NOW, by=COMMAND_LINE) == 0
    assert list(verify(session, now=NOW)) == []
    teams_editing.add_team(session, "Équipe", "sales", now=NOW, by=COMMAND_LINE)
    for attempt, problem in (
        (lambda: teams_editing.rename_team(session, south, "north", now=NOW, by=COMMAND_LINE), "team-taken"),
        (lambda: teams_editing.add_team(session, "North", "sales", now=NOW, by=COMMAND_LINE), "team-taken"),
        (lambda: teams_editing.add_team(session, "ÉQUIPE", "sales", now=NOW, by=COMMAND_LINE), "team-taken"),
        (lambda: teams_editing.add_team(session, "East", "east", now=NOW, by=COMMAND_LINE), "side"),
        (lambda: teams_editing.rename_team(session, 999, "East", now=NOW, by=COMMAND_LINE), "missing"),
    ):
        with pytest.raises(PersonRefused) as refused:
            attempt()
        assert refused.value.problem == problem


def test_people_are_found_by_team_state_and_words_as_far_as_one_answers_for_them(session):
    set_up(session)
    south = ids_of(session, Team)["South"]

    def names(scope=EVERYTHING, now=NOW, **asked):
        return [each.name for each in directory.list_people(session, PeopleQuery(**asked), scope, now=now).members]

    assert names() == ["Ana", "Bia", "Caio", "Eva"]
    assert names(team=south) == ["Bia", "Eva"]
    assert names(text="BIA@") == names(text="hs-2") == ["Bia"]
    assert names(text="hs") == []  # an id is found whole
    october = datetime(2026, 10, 18, 12, tzinfo=UTC)
    assert names(state="coming", now=october) == ["Eva"]
    assert names(state="active", now=october + timedelta(days=1), team=south) == ["Bia", "Eva"]
    assert names(scope=Scope(False, frozenset({south}))) == ["Bia", "Eva"]
    assert names(scope=Scope(False)) == []
    move(
        session,
        ids_of(session)["eva"],
        MembershipChange(date(2026, 10, 19), south, date(2026, 10, 19), date(2026, 12, 1)),
    )
    assert names(state="left") == ["Eva"]
    teams = directory.list_people(session, PeopleQuery(), EVERYTHING, now=NOW).teams
    assert {each.name: each.members for each in teams} == {"Leads": 1, "North": 1, "South": 1}
    assert directory.find_person(session, ids_of(session)["ana"], Scope(False, frozenset({south})), now=NOW) is None
