"""The audit trail: every change of state is in it with who made it, and it is found again."""

import io
from dataclasses import replace
from datetime import date, timedelta

import pytest

from leaderboard.domain.actors import COMMAND_LINE, Actor
from leaderboard.domain.errors import Refused
from leaderboard.services import account_admin, accounts, tokens
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.importing import ImportOptions, import_events
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.services.scoring import score_everything
from leaderboard.services.trail import TrailQuery, search_trail, trail_rows
from leaderboard.storage import trail
from tests.services.examples import NOW, ORGANISATION, PEOPLE, SPEED, WINS, agreement, csv_of, set_up
from tests.services.test_accounts import CHEAP, LIMITS

ENZO = Actor("enzo@example.com")
PASSWORD, OTHER = "nine quiet lanterns", "seven loud lanterns"


def told(session):
    """Return action, about, before and after of the entries, oldest first."""
    entries = search_trail(session, TrailQuery(), page_size=100).entries
    return [(each.action, each.about, each.before, each.after) for each in reversed(entries)]


def note(session, number, **changes):
    entry = {"action": "award.approved", "about": f"award {number}", "at": NOW, **changes}
    actor = entry.pop("actor", ENZO)
    trail.note(session.connection(), actor, entry.pop("action"), entry.pop("about"), **entry)
    session.commit()


def found(session, **query):
    return [each.about for each in search_trail(session, TrailQuery(**query)).entries]


def test_what_is_loaded_is_noted_with_what_it_was_and_what_it_became(session):
    set_up(session, agreement(SPEED))
    load_organisation(session, ORGANISATION.replace("Aurora", "Borealis"), now=NOW, by=ENZO)
    load_agreement(session, agreement(SPEED, WINS), now=NOW, by=ENZO)
    entries = search_trail(session, TrailQuery()).entries
    assert [(each.action, each.actor) for each in reversed(entries)] == [
        ("organisation.loaded", "command line"),
        ("people.loaded", "command line"),
        ("agreement.loaded", "command line"),
        ("organisation.loaded", ENZO.name),
        ("agreement.loaded", ENZO.name),
    ]
    organisation, version = entries[1], entries[0]
    assert organisation.before.startswith("Aurora; America/Sao_Paulo; BRL; ")
    assert organisation.after.startswith("Borealis; America/Sao_Paulo; BRL; ")
    assert (version.about, entries[2].before) == ("agreement 2026-01-01", None)
    assert version.before == entries[2].after != version.after
    assert entries[3].after == "5 rows; 4 members; 3 teams"


def test_a_file_of_events_is_noted_with_its_counts_and_a_dry_run_is_not(session):
    set_up(session, agreement(SPEED))
    content = csv_of("a,2026-10-05,lead.assigned,L1,ana@example.com", "b,never,lead.assigned,L1,ana@example.com")
    for is_dry_run in (True, False):
        options = ImportOptions(file_name="leads.csv", is_dry_run=is_dry_run)
        import_events(session, io.BytesIO(content), options, now=NOW, by=ENZO)
    score_everything(session, now=NOW, by=ENZO, noted_at=NOW + timedelta(days=1))
    assert told(session)[3:] == [
        ("events.imported", "file leads.csv", None, "2 rows; 1 new; 0 duplicate; 1 refused"),
        ("scores.renewed", "everything", None, "as of 2026-12-15T15:00:00+00:00; 0 entries posted"),
    ]
    assert search_trail(session, TrailQuery()).entries[0].at == NOW + timedelta(days=1)


def test_what_is_refused_is_not_noted(session):
    set_up(session, agreement(SPEED))
    before = told(session)
    for load, content in ((load_people, io.BytesIO(b"email\n")), (load_agreement, "x"), (load_organisation, "x")):
        with pytest.raises(Refused):
            load(session, content, now=NOW, by=ENZO)
        session.rollback()
    assert told(session) == before


def test_accounts_are_noted_and_no_secret_is(session):
    set_up(session, agreement(SPEED))
    account = {"email": "ana@example.com", "now": NOW, "by": COMMAND_LINE}
    accounts.add_user(session, role="manager", password=PASSWORD, costs=CHEAP, **account)
    first = accounts.sign_in(
        session, email="ana@example.com", password=PASSWORD, address="192.0.2.1", now=NOW, limits=LIMITS
    )
    ana = accounts.resume(session, first, now=NOW, limits=LIMITS)
    by = Actor(ana.email, ana.id, ana.member_id)
    second = accounts.change_password(
        session, ana.id, old=PASSWORD, new=OTHER, address="192.0.2.1", now=NOW, by=by, limits=LIMITS
    )
    token = tokens.issue_token(session, name="reports", **account)
    accounts.sign_out_everywhere(session, ana.id, now=NOW, by=by)
    load_people(session, io.BytesIO(PEOPLE.encode()), now=NOW, by=ENZO)
    account_admin.deactivate(session, ana.id, now=NOW, by=ENZO)
    user = "user ana@example.com"
    assert told(session)[3:] == [
        ("user.added", user, None, "manager"),
        ("password.changed", user, None, None),
        ("token.issued", user, None, "reports; read; valid until 2027-12-15"),
        ("sessions.ended", user, None, None),
        ("role.changed", user, "manager", "rep"),
        ("people.loaded", "people", None, "5 rows; 4 members; 3 teams"),
        ("user.deactivated", user, None, None),
    ]
    told_of_ana = search_trail(session, TrailQuery(actor=ana.email)).entries
    assert [each.action for each in told_of_ana] == ["sessions.ended", "password.changed"]
    everything = repr(list(trail_rows(session, TrailQuery())))
    secrets = (PASSWORD, OTHER, first, second, token, accounts.token_key(token), "argon2")
    assert not [secret for secret in secrets if secret in everything]


def test_entries_are_found_by_each_thing_that_they_say(session):
    note(session, 1, before="proposed", after="approved")
    note(session, 12, action="award.declined", why="50 % of them were test leads")
    note(session, 3, action="awards.exported", actor=COMMAND_LINE)
    assert found(session) == ["award 3", "award 12", "award 1"]
    assert found(session, actor="command line") == ["award 3"]
    assert found(session, action="award") == ["award 12", "award 1"]
    assert found(session, action="award.approved") == ["award 1"]
    assert found(session, about="award 1") == ["award 1"]
    assert found(session, text="TEST leads") == ["award 12"]
    note(session, 13, why="Uma decisão ÉPICA")
    assert found(session, text="DECISÃO épica") == ["award 13"]
    assert found(session, text="50 %") == ["award 12"]
    assert found(session, text="5_ %") == []
    assert found(session, text="approved", action="award.declined") == []
    page = search_trail(session, TrailQuery())
    assert page.actors == ("command line", "enzo@example.com")
    assert page.actions == ("award.approved", "award.declined", "awards.exported")


def test_t1_a_day_is_the_organisations_and_both_ends_are_included(session):
    load_organisation(session, ORGANISATION, now=NOW - timedelta(days=9), by=ENZO)
    midnight = NOW.replace(hour=3)  # of 15 December in São Paulo
    for number, at in enumerate((midnight - timedelta.resolution, midnight, midnight + timedelta(days=1)), 1):
        note(session, number, at=at)
    day = date(2026, 12, 15)
    assert found(session, since=day, until=day) == ["award 2"]
    assert found(session, since=day) == ["award 3", "award 2"]
    assert found(session, until=date(2026, 12, 14), about="award 1") == ["award 1"]


def test_pages_follow_each_other_without_gap_and_the_export_has_them_all(session, monkeypatch):
    for number in range(5):
        note(session, number)
    query, pages = TrailQuery(action="award"), []
    while query is not None:
        page = search_trail(session, query, page_size=2)
        pages.append([each.about for each in page.entries])
        query = page.older_than and replace(query, older_than=page.older_than)
    assert pages == [["award 4", "award 3"], ["award 2", "award 1"], ["award 0"]]
    monkeypatch.setattr("leaderboard.services.trail.ENTRIES_A_CHUNK", 2)
    rows = list(trail_rows(session, TrailQuery()))
    assert [row[4] for row in rows] == [about for page in pages for about in page]
    assert rows[0][1:4] == ["2026-12-15T15:00:00Z", "enzo@example.com", "award.approved"]


def test_a_search_takes_the_same_few_statements_however_much_there_is(session, query_counter):
    for number in range(3):
        note(session, number)
    with query_counter() as statements:
        search_trail(session, TrailQuery(text="award"), page_size=2)
    assert len(statements) <= 4, statements
