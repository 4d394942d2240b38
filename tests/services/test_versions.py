"""What managers are told of the agreement: its review in time, what is to come, what waits for signatures."""

from datetime import UTC, datetime

import pytest

from leaderboard.domain.actors import COMMAND_LINE, Actor
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.drafting import start_draft
from leaderboard.services.organising import load_organisation
from leaderboard.services.signing import propose
from leaderboard.services.versions import agreed_versions, agreement_in_force, agreement_news
from tests.services.examples import NOW, ORGANISATION, SPEED, WINS, agreement, set_up

REVIEWED = agreement(SPEED, effective_from="2026-09-01").replace('A"\n', 'A"\nreview_every_months = 3\n')


def kinds(session, *day):
    now = datetime(*day, 12, tzinfo=UTC)
    return [(each.kind, str(each.on)) for each in agreement_news(session, now=now)]


def test_a_review_is_announced_from_14_days_before_and_is_overdue_after_its_day(session):
    set_up(session, REVIEWED)
    assert kinds(session, 2026, 11, 16) == []
    assert kinds(session, 2026, 11, 17) == [("review", "2026-12-01")]
    assert kinds(session, 2026, 12, 1) == [("review", "2026-12-01")]
    assert kinds(session, 2026, 12, 2) == [("overdue", "2026-12-01")]


def test_the_day_is_the_organisations(session):
    set_up(session, REVIEWED)
    just_before = datetime(2026, 11, 17, 2, 59, tzinfo=UTC)  # midnight in São Paulo is 03:00
    assert agreement_news(session, now=just_before) == []
    assert len(agreement_news(session, now=just_before.replace(hour=3, minute=0))) == 1


def test_a_version_to_come_is_told_in_place_of_the_review(session):
    set_up(session, REVIEWED)
    load_agreement(session, agreement(WINS, effective_from="2027-01-01"), now=NOW, by=COMMAND_LINE)
    assert kinds(session, 2026, 12, 15) == [("to_come", "2027-01-01")]
    assert kinds(session, 2027, 1, 2) == []


def test_a_proposal_is_told_with_the_sides_that_have_not_signed(session):
    set_up(session, agreement(SPEED))
    draft = start_draft(session, agreement(WINS, effective_from="2027-01-01"), by=Actor("d@x.com"), now=NOW)
    assert agreement_news(session, now=NOW) == []
    propose(session, draft, 1, by=Actor("d@x.com"), now=NOW)
    (news,) = agreement_news(session, now=NOW)
    assert (news.kind, news.draft_id, news.sides) == ("unsigned", draft, ("sales", "marketing"))


def test_versions_are_past_in_force_and_to_come_by_the_organisations_clock(session):
    set_up(session, *(agreement(SPEED, effective_from=f"2026-{month}-01") for month in ("09", "12")))
    midnight = datetime(2026, 12, 1, 3, tzinfo=UTC)
    for now, states in (
        (midnight.replace(day=1, hour=2), ["in_force", "to_come"]),
        (midnight, ["past", "in_force"]),
        (datetime(2026, 8, 1, tzinfo=UTC), ["to_come", "to_come"]),
    ):
        assert [each.state for each in agreed_versions(session, now=now)] == states
    assert str(agreement_in_force(session, now=midnight).effective_from) == "2026-12-01"
    assert str(agreement_in_force(session, now=datetime(2026, 8, 1, tzinfo=UTC)).effective_from) == "2026-09-01"


@pytest.mark.databases("sqlite")
def test_without_any_version_nothing_is_in_force_and_nothing_to_be_told(session):
    load_organisation(session, ORGANISATION, now=NOW, by=COMMAND_LINE)
    assert (agreement_in_force(session, now=NOW), agreed_versions(session, now=NOW)) == (None, [])
    assert agreement_news(session, now=NOW) == []


def test_reading_versions_and_news_takes_few_statements(session, query_counter):
    set_up(session, REVIEWED, *(agreement(SPEED, effective_from=f"2026-{month}-01") for month in ("10", "11")))
    for number in range(3):
        text = agreement(WINS, effective_from=f"2027-0{number + 1}-01")
        draft = start_draft(session, text, by=Actor("d@x.com"), now=NOW)
        propose(session, draft, 1, by=Actor("d@x.com"), now=NOW)
    with query_counter() as statements:
        assert len(agreed_versions(session, now=NOW)) == 3
    assert len(statements) <= 3
    with query_counter() as statements:
        assert len(agreement_news(session, now=NOW)) == 3
    assert len(statements) <= 5
