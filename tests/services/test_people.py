"""People: a file is loaded whole or not at all; who they are, where they belong, and what follows for points."""

import io
from datetime import date

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.errors import Refused
from leaderboard.services.boards import standings
from leaderboard.services.people import load_people
from leaderboard.services.scoring import score_everything
from leaderboard.services.verifying import verify
from leaderboard.storage.tables import ExternalId, Member, MembershipRow, Team
from tests.factories import PEOPLE_HEADER, people_file
from tests.services.examples import (
    NOW,
    PEOPLE,
    PIPELINE,
    SPEED,
    WINS,
    agreement,
    count,
    csv_of,
    entries,
    hand_in,
    ledger,
    log,
    set_up,
    state,
)

ANA = "ana@example.com"
IN_TIME = "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana"


@pytest.fixture
def aurora(session):
    set_up(session, agreement(SPEED, WINS, PIPELINE))
    return session


def load(session, *rows, now=NOW):
    return load_people(session, io.BytesIO(people_file(rows)), now=now, by=COMMAND_LINE)


def refused(session, *rows):
    before = people(session), state(session)
    with pytest.raises(Refused) as error:
        load(session, *rows)
    session.rollback()
    assert (people(session), state(session)) == before
    return str(error.value)


def people(session):
    rows = session.execute(
        select(Member.key, Member.name, Team.name, Team.side, MembershipRow.starts_on, MembershipRow.until)
        .outerjoin(MembershipRow, MembershipRow.member_id == Member.id)
        .outerjoin(Team, Team.id == MembershipRow.team_id)
        .order_by(Member.key, MembershipRow.starts_on)
    )
    return [tuple(row) for row in rows]


def of(session, key):
    return [row[1:] for row in people(session) if row[0] == key]


def is_right(session):
    assert list(verify(session, now=NOW)) == []
    before = state(session)
    assert score_everything(session, now=NOW, by=COMMAND_LINE) == 0
    assert state(session) == before
    return True


# The file


def test_people_are_stored_with_their_teams_and_ids(session):
    set_up(session)
    assert of(session, "bia@example.com") == [
        ("Bia", "North", "sales", date(2026, 1, 1), date(2026, 10, 15)),
        ("Bia", "South", "sales", date(2026, 10, 15), None),
    ]
    ids = session.execute(select(ExternalId.external_id).join(Member).where(Member.key == ANA)).scalars()
    assert set(ids) == {"hs-1", "sf-1"}


def test_the_report_counts_rows_members_and_teams(session):
    set_up(session)
    report = load_people(session, io.BytesIO(PEOPLE.encode()), now=NOW, by=COMMAND_LINE)
    assert (report.rows, report.members, report.teams) == (5, 4, 3)


def test_the_same_file_again_changes_nothing(aurora):
    log(aurora, IN_TIME)
    before = people(aurora), state(aurora), len(entries(aurora))
    load_people(aurora, io.BytesIO(PEOPLE.encode()), now=NOW, by=COMMAND_LINE)
    assert (people(aurora), state(aurora), len(entries(aurora))) == before


def test_without_an_organisation_nobody_is_stored(session):
    with pytest.raises(Refused, match="No organisation is loaded yet"):
        load(session, "ana@example.com,Ana,North,sales,2026-01-01,,,")
    assert count(session, Member) == 0


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("zoe,Zoe,North,sales,2026-01-01,,,", 'line 2, column email: "zoe" is not an e-mail address'),
        (",Zoe,North,sales,2026-01-01,,,", "line 2, column email: is empty"),
        ("z@x.org,,North,sales,2026-01-01,,,", "line 2, column name: is empty"),
        ("z@x.org,Zoe,,sales,2026-01-01,,,", "line 2, column team: is empty"),
        ("z@x.org,Zoe,North,support,2026-01-01,,,", 'line 2, column side: "support" is not a side; expected sales or'),
        ("z@x.org,Zoe,North,sales,,,,", "line 2, column from: is empty"),
        ("z@x.org,Zoe,North,sales,01/01/2026,,,", 'line 2, column from: "01/01/2026" is not a date; expected one such'),
        (
            "z@x.org,Zoe,North,sales,0001-01-01,,,",
            "line 2, column from: 0001-01-01 lies outside the years 1970 to 2199; expected a day within",
        ),
        ("z@x.org,Zoe,North,sales,2026-01-01,2026-01-01,,", "line 2, column until: 2026-01-01 is not after from"),
        (
            "z@x.org,Zoe,North,sales,2026-01-01,,boss,",
            'line 2, column role: "boss" is not a role; expected rep, manager',
        ),
        ("z@x.org,Zoe,North,sales", "line 2"),
    ],
)
def test_a_wrong_row_is_named_with_line_column_value_and_remedy(aurora, row, message):
    assert refused(aurora, row, "y@x.org,Yara,North,sales,2026-01-01,,,").startswith(message)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (
            "y@x.org,Yara,East,marketing,2026-01-01,,,",
            'line 3, column side: team "East" is on side sales in an earlier',
        ),
        (
            "y@x.org,Yara,East,sales,2026-01-01,,,crm-1",
            'line 3, column external_id: "crm-1" is z@x.org in an earlier row',
        ),
        ("z@x.org,Zoe,West,sales,2026-06-01,,,", "line 3, column from: z@x.org would be in two teams on 2026-06-01"),
        ("Z@X.ORG,Zoe,West,sales,2026-06-01,,,", "line 3, column from: z@x.org would be in two teams on 2026-06-01"),
        (
            "y@x.org,Yara,East,sales,2026-01-01,,,hs-1",
            'line 3, column external_id: "hs-1" already names ana@example.com; an id names',
        ),
    ],
)
def test_rows_that_contradict_each_other_are_refused(aurora, second, message):
    assert refused(aurora, "z@x.org,Zoe,East,sales,2026-01-01,,,crm-1", second).startswith(message)


def test_every_wrong_row_is_named(aurora):
    told = refused(aurora, *(f"z{n},Zoe,North,sales,2026-01-01,,," for n in range(60))).splitlines()
    assert told[0].startswith("line 2, column email")
    assert told[-1] == "… and 10 more."
    assert len(told) == 51


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("email,name,side,from", "line 1: column team is missing"),
        (PEOPLE_HEADER + ",phone", 'line 1: column "phone" is not known'),
    ],
)
def test_a_header_that_lacks_a_column_or_has_another_is_refused(aurora, header, message):
    with pytest.raises(Refused, match=message):
        load_people(aurora, io.BytesIO(f"{header}\n".encode()), now=NOW, by=COMMAND_LINE)


# Who is who


def test_an_e_mail_is_the_same_in_any_case(aurora):
    load(aurora, "ANA@Example.com,Ana Lima,North,sales,2026-01-01,,,")
    assert of(aurora, ANA) == [("Ana Lima", "North", "sales", date(2026, 1, 1), None)]
    assert count(aurora, Member) == 4


def test_members_that_the_file_does_not_name_stay_as_they_are(aurora):
    log(aurora, IN_TIME)
    load(aurora, "zoe@example.com,Zoe,North,sales,2026-01-01,,,")
    assert of(aurora, ANA) == [("Ana", "North", "sales", date(2026, 1, 1), None)]
    assert ledger(aurora) == {(ANA, "North", "2026-10"): 10}


def test_someone_created_from_an_e_mail_in_an_event_is_that_member(aurora):
    hand_in(
        aurora,
        csv_of(
            "e1,2026-10-05T09:00,lead.assigned,L1,Zoe@Example.com,East",
            "e2,2026-10-05T09:30,lead.disposed,L1,zoe@example.com,East",
        ),
        create_members="sales",
    )
    assert count(aurora, Member) == 5
    load(aurora, "zoe@example.com,Zoe,East,sales,2026-01-01,,,")
    assert of(aurora, "zoe@example.com") == [("Zoe", "East", "sales", date(2026, 1, 1), None)]
    assert ledger(aurora) == {("zoe@example.com", "East", "2026-10"): 10}


def test_s2_someone_created_in_a_month_that_has_standings_already_stands_there_too(aurora):
    log(aurora, IN_TIME)
    hand_in(aurora, csv_of("e1,2026-10-30T09:00,lead.assigned,L9,sdr-1,East"), create_members="sales")
    assert ("sdr-1", 0) in [(each.key, each.points) for each in standings(aurora, "2026-10", "member")]
    assert ("East", 0) in [(each.key, each.points) for each in standings(aurora, "2026-Q4", "team")]
    assert is_right(aurora)


def test_a_team_created_without_a_member_has_no_standing(aurora):
    report = hand_in(aurora, csv_of("e1,2026-10-30T09:00,lead.assigned,L9,,East"), create_members="sales")
    assert (report.created_teams, report.created_members) == (1, 0)
    assert "East" not in {each.key for each in standings(aurora, "2026-10", "team")}
    assert is_right(aurora)


# What follows for points


def test_p3_points_follow_a_membership_that_is_corrected(aurora):
    log(aurora, IN_TIME)
    load(aurora, "ana@example.com,Ana,South,sales,2026-01-01,,,")
    assert ledger(aurora) == {(ANA, "South", "2026-10"): 10}
    assert [(points, team, reason) for _, team, _, points, reason in entries(aurora)] == [
        (10, "North", "exceeded"),
        (-10, "North", "reversed"),
        (10, "South", "exceeded"),
    ]
    assert is_right(aurora)


def test_p3_points_stay_with_the_team_they_were_earned_in(aurora):
    log(aurora, IN_TIME)
    load(
        aurora,
        "ana@example.com,Ana,North,sales,2026-01-01,2026-11-01,,",
        "ana@example.com,Ana,South,sales,2026-11-01,,,",
    )
    assert ledger(aurora) == {(ANA, "North", "2026-10"): 10}
    assert is_right(aurora)


def test_a_team_that_changes_its_side_changes_boards(aurora):
    log(aurora, IN_TIME)
    load(aurora, "ana@example.com,Ana,North,marketing,2026-01-01,,,")
    assert "North" in {each.key for each in standings(aurora, "2026-10", "team", "marketing")}
    assert "North" not in {each.key for each in standings(aurora, "2026-10", "team", "sales")}
    assert [each.side for each in standings(aurora, "2026-10", "member") if each.key == ANA] == ["marketing"]
    assert is_right(aurora)


def test_another_name_is_shown_and_ordered_by(aurora):
    log(aurora, "10-05 09:00 lead.received -")
    load(aurora, "ana@example.com,Zenaide,North,sales,2026-01-01,,,")
    assert [each.name for each in standings(aurora, "2026-10", "member")] == ["Bia", "Caio", "Eva", "Zenaide"]


def test_a_team_under_another_name_takes_its_people_and_their_points_along(aurora):
    log(aurora, IN_TIME + "\n10-05 09:30 opportunity.won ana subject=L2 amount=1000")
    load(
        aurora,
        "ana@example.com,Ana,Northwest,sales,2026-01-01,,,",
        "bia@example.com,Bia,Northwest,sales,2026-01-01,2026-10-15,,",
        "bia@example.com,Bia,South,sales,2026-10-15,,,",
    )
    assert ledger(aurora) == {(ANA, "Northwest", "2026-10"): 10, (None, "Northwest", "2026-10"): 200}
    assert [(each.key, each.points) for each in standings(aurora, "2026-10", "team", "sales")] == [
        ("Northwest", 210),
        ("South", 0),
    ]
    assert is_right(aurora)


def test_one_who_leaves_before_a_month_stands_there_no_more(aurora):
    log(aurora, "10-05 09:00 lead.received -\n09-05 09:00 lead.received -")
    load(aurora, "ana@example.com,Ana,North,sales,2026-01-01,2026-10-01,,")
    assert ANA in {each.key for each in standings(aurora, "2026-09", "member")}
    assert ANA not in {each.key for each in standings(aurora, "2026-10", "member")}
    assert is_right(aurora)


def test_p2_people_may_change_in_any_order_and_the_result_is_that_of_the_last(aurora):
    log(aurora, IN_TIME)
    log(aurora, "10-20 09:00 opportunity.won ana subject=L2 amount=500")
    log(aurora, "10-21 09:00 opportunity.won ana subject=L3 amount=500")
    before = state(aurora)
    for rows in (
        ["ana@example.com,Ana,South,marketing,2026-10-10,,,", "eva@example.com,Eva,South,marketing,2026-10-19,,,"],
        ["ana@example.com,Ana,Leads,marketing,2026-01-01,2026-10-05,,"],
        ["ana@example.com,Ana,North,sales,2026-10-06,2026-10-21,,", "ana@example.com,Ana,South,sales,2026-10-21,,,"],
    ):
        load(aurora, *rows)
        assert is_right(aurora)
    load_people(aurora, io.BytesIO(PEOPLE.encode()), now=NOW, by=COMMAND_LINE)
    assert state(aurora) == before
