"""Suggesting targets from closed months: of each measure, for whom one answers, and only where there is enough."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from leaderboard.domain.actors import SCHEDULER, Actor
from leaderboard.domain.agreement import Levels
from leaderboard.domain.errors import AgreementRefused, DraftRefused
from leaderboard.services import suggesting
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.closing import close_period
from leaderboard.services.drafting import read_draft
from leaderboard.services.scopes import EVERYTHING, NOTHING, Scope
from leaderboard.services.suggesting import Wish, read_targets
from leaderboard.services.taking import take_targets
from leaderboard.storage.tables import Team
from tests.factories import at, ids_of
from tests.services.bonus_examples import CLOSED_AT
from tests.services.examples import ON_TIME, PIPELINE, SPEED, TRAINING, WINS, agreement, csv_of, hand_in, set_up

WISH = Wish(3, Fraction(8, 10), Fraction(3, 10))
DORA = Actor("dora@example.com")
MINUTES = (20, 20, 20, 40, 40, 40, 60, 110, 110, 500)  # of ten leads a month


@pytest.fixture
def past(session, monkeypatch):
    """Three closed months of ten leads of Ana each and one of Eva's, in which all but Eva's last was disposed of."""
    monkeypatch.setattr(suggesting, "FEWEST_OCCURRENCES", 20)
    monkeypatch.setattr(suggesting, "FEWEST_MONTHS", 6)
    set_up(session, agreement(SPEED, WINS, PIPELINE, ON_TIME, TRAINING))
    lines = []
    for month in (10, 11, 12):
        for number, minutes in enumerate(MINUTES):
            begun = at(f"{month}-03 09:00") + timedelta(days=number + (number > 3) * 2)
            for kind, when in (("assigned", begun), ("disposed", begun + timedelta(minutes=minutes))):
                lines.append(
                    f"{kind}-{month}-{number},{when.isoformat()},lead.{kind},L{month}-{number},ana@example.com"
                )
        lines.append(f"eva-{month},2026-{month}-21T09:00,lead.assigned,E{month},eva@example.com")
        lines.append(f"won-{month},2026-{month}-04T09:00,opportunity.won,O{month},ana@example.com,,,{month}00")
    hand_in(session, csv_of(*lines), now=CLOSED_AT)
    close_period(session, "2026-Q4", now=CLOSED_AT, by=SCHEDULER)
    return session


def by_key(session, scope=EVERYTHING, wish=WISH):
    return {each.sla.key: each for each in read_targets(session, scope, wish, now=CLOSED_AT)}


def test_each_measure_tells_what_was_and_what_to_think_about(past, query_counter):
    by_key(past)  # reads the rules, which are kept
    with query_counter() as statements:
        found = by_key(past)
    assert len([each for each in statements if each.startswith("SELECT")]) == 3
    speed = found["speed"]
    assert (speed.cases, speed.months) == (33, ("2026-10", "2026-11", "2026-12"))
    assert speed.today.levels == speed.sla.levels
    assert speed.suggestion is not None
    assert speed.suggestion.met >= 0.8
    assert found["wins"].cases == 9  # of Ana, Bia and Eva in three months, zeros too
    assert found["wins"].suggestion is None  # so many never won anything: no target
    assert found["pipeline"].cases == 6
    assert found["on-time"].today.met > 0.5
    assert (found["training"].cases, found["training"].past, found["training"].suggestion) == (0, None, None)


@pytest.mark.databases("sqlite")
def test_managers_see_what_their_own_teams_came_to_and_few_results_suggest_nothing(past):
    south = ids_of(past, Team)["South"]
    found = by_key(past, Scope(is_all=False, team_ids=frozenset({south})))
    assert (found["speed"].cases, found["speed"].suggestion) == (3, None)
    assert found["speed"].today.met == 0
    assert all(each.cases == 0 for each in by_key(past, NOTHING).values())


@pytest.mark.databases("sqlite")
def test_months_in_which_something_else_was_measured_are_left_out(past):
    other = SPEED.replace('to = ["lead.disposed"]', 'to = ["lead.accepted"]')
    load_agreement(past, agreement(other, WINS, effective_from="2027-01-01"), now=CLOSED_AT, by=DORA)
    found = by_key(past)
    assert (found["speed"].months, found["speed"].cases) == ((), 0)
    assert found["wins"].months == ("2026-10", "2026-11", "2026-12")
    assert by_key(past, wish=replace(WISH, months=1))["wins"].months == ("2026-12",)


@pytest.mark.databases("sqlite")
def test_targets_are_taken_into_a_new_draft_or_one_that_is_written(past):
    draft_id = take_targets(past, None, "speed", {"met": "4h", "exceeded": "30m"}, by=DORA, now=CLOSED_AT)
    draft = read_draft(past, draft_id)
    speed, *rest = draft.agreement().slas
    assert speed.levels == Levels(timedelta(hours=4), timedelta(minutes=30))
    assert [each.key for each in rest] == ["wins", "pipeline", "on-time", "training"]
    assert str(draft.agreement().effective_from) == "2027-02-01"  # the next month that is open
    assert take_targets(past, draft_id, "wins", {"met": 3}, by=DORA, now=CLOSED_AT) == draft_id
    assert read_draft(past, draft_id).agreement().slas[1].levels == Levels(3, None)
    with pytest.raises(AgreementRefused):
        take_targets(past, draft_id, "speed", {"met": "soon"}, by=DORA, now=CLOSED_AT)
    for number, key in ((draft_id, "gone"), (999, "speed")):
        with pytest.raises(DraftRefused):
            take_targets(past, number, key, {"met": "4h"}, by=DORA, now=CLOSED_AT)
