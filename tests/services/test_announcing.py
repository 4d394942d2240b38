"""What happened is announced once, in the transaction in which it happens; what lies long back is not."""

import json

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.domain.announcements import BADGE_AWARDED, BONUS_APPROVED, PERIOD_CLOSED
from leaderboard.services import announcing
from leaderboard.services.announcing import Occasion, announce, announce_each, forget_announcements
from leaderboard.services.badging import refresh_badges
from leaderboard.services.closing import close_period
from leaderboard.services.deciding import approve
from leaderboard.storage.bonus_tables import BonusAward
from leaderboard.storage.connection_tables import Announcement, HookMessage
from leaderboard.storage.database import all_or_nothing
from leaderboard.storage.tables import Team
from tests.factories import at, ids_of
from tests.services.bonus_examples import DECIDABLE_AT, bonus
from tests.services.examples import SPEED, agreement, log, set_up
from tests.services.hook_target_rows import webhook

NOW = at("11-03 12:00")


def announced(session):
    """Return kind, occasion and document of each announcement."""
    rows = session.execute(select(Announcement.kind, Announcement.occasion, Announcement.document))
    return sorted((kind, occasion, json.loads(document)) for kind, occasion, document in rows)


def waiting(session):
    """Return targets and occasions of the messages that wait."""
    query = select(HookMessage.target_id, Announcement.occasion).join(Announcement)
    return sorted(tuple(row) for row in session.execute(query.where(HookMessage.state == "waiting")))


def test_an_occasion_is_announced_once_to_each_target_at_work_that_wants_its_kind(session):
    first, second = webhook(session), webhook(session, "Slack", [BONUS_APPROVED, PERIOD_CLOSED])
    webhook(session, "Badges", [BADGE_AWARDED])
    webhook(session, "Paused", is_active=0)
    for _ in range(2):
        with all_or_nothing(session):
            announce(session.connection(), PERIOD_CLOSED, "period.closed 2026-10", {"period": "2026-10"}, NOW)
    assert announced(session) == [(PERIOD_CLOSED, "period.closed 2026-10", {"period": "2026-10"})]
    assert waiting(session) == [(first, "period.closed 2026-10"), (second, "period.closed 2026-10")]


def test_what_is_rolled_back_was_never_announced(session):
    webhook(session)
    with all_or_nothing(session):
        announce(session.connection(), PERIOD_CLOSED, "period.closed 2026-10", {}, NOW)
        session.rollback()
    assert announced(session) == []


def test_without_a_target_nothing_is_written_and_one_table_read(session, query_counter):
    with all_or_nothing(session), query_counter() as statements:
        unasked = iter(lambda: pytest.fail("asked for occasions"), None)
        announce_each(session.connection(), BADGE_AWARDED, unasked, now=NOW)
    assert len(statements) == 1
    assert announced(session) == []


def test_many_are_announced_in_three_statements_to_400(session, query_counter):
    webhook(session)
    many = [Occasion(f"badge.awarded {number}", {}) for number in range(401)]
    for count, most in ((400, 3), (401, 4)):
        with all_or_nothing(session), query_counter() as statements:
            announce_each(session.connection(), BADGE_AWARDED, many[:count], now=NOW)
        assert len(statements) == most, statements
    assert len(waiting(session)) == 401


def test_a_kind_that_there_is_not_is_a_mistake_of_the_program(session):
    with pytest.raises(ValueError, match="no kind of announcement"):
        announce(session.connection(), "period.opened", "x", {}, NOW)


@pytest.fixture
def aurora(session):
    set_up(session, agreement(SPEED, bonus("quarter-win"), effective_from="2026-10-01"), now=at("09-01 09:00"))
    webhook(session)
    log(session, "10-30 09:00 lead.assigned ana\n10-30 09:30 lead.disposed ana", now=at("10-30 10:00"))
    return session


def test_g2_badges_of_the_last_two_days_are_announced_and_older_ones_not(aurora):
    log(aurora, "10-26 09:00 lead.assigned eva\n10-26 09:30 lead.disposed eva", now=at("10-30 10:00"))
    ana = ids_of(aurora)["ana"]
    refresh_badges(aurora, now=at("11-01 09:30"))  # earned 48 hours ago
    assert announced(aurora) == [
        (
            BADGE_AWARDED,
            f"badge.awarded {key} member {ana}",
            {"badge": key, "member": ana, "period": "2026-10"},
        )
        for key in ("first-exceeded", "first-met")
    ]


def test_g2_a_second_past_two_days_is_too_late(aurora):
    refresh_badges(aurora, now=at("11-01 09:30:01"))
    assert announced(aurora) == []


@pytest.mark.parametrize(("now", "is_told"), [("12-06 00:00", True), ("12-06 00:00:01", False)])
def test_m1_a_close_is_announced_with_its_winners_unless_it_ended_long_ago(aurora, now, is_told):
    ana, north = ids_of(aurora)["ana"], ids_of(aurora, Team)["North"]
    close_period(aurora, "2026-10", now=at(now), by=COMMAND_LINE)
    told = announced(aurora)
    closes = [document for kind, _, document in told if kind == PERIOD_CLOSED]
    badges = {document["badge"] for kind, _, document in told if kind == BADGE_AWARDED}
    winners = [{"member": ana, "points": 10}, {"team": north, "points": 10}]
    assert closes == ([{"period": "2026-10", "winners": winners}] if is_told else [])
    assert ({"rep-of-the-month", "team-of-the-month", "fastest-response"} <= badges) is is_told


def test_b4_an_approved_bonus_is_announced_with_its_amount_in_minor_units(aurora):
    log(aurora, "10-30 09:00 lead.assigned ana subject=L9\n10-30 09:30 lead.disposed ana subject=L9")
    for period in ("2026-10", "2026-11", "2026-12", "2026-Q4"):
        close_period(aurora, period, now=DECIDABLE_AT, by=COMMAND_LINE)
    (award,) = aurora.execute(select(BonusAward.id)).scalars().all()
    later = DECIDABLE_AT + announcing.KEPT
    approve(aurora, [award], by=COMMAND_LINE, now=later)
    (document,) = [document for kind, _, document in announced(aurora) if kind == BONUS_APPROVED]
    assert document == {
        "award": award,
        "period": "2026-Q4",
        "programme": "quarter-win",
        "place": 1,
        "team": ids_of(aurora, Team)["North"],
        "amount_minor": 100_000,
        "currency": "BRL",
        "prize": None,
    }


def test_announcements_are_forgotten_after_90_days_with_their_messages(session):
    webhook(session)
    with all_or_nothing(session):
        announce(session.connection(), PERIOD_CLOSED, "old", {}, NOW)
        announce(session.connection(), PERIOD_CLOSED, "new", {}, NOW + (at("11-03 12:01") - NOW))
        assert forget_announcements(session.connection(), NOW + announcing.KEPT) == 1
    assert [occasion for _, occasion in waiting(session)] == ["new"]
