"""Signing an agreement: frozen while it waits, one person a side, in force with the second signature or not at all."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE, Actor
from leaderboard.domain.errors import AgreementRefused, DraftRefused
from leaderboard.services.accounts import HashCosts, add_user
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.closing import close_next
from leaderboard.services.drafting import change_draft, discard_draft, read_draft, start_draft
from leaderboard.services.scoring import score_everything
from leaderboard.services.signing import propose, sides_of, sign, sign_version, signatures_under, take_back
from leaderboard.services.verifying import verify
from leaderboard.services.versions import agreed_versions
from leaderboard.storage.accounts import account_with, give_teams
from leaderboard.storage.tables import Team
from leaderboard.storage.trail_tables import AuditEntry
from tests.factories import fresh_engine, ids_of
from tests.services.examples import NOW, SPEED, WINS, agreement, log, set_up, state
from tests.services.recorders import at_once

LATER = agreement(SPEED, WINS, effective_from="2027-01-01")
ROLES = {"ana": "manager", "caio": "manager", "eva": "rep", "enzo": "admin", "gil": "manager"}


@pytest.fixture
def people(session):
    """Ana manages in sales, Caio in marketing, Eva is a rep; Enzo and Gil belong to no member."""
    set_up(session, agreement(SPEED))
    found = {}
    for name, role in ROLES.items():
        email = f"{name}@example.com"
        account = {"email": email, "role": role, "password": "nine quiet lanterns"}
        add_user(session, **account, now=NOW, by=COMMAND_LINE, costs=HashCosts(8, 1, 1))
        user_id = account_with(session.connection(), email).id
        found[name] = Actor(email, user_id, ids_of(session).get(name))
    session.commit()
    return found


@pytest.fixture
def engine(database_url):
    engine = fresh_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def draft(session, people):
    return start_draft(session, LATER, by=people["ana"], now=NOW)


@pytest.fixture
def proposed(session, people, draft):
    propose(session, draft, 1, by=people["ana"], now=NOW)
    return draft


def digest(session, draft_id):
    return read_draft(session, draft_id).digest


def refusal(act, *args, **rest):
    with pytest.raises(DraftRefused) as refused:
        act(*args, **rest)
    return refused.value.because


def give(session, draft_id, side, by, now=NOW):
    return sign(session, draft_id, side, digest(session, draft_id), by=by, now=now)


def test_one_signs_for_the_side_of_ones_teams_an_administrator_of_neither_for_either(session, people):
    sides = {name: set(sides_of(session, each.user_id, now=NOW)) for name, each in people.items()}
    both = {"sales", "marketing"}
    assert sides == {"ana": {"sales"}, "caio": {"marketing"}, "eva": set(), "enzo": both, "gil": both}
    south = ids_of(session, Team)["South"]
    for name, seen, teams in (("caio", "own", [south]), ("enzo", None, [south]), ("gil", "own", [])):
        give_teams(session.connection(), people[name].user_id, seen, teams)
    sides = {name: set(sides_of(session, people[name].user_id, now=NOW)) for name in ("caio", "enzo", "gil")}
    assert sides == {"caio": both, "enzo": {"sales"}, "gil": set()}
    assert sides_of(session, 99, now=NOW) == frozenset()


def test_with_the_second_signature_it_is_agreed_and_the_signatures_are_kept(session, people, proposed):
    signed = digest(session, proposed)
    assert give(session, proposed, "sales", people["ana"]) is None
    assert read_draft(session, proposed).state == "proposed"
    agreed = give(session, proposed, "marketing", people["caio"], NOW + timedelta(hours=1))
    assert (agreed.title, str(agreed.effective_from)) == ("A", "2027-01-01")
    found = read_draft(session, proposed)
    first, second = agreed_versions(session, now=NOW)
    assert (found.state, found.version_id) == ("in_force", second.id)
    assert (first.state, second.state, str(first.until), second.until) == ("in_force", "to_come", "2027-01-01", None)
    assert (second.document, second.digest, second.unsigned) == (LATER, signed, [])
    given = second.signatures
    assert {side: each.name for side, each in given.items()} == {"sales": "Ana", "marketing": "Caio"}
    assert given["marketing"].signed_at == NOW + timedelta(hours=1)
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert list(actions[-5:]) == [
        "draft.started",
        "draft.proposed",
        "agreement.signed",
        "agreement.signed",
        "agreement.loaded",
    ]


def test_a_proposal_does_not_change(session, people, proposed):
    assert refusal(change_draft, session, proposed, 2, dict.clear, by=people["ana"], now=NOW) == "settled"
    assert refusal(discard_draft, session, proposed, 2, by=people["ana"], now=NOW) == "settled"
    assert refusal(propose, session, proposed, 2, by=people["ana"], now=NOW) == "settled"


def test_nobody_signs_for_another_side_twice_for_both_or_what_they_have_not_read(session, people, proposed):
    assert refusal(give, session, proposed, "marketing", people["ana"]) == "side"
    assert refusal(give, session, proposed, "sales", people["eva"]) == "side"
    assert refusal(sign, session, proposed, "sales", "0" * 64, by=people["ana"], now=NOW) == "stale"
    give(session, proposed, "sales", people["enzo"])
    assert refusal(give, session, proposed, "marketing", people["enzo"]) == "twice"
    assert refusal(give, session, proposed, "sales", people["ana"]) == "signed"
    assert refusal(give, session, proposed, "elsewhere", people["ana"]) == "side"
    assert set(signatures_under(session, digest(session, proposed))[digest(session, proposed)]) == {"sales"}


def test_what_is_not_proposed_is_not_signed_or_taken_back(session, people, draft):
    assert refusal(give, session, draft, "sales", people["ana"]) == "waiting"
    assert refusal(take_back, session, draft, by=people["ana"], now=NOW) == "waiting"
    assert refusal(sign, session, draft + 1, "sales", "0" * 64, by=people["ana"], now=NOW) == "gone"
    assert refusal(propose, session, draft, 2, by=people["ana"], now=NOW) == "stale"


def test_what_is_taken_back_is_signed_anew(session, people, proposed):
    give(session, proposed, "sales", people["ana"])
    take_back(session, proposed, by=people["caio"], now=NOW)
    found = read_draft(session, proposed)
    assert (found.state, found.proposed_by) == ("draft", None)
    propose(session, proposed, found.revision, by=people["caio"], now=NOW)
    assert signatures_under(session, found.digest) == {found.digest: {}}


def test_the_same_words_are_not_proposed_twice_nor_what_is_agreed(session, people, proposed):
    again = start_draft(session, LATER, by=people["ana"], now=NOW)
    assert refusal(propose, session, again, 1, by=people["ana"], now=NOW) == "same"
    old = start_draft(session, agreement(SPEED), by=people["ana"], now=NOW)
    assert refusal(propose, session, old, 1, by=people["ana"], now=NOW) == "same"


def test_a_month_that_was_closed_meanwhile_makes_a_proposal_a_draft_again(session, people):
    log(session, "10-05 09:00 lead.assigned ana\n10-05 09:30 lead.disposed ana")
    draft = start_draft(session, agreement(WINS, effective_from="2026-11-01"), by=people["ana"], now=NOW)
    propose(session, draft, 1, by=people["ana"], now=NOW)
    give(session, draft, "sales", people["ana"])
    while close_next(session, now=NOW, by=COMMAND_LINE) is not None:
        pass
    with pytest.raises(AgreementRefused, match="2026-11 is closed"):
        give(session, draft, "marketing", people["caio"])
    found = read_draft(session, draft)
    assert (found.state, signatures_under(session, found.digest)[found.digest]) == ("draft", {})
    assert len(agreed_versions(session, now=NOW)) == 1
    with pytest.raises(AgreementRefused) as refused:
        propose(session, draft, found.revision, by=people["ana"], now=NOW)
    (problem,) = refused.value.problems
    assert (problem.where.part, problem.field, problem.why) == ("agreement", "effective_from", "closed")


@pytest.mark.parametrize("first_day", ["2026-12-01", "2027-01-01"])
def test_p6_what_is_scored_under_a_signed_version_is_as_if_its_file_had_been_loaded(session, people, first_day):
    log(session, "12-01 09:00 lead.assigned ana\n12-01 09:30 lead.disposed ana\n12-02 10:00 opportunity.won ana")
    draft = start_draft(session, agreement(WINS, effective_from=first_day), by=people["ana"], now=NOW)
    propose(session, draft, 1, by=people["ana"], now=NOW)
    before = state(session)
    give(session, draft, "sales", people["ana"])
    assert state(session) == before
    give(session, draft, "marketing", people["caio"])
    assert (state(session) == before) == (first_day > "2026-12-31")
    for now in (NOW, datetime(2027, 1, 20, tzinfo=UTC)):
        score_everything(session, now=now, by=COMMAND_LINE)
        assert list(verify(session, now=now)) == []
        assert score_everything(session, now=now, by=COMMAND_LINE) == 0


def test_a_version_loaded_as_a_file_can_be_signed_afterwards(session, people):
    (version,) = agreed_versions(session, now=NOW)
    assert version.unsigned == ["sales", "marketing"]
    for side, name in (("sales", "ana"), ("marketing", "caio")):
        sign_version(session, version.id, side, version.digest, by=people[name], now=NOW)
    assert agreed_versions(session, now=NOW)[0].unsigned == []
    by = {"by": people["enzo"], "now": NOW}
    assert refusal(sign_version, session, version.id, "sales", version.digest, **by) == "signed"
    assert refusal(sign_version, session, version.id + 1, "sales", version.digest, **by) == "gone"
    load_agreement(session, agreement(SPEED, WINS), now=NOW, by=COMMAND_LINE)
    assert agreed_versions(session, now=NOW)[0].unsigned == ["sales", "marketing"]
    assert refusal(sign_version, session, version.id, "sales", version.digest, **by) == "stale"


def attempt(act, *args, **rest):
    """Return a job that tells how an act ended."""

    def job(session):
        try:
            return act(session, *args, **rest) or "done"
        except DraftRefused as refused:
            return refused.because

    return job


def test_of_many_who_sign_at_once_one_of_each_side_does_and_it_is_agreed_once(session, engine, people, proposed):
    signed = digest(session, proposed)
    session.rollback()
    signers = [("sales", "ana"), ("marketing", "caio"), ("sales", "enzo"), ("marketing", "gil"), ("sales", "gil")]
    jobs = [attempt(sign, proposed, side, signed, by=people[name], now=NOW) for side, name in signers]
    told = at_once(engine, *jobs)
    assert sum(each == "done" or not isinstance(each, str) for each in told) == 2, told
    assert {each for each in told if isinstance(each, str)} <= {"done", "signed", "twice", "waiting"}
    assert read_draft(session, proposed).state == "in_force"
    assert agreed_versions(session, now=NOW)[-1].unsigned == []


def test_a_proposal_is_either_agreed_or_taken_back_never_both(session, engine, people, proposed):
    give(session, proposed, "sales", people["ana"])
    signed = digest(session, proposed)
    session.rollback()
    last = attempt(sign, proposed, "marketing", signed, by=people["caio"], now=NOW)
    at_once(engine, last, attempt(take_back, proposed, by=people["ana"], now=NOW))
    found, versions = read_draft(session, proposed), agreed_versions(session, now=NOW)
    assert (found.state, len(versions)) in {("in_force", 2), ("draft", 1)}
    left = len(signatures_under(session, signed)[signed])
    assert left == (2 if found.state == "in_force" else 0)
