"""Importing events of members: found by e-mail or external id, or created in their team and place."""

import io

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.accounts import HashCosts, add_user
from leaderboard.services.boards import standings
from leaderboard.services.people import load_people
from leaderboard.services.verifying import verify
from leaderboard.storage.accounts_tables import UserAccount
from leaderboard.storage.tables import Member, MembershipRow, Team
from tests.factories import at
from tests.services.examples import NOW, attained, count, csv_of, hand_in, ledger, log, set_up

ASSIGNED = "e1,2026-10-05T09:00,lead.assigned,L1,ana@example.com"
DISPOSED = "e2,2026-10-05T09:30,lead.disposed,L1,ana@example.com"


@pytest.fixture
def aurora(session):
    set_up(session)
    return session


@pytest.mark.parametrize("member", ["ana@example.com", "ANA@Example.com", "hs-1", "sf-1"])
def test_a_member_is_an_e_mail_in_any_case_or_an_external_id(aurora, member):
    report = hand_in(aurora, csv_of(ASSIGNED.replace("ana@example.com", member), DISPOSED))
    assert report.refused == 0
    assert attained(aurora, "2026-10", "speed")[0][1] == "ana@example.com"


def test_an_external_id_in_another_case_is_another(aurora):
    assert hand_in(aurora, csv_of(ASSIGNED.replace("ana@example.com", "HS-1"))).refused == 1


def memberships(session):
    rows = session.execute(
        select(Member.key, Team.name, Team.side, MembershipRow.starts_on, MembershipRow.until)
        .join(Member, Member.id == MembershipRow.member_id)
        .join(Team, Team.id == MembershipRow.team_id)
        .where(Member.email.is_(None))
        .order_by(Member.key)
    )
    return [(key, team, side, str(starts_on), until) for key, team, side, starts_on, until in rows]


def test_unknown_members_are_created_in_the_events_team_from_the_earliest_month(aurora):
    report = hand_in(
        aurora,
        csv_of(
            "e1,2026-10-05T09:00,lead.assigned,L1,sdr-1,East",
            "e2,2026-08-31T23:59,lead.assigned,L2,sdr-1,North",  # earlier, in another team
            "e3,2026-09-05T09:00,lead.assigned,L3,sdr-2,North",
            "e4,2026-09-05T09:00,lead.assigned,L4,sdr-3",
        ),
        create_members="marketing",
    )
    assert (report.new, report.refused, report.created_members, report.created_teams) == (4, 0, 3, 2)
    assert memberships(aurora) == [
        ("sdr-1", "North", "sales", "2026-08-01", None),
        ("sdr-2", "North", "sales", "2026-09-01", None),
        ("sdr-3", "Marketing", "marketing", "2026-09-01", None),
    ]


def test_created_members_are_known_the_next_time_and_stay_where_they_are(aurora):
    hand_in(aurora, csv_of("e1,2026-10-05T09:00,lead.assigned,L1,sdr-1,East"), create_members="sales")
    report = hand_in(aurora, csv_of("e2,2026-07-05T09:00,lead.assigned,L1,sdr-1,North"))
    assert (report.new, report.created_members) == (1, 0)
    assert memberships(aurora) == [("sdr-1", "East", "sales", "2026-10-01", None)]


def test_created_members_earn_and_stand_under_their_id(aurora):
    lines = ("e1,2026-10-05T09:00,lead.assigned,L1,sdr-1,East", "e2,2026-10-05T09:30,lead.disposed,L1,sdr-1,East")
    hand_in(aurora, csv_of(*lines), create_members="sales")
    assert ledger(aurora) == {("sdr-1", "East", "2026-10"): 10}
    assert list(verify(aurora, now=NOW)) == []


def test_a_refused_row_creates_nobody(aurora):
    report = hand_in(aurora, csv_of("e1,never,lead.assigned,L1,sdr-1,East"), create_members="sales")
    assert (report.refused, report.created_members, report.created_teams) == (1, 0, 0)
    assert count(aurora, Member) == 4
    assert count(aurora, Team) == 3


def test_people_who_came_from_events_get_their_e_mail_later(aurora):
    hand_in(aurora, csv_of(ASSIGNED.replace("ana@example.com", "sdr-1")), create_members="sales")
    hand_in(aurora, csv_of(DISPOSED))
    row = b"email,name,team,side,from,external_id\nzoe@example.com,Zoe,East,sales,2026-01-01,sdr-1\n"
    load_people(aurora, io.BytesIO(row), now=NOW, by=COMMAND_LINE)
    assert ledger(aurora) == {("zoe@example.com", "East", "2026-10"): 10}
    assert list(verify(aurora, now=NOW)) == []


def test_s2_members_whom_a_later_file_creates_have_their_place_in_months_that_are_scored(aurora):
    hand_in(aurora, csv_of("w1,2026-10-05T09:00,opportunity.won,O1,ana@example.com"))
    report = hand_in(
        aurora,
        csv_of(
            "w2,2026-09-05T09:00,opportunity.won,O2,hs-9,North",
            "w3,2026-11-05T09:00,opportunity.won,O3,hs-9,North",
        ),
        create_members="sales",
    )
    assert report.created_members == 1
    assert ("wins", "hs-9", "missed", 0) in attained(aurora, "2026-10")
    assert list(verify(aurora, now=NOW)) == []


def test_s2_members_who_begin_later_in_a_quarter_that_others_stand_in_have_their_place_in_it(aurora):
    now = at("11-20 12:00")
    log(aurora, "10-05 09:00 opportunity.won ana", now=now)
    hand_in(aurora, csv_of("w2,2026-12-05T09:00,opportunity.won,O2,hs-9,North"), create_members="sales", now=now)
    assert ("hs-9", 0) in [(each.key, each.points) for each in standings(aurora, "2026-Q4", "member")]
    assert "hs-9" not in [each.key for each in standings(aurora, "2026-10", "member")]
    assert list(verify(aurora, now=now)) == []


@pytest.mark.parametrize(
    ("cells", "column"), [("sdr\x1b[2J-1,East", "member"), ("sdr-1,Ea\x1bst", "team"), ("sdr-1,East", None)]
)
def test_nobody_is_created_under_a_name_that_a_terminal_would_obey(aurora, cells, column):
    report = hand_in(aurora, csv_of(f"e1,2026-10-05T09:00,lead.assigned,L1,{cells}"), create_members="sales")
    assert [each.column for each in report.refusals] == ([column] if column else [])
    assert (report.created_members, report.created_teams) == ((0, 0) if column else (1, 1))


def test_b4_the_account_of_somebody_who_is_created_as_a_member_becomes_the_members(aurora):
    """Else a manager could approve an award that they share in, and adjust their own points."""
    dora = "dora@example.com"
    add_user(aurora, email=dora, role="manager", now=NOW, by=COMMAND_LINE, costs=HashCosts(8, 1, 1))
    hand_in(aurora, csv_of(ASSIGNED.replace("ana@example.com", "Dora@Example.com")), create_members="marketing")
    linked = select(Member.email).join(UserAccount, UserAccount.member_id == Member.id)
    assert aurora.scalars(linked.where(UserAccount.email == dora)).all() == [dora]
