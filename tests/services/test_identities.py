"""Users of the company's sign-in: linked by a verified e-mail, made, given the role of their groups, kept out."""

from dataclasses import replace
from io import BytesIO

import pytest
from sqlalchemy import select

from leaderboard.company_settings import company_faults, roles_of_groups
from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.errors import AccountRefused, CompanyRefused, WrongSignIn
from leaderboard.services import account_admin, identities, personal_data
from leaderboard.services.company import Company, Identity
from leaderboard.services.identities import admit
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.storage.accounts_tables import UserAccount
from leaderboard.storage.mail_tables import UserIdentity
from leaderboard.storage.tables import Member
from leaderboard.storage.trail_tables import AuditEntry
from tests.factories import people_file
from tests.services.test_accounts import LIMITS, NOW, ORGANISATION, resume, sign_in
from tests.web.door import ANA, DORA, ENZO, add_people

HOW = {"now": NOW, "by": COMMAND_LINE}
COMPANY = Company("https://login.example.com", "board", "secret")
GROUPS = replace(COMPANY, roles={"board-admins": "admin", "leads": "manager", "everybody": "rep"})
NINA = "nina@example.com"


@pytest.fixture(autouse=True)
def _people(session):
    add_people(session, now=NOW)


def come(session, subject, email=None, *groups, company=COMPANY, issuer=COMPANY.issuer):
    return admit(session, Identity(issuer, subject, email, frozenset(groups)), company, now=NOW, limits=LIMITS)


def refused(session, *identity, **options):
    with pytest.raises(CompanyRefused) as refusal:
        come(session, *identity, **options)
    session.rollback()
    return refusal.value.because


def role(session, email):
    found = session.scalar(select(UserAccount.role).where(UserAccount.email == email))
    session.rollback()
    return found


def trail(session):
    rows = session.execute(select(AuditEntry.action, AuditEntry.about, AuditEntry.actor).order_by(AuditEntry.id)).all()
    session.rollback()
    return [tuple(row) for row in rows if row.actor == "company sign-in"]


def id_of(session, email):
    return session.scalar(select(UserAccount.id).where(UserAccount.email == email))


def test_an_account_is_linked_by_the_verified_e_mail_once_and_known_by_its_subject_from_then_on(session):
    admitted = come(session, "17", ANA)
    assert resume(session, admitted.token).email == ANA
    assert trail(session) == [("identity.linked", f"user {ANA}", "company sign-in")]
    again = come(session, "17", "ana.lima@example.com")  # the e-mail there has changed: she stays who she is
    assert (again.user_id, again.email) == (admitted.user_id, ANA)
    assert come(session, "17").user_id == admitted.user_id  # or it is not told any more
    assert len(trail(session)) == 1
    assert resume(session, admitted.token), "signing in elsewhere ends no session"
    data = personal_data.data_of(session.connection(), user_id=admitted.user_id)
    assert data["company_accounts"][0]["subject"] == "17"


def test_a_subject_counts_for_its_issuer_alone_and_an_e_mail_that_went_to_a_colleague_lets_nobody_in(session):
    come(session, "17", ANA)
    assert refused(session, "18", ANA) == "taken"
    assert refused(session, "17", None, issuer="https://other.example.com") == "email"
    assert (
        come(session, "17", ANA, issuer="https://other.example.com").email == ANA
    )  # the company has changed its sign-in
    identities.unlink(session, id_of(session, ANA), **HOW)
    assert session.scalars(select(UserIdentity.subject)).all() == []
    assert refused(session, "17") == "email"
    assert come(session, "18", ANA).email == ANA
    with pytest.raises(AccountRefused):
        identities.unlink(session, 4_711, **HOW)


def test_unlinking_ends_the_sessions(session):
    token = come(session, "17", ANA).token
    identities.unlink(session, id_of(session, ANA), **HOW)
    assert resume(session, token) is None


@pytest.mark.parametrize(
    ("email", "company", "because"),
    [
        (None, COMPANY, "email"),
        ("ana", COMPANY, "email"),
        ("ana\0@example.com", COMPANY, "email"),
        (f"{'a' * 250}@example.com", COMPANY, "email"),
        (ANA, replace(COMPANY, domains=["example.org", "mple.com"]), "domain"),
        (NINA, COMPANY, "unknown"),
        (NINA, replace(COMPANY, creates="nobody"), "unknown"),
        (NINA, replace(GROUPS, requires_group=True), "group"),
        (ANA, replace(GROUPS, requires_group=True), "group"),
    ],
)
def test_who_is_not_let_in_leaves_nothing_behind(session, email, company, because):
    assert refused(session, "17", email, "strangers", company=company) == because
    assert session.scalars(select(UserIdentity.subject)).all() == []
    assert session.scalars(select(UserAccount.email).order_by(UserAccount.email)).all() == [ANA, DORA, ENZO]


def test_accounts_are_made_for_members_and_for_whom_a_group_gives_a_role_or_for_everybody(session):
    load_organisation(session, ORGANISATION, **HOW)
    rows = [f"{NINA},Nina,North,sales,2026-01-01,,rep,"]
    load_people(session, BytesIO(people_file(rows)), **HOW)
    nina = come(session, "20", NINA)
    found = account_admin.find_account(session, nina.user_id)
    assert (found.role, found.member) == ("rep", "Nina")
    assert session.scalar(select(Member.id).where(Member.email == NINA)) == found.member_id
    session.rollback()
    with pytest.raises(WrongSignIn):  # nobody knows its password
        sign_in(session, "none", email=NINA)
    assert come(session, "21", "odo@example.com", "leads", company=GROUPS).email == "odo@example.com"
    assert role(session, "odo@example.com") == "manager"
    come(session, "22", "pia@example.com", company=replace(COMPANY, creates="everybody", domains=["example.com"]))
    assert role(session, "pia@example.com") == "rep"
    assert refused(session, "23", "odo2@example.com", "leads", company=replace(GROUPS, creates="nobody")) == "unknown"
    assert ("user.added", "user odo@example.com", "company sign-in") in trail(session)


def test_roles_follow_the_groups_and_another_role_ends_the_other_sessions(session):
    rep = come(session, "17", ANA, "everybody", company=GROUPS).token
    admin = come(session, "17", ANA, "everybody", "board-admins", "leads", company=GROUPS).token  # the highest counts
    assert resume(session, rep) is None
    assert resume(session, admin).role == "admin"
    manager = come(session, "17", ANA, "leads", company=GROUPS).token
    assert resume(session, admin) is None
    assert resume(session, manager).role == "manager"
    assert come(session, "17", ANA, "leads", company=GROUPS).token != manager
    assert resume(session, manager), "the same role ends nothing"
    come(session, "17", ANA, "Leads", company=GROUPS)  # another group than leads
    assert role(session, ANA) == "rep"
    assert [each[0] for each in trail(session)] == ["identity.linked", *["role.changed"] * 3]


def test_without_roles_of_groups_a_role_stays_as_it_is_here(session):
    come(session, "19", ENZO, "everybody")
    assert role(session, ENZO) == "admin"


def test_the_last_administrator_stays_one(session):
    admitted = come(session, "19", ENZO, "everybody", company=GROUPS)
    assert admitted.keeps_role
    assert role(session, ENZO) == "admin"
    assert not come(session, "18", DORA, "board-admins", company=GROUPS).keeps_role
    assert not come(session, "19", ENZO, "everybody", company=GROUPS).keeps_role
    assert role(session, ENZO) == "rep"


def test_who_is_in_no_group_any_more_is_out_and_so_is_a_closed_account(session):
    company = replace(GROUPS, requires_group=True)
    token = come(session, "17", ANA, "everybody", company=company).token
    assert refused(session, "17", ANA, company=company) == "group"
    assert resume(session, token) is None
    account_admin.deactivate(session, id_of(session, ANA), **HOW)
    assert refused(session, "17", ANA, "everybody", company=company) == "closed"
    assert refused(session, "99", ANA, "everybody", company=company) == "closed"


def test_groups_are_named_with_their_roles():
    assert roles_of_groups(" board-admins = admin, managers=manager,") == {
        "board-admins": "admin",
        "managers": "manager",
    }
    assert roles_of_groups("CN=leads,OU=sales=manager;x=rep") == {"CN=leads,OU=sales": "manager", "x": "rep"}
    assert roles_of_groups("") == {}


SET = {
    "OIDC_ISSUER": "https://login.example.com",
    "OIDC_CLIENT_ID": "board",
    "OIDC_CLIENT_SECRET": "secret",
    "OIDC_SCOPES": "openid email",
    "OIDC_ROLES": "",
    "OIDC_REQUIRE_GROUP": False,
    "OIDC_CREATE_ACCOUNTS": "members",
    "PASSWORD_SIGN_IN": True,
}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, None),
        ({"OIDC_ISSUER": "http://127.0.0.1:8080/realms/x", "PASSWORD_SIGN_IN": False}, None),
        ({"OIDC_ISSUER": "http://login.example.com"}, "expected an https address"),
        ({"OIDC_ISSUER": "https://u:p@login.example.com"}, "expected an https address"),
        ({"OIDC_ISSUER": "https://login.example.com?x=1"}, "expected an https address"),
        ({"OIDC_ISSUER": "https://[login"}, "expected an https address"),
        ({"OIDC_ISSUER": None}, "OIDC_CLIENT_ID is set, but not OIDC_ISSUER"),
        ({"OIDC_ISSUER": None, "PASSWORD_SIGN_IN": False}, "nobody could sign in"),
        ({"OIDC_CLIENT_ID": None}, "OIDC_CLIENT_ID is not set"),
        ({"OIDC_CLIENT_SECRET": None}, "OIDC_CLIENT_SECRET is not set"),
        ({"OIDC_SCOPES": "email"}, "lacks openid"),
        ({"OIDC_ROLES": "admins"}, "'admins' is not a group and its role"),
        ({"OIDC_ROLES": "admins=boss"}, "'admins=boss' is not a group and its role"),
        ({"OIDC_REQUIRE_GROUP": True}, "OIDC_ROLES is empty"),
        ({"OIDC_CREATE_ACCOUNTS": "1"}, "expected members, everybody, nobody"),
    ],
)
def test_settings_of_the_company_that_cannot_be_are_named(changed, told):
    faults = company_faults({**SET, **changed})
    assert (told in " ".join(faults)) if told else faults == []
