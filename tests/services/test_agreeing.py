"""Agreements: checked, loaded in versions, replaced; what a version no longer says leaves nothing behind."""

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.errors import Refused
from leaderboard.services.agreeing import agreement_versions, check_agreement, load_agreement
from leaderboard.services.boards import standings
from leaderboard.services.scoring import score_everything
from leaderboard.services.verifying import verify
from leaderboard.storage.tables import AgreementVersion, AttainmentRow, EvidenceRow
from tests.services.examples import (
    NOW,
    ON_TIME,
    PIPELINE,
    SPEED,
    TRAINING,
    WINS,
    agreement,
    attained,
    count,
    ledger,
    log,
    set_up,
    sla,
    state,
)

ALL = (SPEED, WINS, PIPELINE, ON_TIME, TRAINING)
ANA = "ana@example.com"
EVENTS = """
    10-05 09:00 lead.assigned ana
    10-05 09:30 lead.disposed ana
    10-06 09:00 lead.assigned ana subject=L2
    10-06 09:30 lead.disposed ana subject=L2
    10-07 09:00 opportunity.won ana amount=700
    10-07 09:00 opportunity.won ana amount=700 subject=L2
    10-01 09:00 task.assigned ana subject=T1 due_at=2026-10-20T12:00
    10-05 09:00 task.completed ana subject=T1
"""


@pytest.fixture
def aurora(session):
    set_up(session, agreement(*ALL))
    log(session, EVENTS)
    return session


def load(session, *slas, **rest):
    return load_agreement(session, agreement(*slas, **rest), now=NOW, by=COMMAND_LINE)


def is_right(session):
    assert list(verify(session, now=NOW)) == []
    before = state(session)
    assert score_everything(session, now=NOW, by=COMMAND_LINE) == 0
    assert state(session) == before
    return True


def keys_left(session):
    return set(session.scalars(select(AttainmentRow.sla).where(AttainmentRow.level != "none")))


def test_a_file_is_checked_without_being_loaded(session):
    set_up(session)
    before = agreement_versions(session)
    assert check_agreement(session, agreement(SPEED, effective_from="2027-01-01")).title == "A"
    assert agreement_versions(session) == before


def test_without_an_organisation_no_agreement_is_checked_or_loaded(session):
    with pytest.raises(Refused, match="No organisation is loaded yet"):
        check_agreement(session, agreement(SPEED))
    with pytest.raises(Refused, match="No organisation is loaded yet"):
        load_agreement(session, agreement(SPEED), now=NOW, by=COMMAND_LINE)
    assert not session.in_transaction()
    assert count(session, AgreementVersion) == 0


def test_a_file_with_a_mistake_changes_nothing(aurora):
    before = state(aurora), agreement_versions(aurora)
    with pytest.raises(Refused):
        load(aurora, SPEED.replace("8h", "-1h"))
    assert not aurora.in_transaction()
    assert (state(aurora), agreement_versions(aurora)) == before


def test_versions_are_listed_by_the_day_they_take_effect(session):
    texts = [agreement(SPEED, effective_from=day) for day in ("2026-07-01", "2026-01-01", "2026-10-01")]
    set_up(session, *texts)
    assert [str(day) for day, _, _ in agreement_versions(session)] == ["2026-01-01", "2026-07-01", "2026-10-01"]
    assert [text for _, _, text in agreement_versions(session)] == [texts[1], texts[0], texts[2]]


def test_the_same_day_again_replaces_the_version(aurora):
    load(aurora, SPEED)
    assert count(aurora, AgreementVersion) == 1
    assert agreement_versions(aurora)[0][2] == agreement(SPEED)


def test_the_same_file_again_posts_nothing(aurora):
    before = state(aurora)
    load(aurora, *ALL)
    assert state(aurora) == before


@pytest.mark.parametrize("gone", ALL)
def test_an_sla_that_is_no_longer_agreed_leaves_nothing_behind(aurora, gone):
    rest = [each for each in ALL if each is not gone and (gone is not SPEED or each is not ON_TIME)]
    key = gone.split('key = "')[1].split('"')[0]
    assert key in keys_left(aurora)
    load(aurora, *rest)
    assert key not in keys_left(aurora)
    assert key not in set(aurora.scalars(select(EvidenceRow.sla)))
    assert is_right(aurora)


def test_no_sla_at_all_but_another_leaves_the_ledger_at_0_and_everything_comes_back(aurora):
    before = state(aurora)
    load(aurora, sla("other", 'kind = "count", of = ["lead.converted"]', "met = 1"))
    assert ledger(aurora) == {}
    assert [each.points for each in standings(aurora, "2026-10", "member")] == [0, 0, 0, 0]
    assert is_right(aurora)
    load(aurora, *ALL)
    assert state(aurora) == before


KINDS = [
    sla("x", 'kind = "count", of = ["opportunity.won"]', "met = 1", met=1),
    sla("x", 'kind = "count", of = ["opportunity.won"]', "met = 1", participant="team", met=2),
    sla("x", 'kind = "sum", of = ["opportunity.won"]', "met = 1", met=3),
    sla("x", 'kind = "rate", of = ["lead.assigned"], in = ["opportunity.won"], at_least = 2', "met = 0.5", met=4),
    sla("x", 'kind = "rate", of_sla = "speed", at_least = 2', "met = 0.5", met=5),
    sla("x", 'kind = "completion"', 'met = "0s"', met=6),
    sla("x", 'kind = "response_time", from = ["lead.assigned"], to = ["opportunity.won"]', 'met = "24h"', met=7),
    sla(
        "x",
        'kind = "response_time", from = ["lead.assigned"], to = ["opportunity.won"]',
        'met = "24h"',
        participant="team",
        met=8,
    ),
]
WORTH = [1, 2, 3, 4, 5, 6, 14, 16]


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5, 6, 7), (5, 2, 7, 4, 1, 6, 3, 0)])
def test_an_sla_that_measures_otherwise_under_its_old_key_leaves_nothing_behind(aurora, order):
    for number in order:
        load(aurora, KINDS[number], SPEED)
        assert sum(points for *_, points in attained(aurora, "2026-10", "x")) == WORTH[number], KINDS[number]
        assert sum(ledger(aurora).values()) == WORTH[number] + 20
        assert is_right(aurora)


def test_p6_a_later_version_replaces_nothing_before_it(aurora):
    before = attained(aurora, "2026-10")
    load(aurora, sla("other", 'kind = "count", of = ["opportunity.won"]', "met = 1"), effective_from="2026-11-01")
    assert attained(aurora, "2026-10") == before
    assert {key for key, *_ in attained(aurora, "2026-11")} == set()
    log(aurora, "11-05 09:00 opportunity.won ana subject=L9")
    assert {key for key, *_ in attained(aurora, "2026-11")} == {"other"}
    assert is_right(aurora)


def test_p6_an_earlier_version_loaded_later_decides_what_was_before(session):
    set_up(session, agreement(WINS, effective_from="2026-10-01"))
    log(session, "09-05 09:00 opportunity.won ana\n09-06 09:00 opportunity.won ana subject=L2")
    assert ledger(session) == {}
    load(session, WINS, effective_from="2026-09-01")
    assert ledger(session) == {(ANA, "North", "2026-09"): 100}
    assert is_right(session)
