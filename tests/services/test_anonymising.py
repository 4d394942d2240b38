"""Making somebody anonymous: nothing tells who they were, no total changes, and no file takes them up again."""

import io
import json
import re
import zipfile
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import insert, inspect, select, text

from leaderboard.domain.actors import COMMAND_LINE, Actor
from leaderboard.domain.anonymous import fingerprint, masked
from leaderboard.domain.errors import CompanyRefused, PersonRefused, Refused
from leaderboard.domain.periods import parse_period
from leaderboard.services import account_admin, accounts, anonymising, people_editing, personal_data, tokens
from leaderboard.services.account_admin import AccountQuery, list_accounts
from leaderboard.services.adjusting import adjust
from leaderboard.services.awards import list_bonuses, read_award
from leaderboard.services.boards import standings
from leaderboard.services.choices import choose
from leaderboard.services.closing import close_period
from leaderboard.services.company import Company, Identity
from leaderboard.services.deciding import approve, mark_paid
from leaderboard.services.exporting import create_export, mark_export_paid
from leaderboard.services.figures import Asked
from leaderboard.services.identities import admit
from leaderboard.services.monthly_report import monthly_report
from leaderboard.services.pairing import begin_pairing
from leaderboard.services.people import load_people
from leaderboard.services.rules import rule_book
from leaderboard.services.scopes import EVERYTHING
from leaderboard.services.trail import TrailQuery, search_trail, trail_rows
from leaderboard.services.trying import try_out
from leaderboard.services.verifying import verify
from leaderboard.storage import closings
from leaderboard.storage.bonus_tables import BonusAward
from leaderboard.storage.closing_tables import Closing
from leaderboard.storage.connection_tables import HookDelivery, ParkedEvent
from leaderboard.storage.database import Base
from leaderboard.storage.tables import Team
from leaderboard.storage.trail_tables import JobRun
from tests.factories import ids_of, people_file
from tests.services.bonus_examples import BEST_REP, BY_POINTS, CLOSED_AT, SALES, TEAM_WIN, sold
from tests.services.examples import csv_of, hand_in, state
from tests.services.screens import OFFICE, claim
from tests.services.test_accounts import LIMITS
from tests.services.test_hooks import add
from tests.services.test_receiving import event, send
from tests.web.door import CHEAP, PASSWORD

LATER = CLOSED_AT + timedelta(days=20)
HOW = {"now": LATER, "by": COMMAND_LINE}
AT_THE_DOOR = {"now": CLOSED_AT, "limits": LIMITS}
COMPANY = Company("https://login.example.com", "board", "secret", creates="everybody")
# What can never be changed, and may go on naming people: the pages mask it.
FOR_GOOD = {"audit_entry", "total", "bonus_award", "award_share", "payroll_export", "closing", "adjustment"}


@pytest.fixture
def left(session):
    """Ana has won the quarter and left at its end; it is closed, and her bonus settled. Her id."""
    sold(session, TEAM_WIN, BY_POINTS, BEST_REP, events=SALES)
    for name, role in (("ana", "rep"), ("dora", "manager"), ("enzo", "admin")):
        email = f"{name}@example.com"
        accounts.add_user(
            session, email=email, role=role, password=PASSWORD, now=CLOSED_AT, by=COMMAND_LINE, costs=CHEAP
        )
    admit(session, Identity(COMPANY.issuer, "subject-17", "ana@example.com", frozenset()), COMPANY, **AT_THE_DOOR)
    ana = ids_of(session)["ana"]
    mine = {"now": CLOSED_AT, "by": actor(session, "ana")}
    choose(session, ana, is_hidden=False, nickname="Nina", is_page_hidden=False, **mine)
    adjust(session, ids_of(session)["bia"], 5, "Helped Ana", "2026-12", **mine)
    code, _secret = begin_pairing(session, address=OFFICE, now=CLOSED_AT)
    claim(session, code, **mine)
    leave(session, ana, date(2027, 1, 1))
    close_period(session, "2026-Q4", now=CLOSED_AT, by=actor(session, "enzo"))
    return ana


def actor(session, name):
    found = {each.email: each for each in list_accounts(session, AccountQuery(state="all")).accounts}
    each = found[f"{name}@example.com"]
    session.rollback()
    return Actor(each.email, each.id, each.member_id)


def leave(session, member_id, day):
    rows = [f"ana@example.com,Ana,North,sales,2026-01-01,{day},rep,hs-1;sf-1"]
    load_people(session, io.BytesIO(people_file(rows)), now=CLOSED_AT, by=COMMAND_LINE)


def settle(session):
    ids = list(session.execute(select(BonusAward.id).where(BonusAward.status == "proposed")).scalars())
    session.rollback()
    dora = actor(session, "dora")
    assert approve(session, ids, by=dora, now=LATER).refused == ()
    mark_export_paid(session, create_export(session, by=dora, now=LATER), by=dora, now=LATER)
    in_kind = session.execute(select(BonusAward.id).where(BonusAward.status == "approved")).scalars().all()
    mark_paid(session, in_kind, by=dora, now=LATER)


def money(bonuses):
    return [(each["programme"], each["place"], each["amount_minor"]) for each in bonuses]


def told(session, *, but_for=()):
    """Return all that the database holds of other tables, as one text."""
    found = []
    for table in Base.metadata.sorted_tables:
        if table.name not in but_for:
            found += [f"{table.name}: {row}" for row in session.execute(table.select())]
    session.rollback()
    return "\n".join(found)


def test_no_total_changes_and_what_is_closed_still_verifies(session, left):
    settle(session)
    before, bonuses = state(session), list_bonuses(session, "2026-Q4")
    digests = session.execute(select(Closing.period, Closing.digest)).all()
    anonymising.anonymise(session, left, **HOW)
    assert state(session)["totals"] == before["totals"]
    assert state(session)["attainments"] == before["attainments"]
    assert sum(state(session)["ledger"].values()) == sum(before["ledger"].values())
    assert session.execute(select(Closing.period, Closing.digest)).all() == digests
    money = [(each["programme"], each["place"], each["amount_minor"]) for each in bonuses]
    assert [
        (each["programme"], each["place"], each["amount_minor"]) for each in list_bonuses(session, "2026-Q4")
    ] == money
    assert list(verify(session, now=LATER)) == []
    assert all(len(row.digest) == 64 for row in closings.all_closings(session.connection()))


def test_nothing_that_can_change_tells_who_they_were_and_what_cannot_is_shown_without(session, left):
    settle(session)
    assert "ana@example.com" in told(session, but_for=FOR_GOOD)
    anonymising.anonymise(session, left, **HOW)
    kept = told(session, but_for=FOR_GOOD)
    for known in ("ana@example.com", "'Ana'", "hs-1", "sf-1", "Nina", "subject-17"):
        assert known not in kept, known
    name = f"Former member {left}"
    for period in ("2026-Q4", "2026-11"):
        names = [each.name for each in standings(session, period, "member")]
        assert name in names
        assert "Ana" not in names
    award = session.execute(select(BonusAward.id).where(BonusAward.programme == "best-rep")).scalar_one()
    shown = read_award(session, award)
    assert (shown.name, [each.name for each in shown.shares], shown.standings[0].name) == (name, [name], name)
    assert f"'{name}'" in str(list_bonuses(session, "2026-Q4"))
    assert "'Ana'" not in str(list_bonuses(session, "2026-Q4"))
    entries = search_trail(session, TrailQuery())
    assert "ana@example.com" not in str([(each.actor, each.about, each.before, each.after) for each in entries.entries])
    assert name in [each.actor for each in entries.entries]
    assert "ana@example.com" not in entries.actors
    assert "ana@example.com" not in str(list(trail_rows(session, TrailQuery())))


def test_the_trail_tells_neither_earlier_names_and_e_mails_nor_nicknames(session, left):
    settle(session)
    ana, by = actor(session, "ana"), actor(session, "enzo")
    for name, email in (("Ana Quartz", "quartz@example.com"), ("Ana", "ana@example.com")):
        people_editing.change_person(session, left, name=name, email=email, now=LATER, by=by)
    people_editing.add_external_id(session, left, "crm-zebra", now=LATER, by=by)
    people_editing.remove_external_id(session, left, "crm-zebra", now=LATER, by=by)
    for email in ("ana.pinto@example.com", "bia@example.com", "ana@example.com"):
        account_admin.change_email(session, ana.user_id, email, now=LATER, by=by)
    anonymising.anonymise(session, left, **HOW)
    shown = str(list(trail_rows(session, TrailQuery()))).replace("Helped Ana", "")  # what a text says is not masked
    for known in ("Ana", "ana@", "Quartz", "quartz", "zebra", "Nina", "pinto"):
        assert known not in shown, known
    assert "bia@example.com" in shown  # an e-mail of theirs once, but somebody else's now
    assert hand_in(session, csv_of("n1,2027-01-20T09:00,opportunity.won,N1,bia@example.com,,,1"), now=LATER).new == 1
    refused = hand_in(session, csv_of("n2,2027-01-20T09:00,opportunity.won,N2,quartz@example.com,,,1"), now=LATER)
    assert "made anonymous" in refused.refusals[0].reason
    assert list(verify(session, now=LATER)) == []


def test_what_others_take_away_does_not_name_them_either(session, left):
    settle(session)
    bia = ids_of(session)["bia"]
    assert "ana@example.com" in str(personal_data.data_of(session.connection(), member_id=bia)["adjustments"])
    session.rollback()
    anonymising.anonymise(session, left, **HOW)
    told = str(personal_data.data_of(session.connection(), member_id=bia))
    assert "ana@example.com" not in told
    assert f"Former member {left}" in told


def test_trying_a_draft_out_names_them_as_the_board_does(session, left):
    settle(session)
    anonymising.anonymise(session, left, **HOW)
    trial = try_out(session, rule_book(session.connection()).rules.versions[0].agreement, [parse_period("2026-Q4")])
    (quarter,) = trial.quarters
    for names in ([each.name for each in quarter.members], [each.name for each in (*quarter.was, *quarter.would)]):
        assert f"Former member {left}" in names
        assert "Ana" not in names


def test_neither_the_report_of_a_month_nor_what_is_told_of_its_close_names_them(session, left):
    settle(session)
    close = {"job": "close", "outcome": "done", "by": "scheduler", "times": 1}
    told = "2026-10 closed; reps of the month: Anabel, Ana; team of the month: North"
    session.execute(insert(JobRun).values(told=told, started_at=CLOSED_AT, finished_at=CLOSED_AT, **close))
    session.commit()
    anonymising.anonymise(session, left, **HOW)
    name = f"Former member {left}"
    assert session.execute(select(JobRun.told)).scalar_one() == told.replace(", Ana;", f", {name};")
    report = monthly_report(session, Asked(parse_period("2026-11")), EVERYTHING, now=LATER)
    assert [each.name for each in report.best].count(name) == 1
    assert "Ana" not in [each.name for each in report.best]


def test_the_account_is_closed_for_good(session, left):
    settle(session)
    ana = actor(session, "ana")
    tokens.issue_token(session, email=ana.name, name="crm", **HOW)
    anonymising.anonymise(session, left, **HOW)
    found = account_admin.find_account(session, ana.user_id)
    assert (found.email, found.is_active, found.is_anonymised) == (f"former-account-{ana.user_id}@invalid", False, True)
    with pytest.raises(Refused):
        account_admin.reactivate(session, ana.user_id, **HOW)
    for table in ("user_session", "api_token"):
        assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
    session.rollback()
    with pytest.raises(CompanyRefused) as refused:  # though the company's sign-in still knows them, by a new e-mail
        admit(session, Identity(COMPANY.issuer, "subject-17", "lima@example.com", frozenset()), COMPANY, **AT_THE_DOOR)
    assert refused.value.because == "closed"
    with pytest.raises(CompanyRefused) as refused:
        admit(session, Identity(COMPANY.issuer, "18", "ana@example.com", frozenset()), COMPANY, **AT_THE_DOOR)
    assert refused.value.because == "closed"


def test_nobody_takes_them_up_again_and_each_row_says_why(session, left):
    settle(session)
    anonymising.anonymise(session, left, **HOW)
    lines = (
        "n1,2027-01-20T09:00,opportunity.won,N1,Ana@example.com,,,1.00",
        "n2,2027-01-20T09:00,opportunity.won,N2,hs-1,,,1.00",
        f"n3,2027-01-20T09:00,opportunity.won,N3,former-{left},,,1.00",
        f"n4,2027-01-20T09:00,opportunity.won,N4,{fingerprint('hs-1')},,,1.00",
        "n5,2027-01-20T09:00,opportunity.won,N5,bia@example.com,,,1.00",
    )
    report = hand_in(session, csv_of(*lines), now=LATER)
    assert (report.new, report.refused) == (1, 4)
    assert "made anonymous" in report.refusals[0].reason
    assert "made anonymous" in report.refusals[1].reason
    created = hand_in(session, csv_of(*lines[:2]), now=LATER, create_members="sales")
    assert (created.refused, created.created_members) == (2, 0)
    for row in ("ana@example.com,Ana,North,sales,2027-02-01,,,", "x@example.com,X,North,sales,2027-02-01,,,sf-1"):
        with pytest.raises(Refused, match="made anonymous"):
            load_people(session, io.BytesIO(people_file([row])), **HOW)
    north, bia = ids_of(session, Team)["North"], ids_of(session)["bia"]
    for attempt in (
        lambda: people_editing.add_person(
            session, name="Ana", email="ANA@example.com", team_id=north, starts_on=date(2027, 2, 1), **HOW
        ),
        lambda: people_editing.add_external_id(session, bia, "hs-1", **HOW),
        lambda: people_editing.change_person(session, left, name="Ana", email="", **HOW),
        lambda: accounts.add_user(session, email="ana@example.com", role="rep", costs=CHEAP, **HOW),
    ):
        with pytest.raises(Refused, match="anonymous"):
            attempt()
    assert list(verify(session, now=LATER)) == []


def test_who_cannot_be_made_anonymous_yet_is_told_why(session, left):
    def problem(member_id, by=COMMAND_LINE, now=LATER):
        with pytest.raises(PersonRefused) as refused:
            anonymising.anonymise(session, member_id, now=now, by=by)
        return refused.value.problem

    assert problem(left) == "unpaid"
    assert problem(ids_of(session)["bia"]) == "still-there"
    assert problem(left, now=datetime(2026, 12, 31, 12, tzinfo=LATER.tzinfo)) == "still-there"  # the last day
    assert problem(left, by=actor(session, "ana")) == "own"
    assert problem(999) == "missing"
    settle(session)
    anonymising.check_can_be_anonymised(session, left, now=LATER)
    anonymising.anonymise(session, left, **HOW)
    assert problem(left) == "anonymous"
    leaving = ["eva@example.com,Eva,South,sales,2026-10-19,2027-01-05,rep,hs-5"]
    load_people(session, io.BytesIO(people_file(leaving)), **HOW)
    assert problem(ids_of(session)["eva"]) == "quarter"


def test_a_person_takes_away_all_that_names_them_and_no_secret(session, left):
    ana = actor(session, "ana")
    accounts.sign_in(session, email=ana.name, password=PASSWORD, address="127.0.0.1", now=CLOSED_AT, limits=LIMITS)
    content = personal_data.hand_out(session, member_id=left, now=LATER, by=ana)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        data = json.loads(archive.read(personal_data.JSON_NAME))
        names = set(archive.namelist())
        everything = "".join(archive.read(name).decode() for name in names)
    assert data["person"][0]["name"] == "Ana"
    assert {each["external_id"] for each in data["ids"]} == {"hs-1", "sf-1"}
    assert [(each["team"], each["until"]) for each in data["memberships"]] == [("North", "2027-01-01")]
    assert len(data["events"]) == 8
    assert sum(each["points"] for each in data["points"]) == 400
    for name in ("results", "standings", "badges", "bonuses", "bonus_shares", "account", "sessions", "display_choices"):
        assert data[name], name
        assert f"{name}.csv" in names
    assert "Helped Ana" in str(data["adjustments_made"])
    done = {each["action"] for each in data["audit_trail"]}
    assert {"user.added", "member.display_choice", "adjustment.made"} <= done
    assert "argon2" not in everything
    assert "bia@example.com" not in json.dumps([data["account"], data["person"], data["points"], data["bonus_shares"]])
    assert search_trail(session, TrailQuery(action="data.exported")).entries[0].about == "member ana@example.com"


def test_an_account_without_a_member_has_its_own_data(session, left):
    enzo = actor(session, "enzo")
    content = personal_data.hand_out(session, user_id=enzo.user_id, now=LATER, by=enzo)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        data = json.loads(archive.read(personal_data.JSON_NAME))
    assert [each["email"] for each in data["account"]] == [enzo.name]
    assert "period.closed" in {each["action"] for each in data["audit_trail"]}
    assert "person" not in data
    with pytest.raises(Refused):
        personal_data.hand_out(session, member_id=999, now=LATER, by=enzo)


def test_a_text_is_masked_where_it_names_them_and_nowhere_else():
    names = {fingerprint("ana@example.com"): "Former member 1", fingerprint("crm-17"): "Former member 1"}
    for text_before, shown in (
        ("ana@example.com", "Former member 1"),
        ("user Ana@Example.com", "user Former member 1"),
        ("member crm-17", "member Former member 1"),
        ("crm-17", "Former member 1"),
        ("crm-170", "crm-170"),
        ("Ask ana@example.com, or bia@example.com.", "Ask Former member 1, or bia@example.com."),
        ("diana@example.com", "diana@example.com"),
    ):
        assert masked(text_before, names) == shown
    assert masked("ana@example.com", {}) == "ana@example.com"


def test_every_table_is_either_handed_out_or_known_to_name_nobody(session):
    """A new table that names people must be thought of here: in the data that is handed out, and in anonymising."""
    naming = {
        column.table.name
        for table in Base.metadata.sorted_tables
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name in ("member", "user_account")
    }
    handed_out = {
        *("external_id", "membership", "event", "point_entry", "badge_run", "adjustment", "point_question"),
        *("award_share", "display_choice", "user_account", "manager_team", "user_session", "api_token"),
        *("bonus_question", "agreement_signature", "audit_entry"),
        *("user_identity", "mail", "mail_refusal", "calendar_feed", "upload"),
    }
    assert naming == handed_out
    assert inspect(session.connection()).has_table("member")


@pytest.mark.databases("postgresql")
def test_the_lock_of_accounts_is_held_before_what_it_guards_is_written(session, left, query_counter):
    """Else one who holds it waits for a row, and whoever wrote that row for the lock."""
    settle(session)
    leaving = [f"eva@example.com,Eva,South,sales,2026-10-19,{date(2027, 1, 5)},rep,hs-5"]
    for act in (
        lambda: load_people(session, io.BytesIO(people_file(leaving)), **HOW),
        lambda: anonymising.anonymise(session, left, **HOW),
    ):
        with query_counter() as statements:
            act()
        locked = max(number for number, each in enumerate(statements) if "pg_advisory_xact_lock" in each)
        guarded = [
            each for each in statements[:locked] if re.match("UPDATE (user_account|agreement_draft|display)", each)
        ]
        assert guarded == []


def test_what_crms_sent_names_them_no_more_and_tells_what_named_them(session, left):
    settle(session)
    _hook, secret = add(session, "generic", slug="crm")
    rows = [
        event(1, "hs-1"),
        {**event(2, "ana@example.com"), "team": "West"},
        {**event(3, "hs-11"), "occurred_at": "x"},
    ]
    for each in rows:
        send(session, secret, each, now=LATER)
    send(session, secret, [{**event(4, "hs-1"), "occurred_at": "hs-1"}], now=LATER)
    told_before = personal_data.data_of(session.connection(), member_id=left)
    assert [each["id"] for each in told_before["webhook_deliveries"]] == [1, 2, 4]
    assert [each["event_id"] for each in told_before["events_that_wait"]] == ["assigned-2"]
    anonymising.anonymise(session, left, **HOW)
    kept = session.execute(select(HookDelivery.body, HookDelivery.told).order_by(HookDelivery.id)).all()
    assert [bool(each.body) for each in kept] == [False, False, True, False]
    assert [each.told is None for each in kept] == [True, True, False, True]
    assert session.execute(select(ParkedEvent.id)).all() == []
    assert "hs-1'" not in told(session, but_for=FOR_GOOD)
    send(session, secret, {**event(5, "hs-1")}, now=LATER)
    assert session.execute(select(HookDelivery.refused).order_by(HookDelivery.id.desc())).scalars().first() == 1
