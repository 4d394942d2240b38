"""Accounts in the database: what it refuses by itself."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from leaderboard.storage import accounts, people
from leaderboard.storage.accounts_tables import UserAccount
from leaderboard.storage.database import db, write_at_once

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def add(session, email="ana@example.com", role="rep"):
    return accounts.add_account(session.connection(), email, role, "a hash", NOW)


def test_an_e_mail_has_one_account(session):
    add(session)
    with pytest.raises(IntegrityError):
        add(session)


@pytest.mark.parametrize(("email", "role"), [("Ana@example.com", "rep"), ("ana@example.com", "owner")])
def test_an_e_mail_in_capitals_and_an_unknown_role_are_refused(session, email, role):
    with pytest.raises(IntegrityError):
        add(session, email, role)


def test_an_account_is_linked_to_the_member_with_its_e_mail(session):
    member_id = people.add_member(session.connection(), "ana@example.com", "ana@example.com", "Ana")
    add(session)
    assert session.scalar(select(UserAccount.member_id)) == member_id


def test_members_that_come_later_are_linked_and_no_others(session):
    add(session)
    add(session, "enzo@example.com", "admin")
    member_id = people.add_member(session.connection(), "ana@example.com", "ana@example.com", "Ana")
    accounts.link_members(session.connection())
    linked = dict(session.execute(select(UserAccount.email, UserAccount.member_id)).all())
    assert linked == {"ana@example.com": member_id, "enzo@example.com": None}


@pytest.mark.databases("sqlite")
def test_a_small_write_is_left_out_while_another_process_writes(app, session):
    with app.app_context(), db.engine.connect() as other:
        writer = other.execution_options(is_write=True)
        writer.execute(text("SELECT 1"))
        with write_at_once(session) as connection:
            connection.execute(text("DELETE FROM wake_up"))
        writer.rollback()
    assert session.execute(text("PRAGMA busy_timeout")).scalar() == 30_000


def test_a_small_write_is_kept(session):
    user_id = add(session)
    session.commit()
    with write_at_once(session) as connection:
        accounts.set_language(connection, user_id, "pt_BR")
    session.rollback()
    assert session.scalar(select(UserAccount.language)) == "pt_BR"


def test_another_fault_of_a_small_write_is_not_hidden(session):
    with pytest.raises(IntegrityError), write_at_once(session) as connection:
        connection.execute(text("INSERT INTO user_session VALUES ('short', 1, 0, 0)"))
    assert not issubclass(IntegrityError, OperationalError)
