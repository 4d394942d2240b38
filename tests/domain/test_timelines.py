"""The days of a clock as they are drawn (P8, T2, T4)."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from leaderboard.domain.clock_stories import clock_stories
from leaderboard.domain.events import in_order
from leaderboard.domain.timelines import DAYS_AT_EACH_END, timeline_of
from leaderboard.domain.working_time import ALL_TIME, holiday_name
from tests.domain.examples import (
    EIGHT_HOURS,
    HOUR,
    NEW_YORK,
    OFFICE,
    SAO_PAULO,
    TEN_YEARS_ON,
    calendar,
    happened,
    local,
    office,
    properties,
    response_time,
)
from tests.domain.test_clock_properties import logs, moments

HOLIDAYS = office(holidays="BR-SP", closed=[date(2026, 10, 13)])
ZONE = ZoneInfo(SAO_PAULO)


def timelines(log, hours, now=TEN_YEARS_ON):
    events = happened(log) if isinstance(log, str) else log
    time = ALL_TIME if hours is None else hours.working_time
    seen = [each for each in in_order(events) if each.occurred_at <= now]
    told = clock_stories(
        response_time(), EIGHT_HOURS, seen, now, lambda event: event.member_id, lambda _owner, _at: time
    )
    return [(story, timeline_of(story, hours, ZONE, now)) for story in told]


def total(spans):
    return sum((end - start for start, end in spans), timedelta(0))


@properties
@given(log=logs(), now=moments)
def test_p8_the_days_hold_every_counted_hour_up_to_the_decision_and_each_lies_in_open_time(log, now):
    for story, timeline in timelines(log, HOLIDAYS, now):
        drawn = [span for day in timeline.days for span in day.counted]
        if not any(day.skipped for day in timeline.days) and story.result.stopped_at is not None:
            assert total(drawn) == story.used
        for day in timeline.days:
            for start, end in (*day.counted, *day.paused):
                assert any(opening <= start < end <= closing for opening, closing in day.opened)
            assert total(day.counted) + total(day.paused) <= total(day.opened)
        assert len(timeline.days) <= 2 * DAYS_AT_EACH_END


def test_t2_a_closed_day_says_why():
    ((_, timeline),) = timelines("09 17:00 lead.assigned 1\n14 10:00 lead.disposed 1", HOLIDAYS)
    assert [(day.day.day, day.is_closed, day.is_holiday) for day in timeline.days] == [
        (9, False, False),
        (10, True, False),
        (11, True, False),
        (12, True, True),
        (13, True, False),
        (14, False, False),
    ]
    assert timeline.holidays == "BR-SP"


@pytest.mark.parametrize(
    ("place", "language", "name"),
    [
        ("BR-SP", "pt_BR", "Nossa Senhora Aparecida"),
        ("BR-SP", "en_US", "Our Lady of Aparecida"),
        ("US", "pt_BR", "Columbus Day"),  # not known in that language
        ("DE", "en_US", ""),
    ],
)
def test_a_holiday_is_named_in_a_language_where_it_is_known_in_that(place, language, name):
    assert holiday_name(place, date(2026, 10, 12), language) == name


def test_c5_a_pause_is_drawn_where_it_took_working_hours():
    log = "01 10:00 lead.assigned 1\n01 11:00 lead.paused 1\n02 14:00 lead.resumed 1\n02 15:00 lead.disposed 1"
    ((_, timeline),) = timelines(log, HOLIDAYS)
    assert [total(day.paused) / HOUR for day in timeline.days if day.paused] == [6, 4]
    assert [name for day in timeline.days for name, _ in day.marks] == ["start", "stop", "due"]


@pytest.mark.parametrize(("hours", "zone"), [(calendar(NEW_YORK, friday=OFFICE), NEW_YORK), (None, SAO_PAULO)])
def test_days_are_those_of_the_clocks_own_calendar(hours, zone):
    ((_, timeline),) = timelines("02 09:30 lead.assigned 1\n02 11:00 lead.disposed 1", hours)
    assert timeline.zone == ZoneInfo(zone)
    assert timeline.days[0].start == local("2026-10-02T00:00", zone)
    assert total(timeline.days[0].counted) == (HOUR if hours else 1.5 * HOUR)  # nine there is ten here
