"""What is written of an organisation is read as the same one."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.domain.calendar_preview import weeks_ahead
from leaderboard.domain.holiday_places import countries, regions
from leaderboard.domain.organisation_file import Organisation, parse_organisation
from leaderboard.domain.organisation_text import hours_text, organisation_text, with_team_renamed
from leaderboard.domain.working_time import Calendar, public_holidays

ZONES = ("America/Sao_Paulo", "Asia/Kolkata", "UTC")
DAYS = st.dates(date(1970, 1, 1), date(2199, 12, 31))
NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
SEEN = st.characters(categories=("L", "N", "P", "S", "Zs"))
STARTS = st.integers(0, 1439)


@st.composite
def hours(draw):
    starts = draw(st.lists(STARTS, max_size=3))
    return tuple(sorted((start, start + draw(st.integers(1, 1440))) for start in starts))


@st.composite
def calendars(draw):
    week = draw(st.tuples(*[hours()] * 7).filter(any))
    opened = {day: draw(hours()) + draw(hours()) for day in draw(st.lists(DAYS, max_size=3, unique=True))}
    return Calendar(
        time_zone=draw(st.sampled_from(ZONES)),
        week=week,
        holidays=draw(st.sampled_from((None, "BR", "BR-SP", "US-NY"))),
        closed=frozenset(draw(st.lists(DAYS, max_size=4))),
        opened=opened,
    )


@st.composite
def organisations(draw):
    return Organisation(
        name=draw(
            st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1).map(str.strip).filter(bool)
        ),
        time_zone=draw(st.sampled_from(ZONES)),
        currency=draw(st.sampled_from(("BRL", "EUR"))),
        language=draw(st.sampled_from(("en", "pt_BR"))),
        grace_hours=draw(st.integers(0, 24 * 60)),
        quarter_winner_by=draw(st.sampled_from(("total", "average"))),
        question_days=draw(st.integers(0, 60)),
        calendar=draw(calendars()),
        team_calendars=draw(st.dictionaries(NAMES, calendars(), max_size=2)),
    )


@settings(max_examples=60, deadline=None)
@given(organisations())
def test_what_is_written_is_read_as_the_same_organisation(organisation):
    assert parse_organisation(organisation_text(organisation)) == organisation


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("00:00-24:00", (0, 1440)),
        ("22:00-06:00", (1320, 1800)),
        ("09:00-09:00", (540, 1980)),  # a whole day and night
        ("10:00-24:00", (600, 1440)),  # also written 10:00-00:00
    ],
)
def test_t2_an_interval_past_midnight_is_written_as_people_write_it(written, read):
    assert hours_text((read,)) == [written]


def test_a_team_that_is_renamed_keeps_its_calendar_and_others_theirs():
    text = '[organisation]\nname = "A"\ntime_zone = "UTC"\ncurrency = "EUR"\n'
    week = 'monday = ["09:00-17:00"]\n'
    before = parse_organisation(f"{text}[calendar]\n{week}[team_calendars.A]\n{week}[team_calendars.B]\n{week}")
    assert list(with_team_renamed(before, "A", "C").team_calendars) == ["C", "B"]
    assert with_team_renamed(before, "D", "E") is before


def test_t2_the_weeks_ahead_say_why_a_day_is_not_as_its_weekday_is():
    week = ((540, 1020),)
    calendar = Calendar(
        "UTC", (week,) * 5 + ((), ()), "BR", frozenset({date(2026, 11, 23)}), {date(2026, 11, 28): ((540, 720),)}
    )
    first, *rest = weeks_ahead(calendar, date(2026, 11, 18))
    assert (first[0].day, len(rest), rest[-1][-1].day) == (date(2026, 11, 16), 3, date(2026, 12, 13))
    days = {each.day: each for each in (*first, *rest[0])}
    assert (days[date(2026, 11, 19)].hours, days[date(2026, 11, 19)].because) == (week, None)
    assert (days[date(2026, 11, 20)].hours, days[date(2026, 11, 20)].because) == ((), "holiday")
    assert days[date(2026, 11, 20)].holiday == public_holidays("BR")[date(2026, 11, 20)]
    assert (days[date(2026, 11, 23)].hours, days[date(2026, 11, 23)].because) == ((), "closed")
    assert (days[date(2026, 11, 28)].hours, days[date(2026, 11, 28)].because) == (((540, 720),), "open")
    assert days[date(2026, 11, 29)].hours == ()


def test_holidays_are_chosen_by_name_and_every_choice_is_known():
    assert ("SP", "São Paulo") in regions("BR")
    assert regions("XX") == ()
    assert "BR" in countries()
    for country in countries()[::25]:
        for code, name in regions(country)[:2]:
            public_holidays(f"{country}-{code}")  # raises for what is not known
            assert name
