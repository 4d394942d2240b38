"""Signing in, sessions, passwords and tokens, without a browser."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.errors import PasswordRefused, Refused, Throttled, WrongSignIn
from leaderboard.services import account_admin, accounts, tokens
from leaderboard.services.accounts import HashCosts, Limits
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.storage.accounts_tables import ApiToken, SignInAttempt, UserAccount, UserSession
from leaderboard.storage.tables import OrganisationRow

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ANA = "ana@example.com"
PASSWORD = "vier Dächer aus Zink"
CHEAP = HashCosts(8, 1, 1)
LIMITS = Limits(
    window=timedelta(minutes=15),
    per_account=5,
    per_address=8,
    idle=timedelta(minutes=30),
    absolute=timedelta(hours=12),
    costs=CHEAP,
)
ORGANISATION = """
[organisation]
name = "Aurora"
time_zone = "UTC"
currency = "BRL"
[calendar]
monday = ["09:00-17:00"]
"""


def add_ana(session, **changes):
    values = {
        "email": ANA,
        "role": "rep",
        "password": PASSWORD,
        "now": NOW,
        "by": COMMAND_LINE,
        "costs": CHEAP,
        **changes,
    }
    return accounts.add_user(session, **values)


def sign_in(session, password=PASSWORD, *, email=ANA, address="192.0.2.1", now=NOW, limits=LIMITS):
    return accounts.sign_in(session, email=email, password=password, address=address, now=now, limits=limits)


def resume(session, token, now=NOW):
    return accounts.resume(session, token, now=now, limits=LIMITS)


def fail(session, times, **where):
    for _ in range(times):
        with pytest.raises(WrongSignIn):
            sign_in(session, "wrong", **where)


def user_id(session, email=ANA):
    return session.scalar(select(UserAccount.id).where(UserAccount.email == email))


def test_a_user_signs_in_with_the_password_that_was_made(session):
    made = add_ana(session, password=None)
    token = sign_in(session, made)
    resumed = resume(session, token)
    assert (resumed.email, resumed.role, resumed.signed_in_at) == (ANA, "rep", NOW)


def test_an_e_mail_is_the_same_in_capitals(session):
    add_ana(session, email=" Ana@Example.COM ")
    assert sign_in(session, email="ANA@example.com")
    with pytest.raises(Refused, match="has an account already"):
        add_ana(session)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"email": "ana"}, "is not an e-mail address"),
        ({"email": "ana@b\n@c"}, "is not an e-mail address"),
        ({"email": "a" * 245 + "@example.com"}, "is not an e-mail address"),
        ({"role": "owner"}, "is not a role; expected rep, manager or admin"),
        ({"password": "k9#vR2!mXq7"}, "fewer than 12 characters"),
        ({"password": "password1234"}, "guessed first"),
        ({"password": ""}, "fewer than 12 characters"),
    ],
)
def test_what_makes_no_account_is_refused_in_words(session, changes, told):
    with pytest.raises(Refused, match=told):
        add_ana(session, **changes)
    assert session.scalar(select(func.count()).select_from(UserAccount)) == 0


def test_an_account_that_was_there_first_is_linked_when_people_are_loaded(session):
    load_organisation(session, ORGANISATION, now=NOW, by=COMMAND_LINE)
    add_ana(session)
    add_ana(session, email="bia@example.com")
    file = b"email,name,team,side,from,role\nAna@example.com,Ana,North,sales,2026-01-01,manager\n"
    file += b"bia@example.com,Bia,North,sales,2026-01-01,\n"
    load_people(session, BytesIO(file), now=NOW, by=COMMAND_LINE)
    ana, bia = resume(session, sign_in(session)), resume(session, sign_in(session, email="bia@example.com"))
    assert (ana.role, bia.role) == ("manager", "rep")
    assert None not in (ana.member_id, bia.member_id)
    assert ana.member_id != bia.member_id


def test_only_hashes_are_stored(session):
    add_ana(session)
    token = sign_in(session)
    api = tokens.issue_token(session, email=ANA, name="test", now=NOW, by=COMMAND_LINE)
    assert session.scalar(select(UserAccount.password_hash)).startswith("$argon2id$")
    stored = [str(row) for table in ("user_account", "user_session", "api_token") for row in rows(session, table)]
    for secret in (PASSWORD, token, api):
        assert not any(secret in row for row in stored)
    assert len(token) >= 43


def rows(session, table):
    return session.execute(text(f"SELECT * FROM {table}")).all()


def test_an_api_token_ends_after_a_year_and_is_known_by_its_first_characters(session):
    add_ana(session)
    token = tokens.issue_token(session, email="ANA@example.com", name="payroll", now=NOW, by=COMMAND_LINE)
    stored = session.execute(select(ApiToken)).scalar_one()
    assert token.startswith(stored.prefix)
    assert (stored.name, stored.expires_at) == ("payroll", NOW + timedelta(days=365))
    assert stored.key == accounts.token_key(token)


def test_an_api_token_needs_an_account(session):
    with pytest.raises(Refused, match="has no account; add one with"):
        tokens.issue_token(session, email="nobody@example.com", name="x", now=NOW, by=COMMAND_LINE)


@pytest.mark.parametrize("password", ["x" * 3 + "ab9!" * 25, "🏔️🚲🎻🪁🧭🪵🥁🎷🪴🧶🧵🪡", "  blanks count, too  "])
def test_a_password_is_taken_to_its_last_character(session, password):
    add_ana(session, password=password)
    assert sign_in(session, password)
    for wrong in (password[:-1], password + "x", password.strip() + "\t", password.swapcase() + "."):
        with pytest.raises(WrongSignIn):
            sign_in(session, wrong)


def test_each_sign_in_has_a_session_of_its_own(session):
    add_ana(session)
    assert sign_in(session) != sign_in(session)
    assert session.scalar(select(func.count()).select_from(UserSession)) == 2


def test_unknown_wrong_and_closed_are_refused_in_the_same_words(session):
    add_ana(session)
    add_ana(session, email="bia@example.com")
    account_admin.deactivate(session, user_id(session, "bia@example.com"), now=NOW, by=COMMAND_LINE)
    told = set()
    for email, password in ((ANA, "wrong"), ("nobody@example.com", PASSWORD), ("bia@example.com", PASSWORD)):
        with pytest.raises(WrongSignIn) as refusal:
            sign_in(session, password, email=email)
        told.add(str(refusal.value))
    assert len(told) == 1


def test_an_unknown_user_costs_a_hash_too(session, monkeypatch):
    add_ana(session)
    verified = []
    real = PasswordHasher.verify

    def verify(self, password_hash, password):
        verified.append(password_hash.split("$")[3])
        return real(self, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    fail(session, 1)
    fail(session, 1, email="nobody@example.com")
    assert verified == ["m=8,t=1,p=1"] * 2


def test_an_account_waits_after_five_failures_and_no_longer_than_the_window(session):
    add_ana(session)
    for second in range(5):
        fail(session, 1, now=NOW + timedelta(seconds=second), address=f"192.0.2.{second}")
    with pytest.raises(Throttled) as refusal:
        sign_in(session, now=NOW + timedelta(seconds=60), address="198.51.100.1")
    assert refusal.value.seconds == 14 * 60
    last = NOW + LIMITS.window
    with pytest.raises(Throttled):
        sign_in(session, now=last - timedelta(seconds=1))
    assert sign_in(session, now=last)


def test_many_attempts_at_once_are_no_way_round_the_limit(session):
    add_ana(session)
    engine = session.get_bind()

    def guess(number):
        with Session(engine) as own, pytest.raises((WrongSignIn, Throttled)) as refusal:
            sign_in(own, f"guess {number}", address=f"192.0.2.{number}")
        return refusal.type

    with ThreadPoolExecutor(16) as pool:
        refusals = Counter(pool.map(guess, range(48)))
    assert refusals == {WrongSignIn: 5, Throttled: 43}


@pytest.mark.parametrize(
    ("addresses", "is_throttled"),
    [
        ([f"2001:db8::{n:x}" for n in range(1, 9)], True),  # one subscriber's /64
        ([f"2001:db8:0:{n:x}::1" for n in range(1, 9)], False),
        (["::ffff:192.0.2.1"] * 4 + ["192.0.2.1"] * 4, True),
        (["unknown"] * 8, True),
    ],
)
def test_the_addresses_of_one_subscriber_count_together(session, addresses, is_throttled):
    add_ana(session)
    for number, address in enumerate(addresses):
        fail(session, 1, email=f"nobody{number}@example.com", address=address)
    if is_throttled:
        with pytest.raises(Throttled):
            sign_in(session, address=addresses[0])
    else:
        assert sign_in(session, address=addresses[0])


def test_attempts_while_waiting_do_not_prolong_the_wait(session):
    add_ana(session)
    fail(session, 5)
    for minute in range(14):
        with pytest.raises(Throttled):
            sign_in(session, now=NOW + timedelta(minutes=minute))
    assert sign_in(session, now=NOW + timedelta(minutes=15))


def test_an_address_waits_after_its_failures_whatever_the_accounts(session):
    add_ana(session)
    for number in range(8):
        fail(session, 1, email=f"nobody{number}@example.com")
    with pytest.raises(Throttled):
        sign_in(session)
    assert sign_in(session, address="198.51.100.7")


def test_signing_in_forgets_the_failures_of_that_account_alone(session):
    add_ana(session)
    fail(session, 4)
    fail(session, 3, email="nobody@example.com")
    sign_in(session)
    assert session.scalar(select(func.count()).select_from(SignInAttempt)) == 3
    fail(session, 4)


def test_attempts_that_count_no_more_are_deleted(session):
    fail(session, 3, email="nobody@example.com")
    fail(session, 1, email="other@example.com", now=NOW + LIMITS.window)
    assert session.scalar(select(func.count()).select_from(SignInAttempt)) == 1


def test_a_hash_of_other_costs_is_made_again_at_sign_in(session):
    add_ana(session)
    before = session.scalar(select(UserAccount.password_hash))
    dearer = Limits(**{**vars(LIMITS), "costs": HashCosts(16, 1, 1)})
    sign_in(session, limits=dearer)
    session.rollback()
    after = session.scalar(select(UserAccount.password_hash))
    assert "m=8," in before
    assert "m=16," in after
    assert sign_in(session, limits=dearer)


def test_resuming_is_one_statement_with_the_versions(session, query_counter):
    add_ana(session)
    token = sign_in(session)
    assert resume(session, token).scores_version is None
    load_organisation(session, ORGANISATION, now=NOW, by=COMMAND_LINE)
    with query_counter() as statements:
        resumed = resume(session, token, NOW + timedelta(seconds=59))
    assert len(statements) == 1
    stored = session.execute(select(OrganisationRow.scores_version, OrganisationRow.rules_version)).one()
    assert (resumed.scores_version, resumed.rules_version) == tuple(stored)


def test_use_is_noted_at_most_once_a_minute(session):
    add_ana(session)
    token = sign_in(session)
    for seconds, seen in ((59, 0), (60, 60), (119, 60), (120, 120)):
        resume(session, token, NOW + timedelta(seconds=seconds))
        session.rollback()
        assert session.scalar(select(UserSession.last_seen_at)) == NOW + timedelta(seconds=seen)


def test_an_idle_session_ends(session):
    add_ana(session)
    token = sign_in(session)
    assert resume(session, token, NOW + LIMITS.idle - timedelta(microseconds=1))
    token = sign_in(session)
    assert resume(session, token, NOW + LIMITS.idle) is None


def test_a_session_ends_after_its_hours_however_busy(session):
    add_ana(session)
    token = sign_in(session)
    at = NOW
    while at < NOW + LIMITS.absolute:
        assert resume(session, token, at), at
        at += timedelta(minutes=20)
    assert resume(session, token, NOW + LIMITS.absolute) is None


def test_sessions_that_are_over_are_deleted_at_the_next_sign_in(session):
    add_ana(session)
    sign_in(session)
    sign_in(session, now=NOW + LIMITS.idle)
    assert session.scalar(select(func.count()).select_from(UserSession)) == 1


def test_signing_out_ends_one_session_or_all(session):
    add_ana(session)
    add_ana(session, email="bia@example.com")
    one, two, three = sign_in(session), sign_in(session), sign_in(session)
    other = sign_in(session, email="bia@example.com")
    accounts.sign_out(session, one)
    assert [bool(resume(session, token)) for token in (one, two, three, other)] == [False, True, True, True]
    accounts.sign_out_everywhere(session, user_id(session), now=NOW, by=COMMAND_LINE)
    assert [bool(resume(session, token)) for token in (one, two, three, other)] == [False, False, False, True]


def test_closing_an_account_ends_its_sessions(session):
    add_ana(session)
    token = sign_in(session)
    account_admin.deactivate(session, user_id(session), now=NOW, by=COMMAND_LINE)
    assert resume(session, token) is None
    with pytest.raises(Refused):
        tokens.issue_token(session, email=ANA, name="x", now=NOW, by=COMMAND_LINE)


def change(session, old, new):
    return accounts.change_password(
        session,
        user_id(session),
        old=old,
        new=new,
        address="192.0.2.1",
        now=NOW,
        limits=LIMITS,
        by=COMMAND_LINE,
    )


def test_a_changed_password_ends_every_other_session(session):
    add_ana(session)
    before = [sign_in(session), sign_in(session)]
    token = change(session, PASSWORD, "fünf Dächer aus Zinn")
    assert [resume(session, each) for each in before] == [None, None]
    assert resume(session, token).email == ANA
    fail(session, 1)
    assert sign_in(session, "fünf Dächer aus Zinn")


def test_changing_a_password_needs_the_old_one_and_is_throttled(session):
    add_ana(session)
    for _ in range(5):
        with pytest.raises(WrongSignIn):
            change(session, "wrong", "fünf Dächer aus Zinn")
    with pytest.raises(Throttled):
        change(session, PASSWORD, "fünf Dächer aus Zinn")
    assert sign_in(session, now=NOW + LIMITS.window)


def test_a_new_password_is_checked_like_the_first_and_a_bad_choice_is_no_failed_attempt(session):
    add_ana(session)
    token = sign_in(session)
    for _ in range(LIMITS.per_account):
        with pytest.raises(PasswordRefused) as refusal:
            change(session, PASSWORD, "ana.example1")
        assert refusal.value.reason == "personal"
    assert resume(session, token)
    assert change(session, PASSWORD, "fünf Dächer aus Zinn")


def test_a_password_changed_during_a_sign_in_refuses_it(session, monkeypatch):
    add_ana(session)
    real = accounts._is_password

    def slow(password_hash, password, costs):
        monkeypatch.setattr(accounts, "_is_password", real)
        change(session, PASSWORD, "fünf Dächer aus Zinn")
        return real(password_hash, password, costs)

    monkeypatch.setattr(accounts, "_is_password", slow)
    with pytest.raises(WrongSignIn):
        sign_in(session)


def test_a_language_is_kept_if_the_product_speaks_it(session):
    add_ana(session)
    token = sign_in(session)
    accounts.set_language(session, user_id(session), "pt_BR")
    assert resume(session, token).language == "pt_BR"
    with pytest.raises(Refused, match="expected en or pt_BR"):
        accounts.set_language(session, user_id(session), "tlh")
