"""Reading the organisation's file: what is taken, and what is refused with its place and remedy."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.errors import CalendarRefused, OrganisationRefused, Refused
from leaderboard.domain.organisation_file import parse_hours, parse_organisation
from tests.domain.examples import DAY, HOUR, local, properties

AURORA = """
[organisation]
name = "Aurora"
time_zone = "America/Sao_Paulo"
currency = "BRL"
language = "pt_BR"
grace_hours = 72
quarter_winner_by = "average"
question_days = 0

[calendar]
monday = ["09:00-12:00", "13:00-18:00"]
friday = ["22:00-06:00"]
holidays = "BR-SP"
closed = [2026-12-24]
[[calendar.open]]
date = 2026-12-19
hours = ["09:00-13:00"]

[team_calendars."New York"]
time_zone = "America/New_York"
monday = ["09:00-17:00"]
[team_calendars.Nights]
sunday = ["20:00-24:00"]
"""
SMALL = '[organisation]\nname = "A"\ntime_zone = "UTC"\ncurrency = "BRL"\n[calendar]\nmonday = ["09:00-18:00"]\n'


def test_an_organisation_is_read():
    found = parse_organisation(AURORA)
    assert (found.name, found.time_zone, found.currency, found.language) == (
        "Aurora",
        "America/Sao_Paulo",
        "BRL",
        "pt_BR",
    )
    assert (found.grace_hours, found.quarter_winner_by, found.zone.key) == (72, "average", "America/Sao_Paulo")
    assert found.question_days == 0
    assert found.calendar.week[0] == ((540, 720), (780, 1080))
    assert found.calendar.week[4] == ((1320, 1800),)  # until 06:00 of the next day
    assert found.calendar.closed == {date(2026, 12, 24)}
    assert found.calendar.opened == {date(2026, 12, 19): ((540, 780),)}


def test_what_is_left_out_has_a_default():
    found = parse_organisation(SMALL)
    assert (found.language, found.grace_hours, found.quarter_winner_by) == ("en", 48, "total")
    assert found.question_days == 3
    assert found.team_calendars == {}


def test_t2_a_teams_own_calendar_wins_and_its_time_zone_is_the_organisations_unless_it_names_one():
    found = parse_organisation(AURORA)
    assert found.calendar_of("New York").time_zone == "America/New_York"
    assert found.calendar_of("Nights").time_zone == "America/Sao_Paulo"
    assert found.calendar_of("Others") is found.calendar_of(None) is found.calendar
    elapsed = found.calendar_of("New York").working_time.elapsed
    assert elapsed(local("2026-10-05T00:00"), local("2026-10-06T00:00")) == 8 * HOUR


def test_t2_a_date_that_is_opened_twice_has_both_hours():
    again = AURORA.replace(
        '[team_calendars."New York"]',
        '[[calendar.open]]\ndate = 2026-12-19\nhours = ["14:00-15:00"]\n[team_calendars."New York"]',
    )
    assert parse_organisation(again).calendar.opened[date(2026, 12, 19)] == ((540, 780), (840, 900))


NEVER = "is never open, so no deadline would ever come; give at least one day hours"


@pytest.mark.parametrize(
    ("calendar", "place"),
    [
        ("[calendar]\n", "[calendar]"),
        ("[calendar]\nmonday = []\n", "[calendar]"),
        ("[calendar]\n[[calendar.open]]\ndate = 2026-12-19\nhours = []\n", "[calendar]"),
        ('[calendar]\nmonday = ["09:00-18:00"]\n[team_calendars.North]\nholidays = "BR"\n', '[team_calendars."North"]'),
    ],
)
def test_t6_a_calendar_that_is_never_open_is_refused_and_says_so(calendar, place):
    with pytest.raises(CalendarRefused) as refused:
        parse_organisation(SMALL.partition("[calendar]")[0] + calendar)
    assert str(refused.value).startswith(f"{place} {NEVER}")


def test_t6_a_calendar_with_a_single_open_date_is_open():
    calendar = '[calendar]\n[[calendar.open]]\ndate = 2026-12-19\nhours = ["09:00-13:00"]\n'
    assert parse_organisation(SMALL.partition("[calendar]")[0] + calendar)


@pytest.mark.parametrize(
    ("there", "instead", "reason"),
    [
        ('name = "A"', "", "[organisation]: name = nothing; expected a text of 1 to 200 characters on one line."),
        ('"A"', '" "', '[organisation]: name = " "; expected a text'),
        ('"A"', f'"{"a" * 201}"', "expected a text of 1 to 200 characters on one line."),
        ('"A"', '"\\u0000"', "expected a text of 1 to 200 characters on one line."),
        (
            '"UTC"',
            '"Mars/Olympus"',
            '[organisation]: time_zone = "Mars/Olympus" is not a time zone; write a name such as',
        ),
        ('"UTC"', '"../etc/passwd"', "is not a time zone"),
        ('"UTC"', '""', "is not a time zone"),
        ('"UTC"', "3", "[organisation]: time_zone = 3 is not a time zone"),
        ('time_zone = "UTC"', "", "time_zone = nothing is not a time zone"),
        ('"BRL"', '"R$"', '[organisation]: currency = "R$"; expected an ISO 4217 code such as "BRL".'),
        ('"BRL"', '"brl"', "expected an ISO 4217 code"),
        ('currency = "BRL"', "", "currency = nothing; expected an ISO 4217 code"),
        ("[calendar]", 'language = "xx"\n[calendar]', '[organisation]: language = "xx"; expected one of en, pt_BR.'),
        ("[calendar]", "language = []\n[calendar]", "[organisation]: language = []; expected one of"),
        (
            "[calendar]",
            "grace_hours = -1\n[calendar]",
            "[organisation]: grace_hours = -1; expected a whole number from 0",
        ),
        ("[calendar]", "grace_hours = true\n[calendar]", "grace_hours = true; expected a whole number"),
        ("[calendar]", "question_days = -1\n[calendar]", "question_days = -1; expected a whole number from 0 to 60."),
        ("[calendar]", "question_days = 61\n[calendar]", "question_days = 61; expected a whole number from 0 to 60."),
        ("[calendar]", "question_days = 1.5\n[calendar]", "question_days = 1.5; expected a whole number"),
        ("[calendar]", 'quarter_winner_by = "luck"\n[calendar]', "expected one of total, average."),
        ("[calendar]", "budget = 1\n[calendar]", "[organisation]: budget is not a known key; known are name,"),
        ("[calendar]", "[calender]", "the file: calender is not a known key; known are organisation, calendar"),
        ("[organisation]", "[organization]", "the file: organization is not a known key"),
        ('monday = ["09:00-18:00"]', 'mon = ["09:00-18:00"]', "[calendar]: mon is not a known key; known are monday,"),
        ('["09:00-18:00"]', '"09:00-18:00"', '[calendar]: monday = "09:00-18:00"; expected a list such as'),
        ('["09:00-18:00"]', '["9-18"]', '[calendar]: monday: "9-18" is not an interval; write it as "09:00-18:00".'),
        ('["09:00-18:00"]', '["09:00"]', "is not an interval"),
        ('["09:00-18:00"]', '["09:00-25:00"]', "is not an interval"),
        ('["09:00-18:00"]', '["09:60-18:00"]', "is not an interval"),
        ('["09:00-18:00"]', '["24:00-25:00"]', "is not an interval"),
        ('["09:00-18:00"]', '["24:00-06:00"]', "is not an interval"),
        ('["09:00-18:00"]', '["09:00-24:30"]', "ends after 24:00; write the time of the next day instead."),
        ('["09:00-18:00"]', "[9]", "[calendar]: monday: 9 is not an interval"),
        (
            '["09:00-18:00"]',
            '["09:00-18:00"]\nholidays = "XX"',
            '[calendar]: holidays = "XX" is not known; give a country',
        ),
        ('["09:00-18:00"]', '["09:00-18:00"]\nholidays = 1', "[calendar]: holidays = 1; expected a place such as"),
        (
            '["09:00-18:00"]',
            '["09:00-18:00"]\nclosed = ["2026-12-24"]',
            "expected a list of dates of 1970 to 2199",
        ),
        ('["09:00-18:00"]', '["09:00-18:00"]\nclosed = 2026-12-24', "expected a list of dates of 1970 to 2199"),
        ('["09:00-18:00"]', '["09:00-18:00"]\nopen = 1', "[calendar]: open = 1; write it as [[calendar.open]]"),
        (
            '["09:00-18:00"]',
            '["09:00-18:00"]\n[[calendar.open]]\ndate = 2026-12-19',
            "open needs date = 2026-12-19 and hours",
        ),
        ('["09:00-18:00"]', '["09:00-18:00"]\n[team_calendars]\nNorth = 1', '[team_calendars."North"] is not a table'),
        ("[organisation]", "team_calendars = 1\n[organisation]", "[team_calendars] is not a table; write"),
        ("[calendar]\n", "", "The file has no [calendar]; write that table with its keys below it."),
        ("[organisation]", "[organisation", "The organisation file is not TOML"),
    ],
)
def test_a_mistake_is_refused_with_its_place_and_remedy(there, instead, reason):
    assert there in SMALL
    text = SMALL.replace(there, instead, 1)
    if there == "[calendar]\n":
        text = text.replace('monday = ["09:00-18:00"]\n', "")
    with pytest.raises((OrganisationRefused, CalendarRefused)) as refused:
        parse_organisation(text)
    assert reason in str(refused.value)


def test_the_longest_question_window_is_taken():
    assert parse_organisation(SMALL.replace("[calendar]", "question_days = 60\n[calendar]")).question_days == 60


def test_an_empty_file_is_refused():
    with pytest.raises(OrganisationRefused, match=r"no \[organisation\]"):
        parse_organisation("")


clock_times = st.integers(0, 24 * 60 - 1)


@properties
@given(start=clock_times, end=clock_times)
def test_t2_hours_read_back_as_they_are_written(start, end):
    text = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    ((opening, closing),) = parse_hours([text], "monday")
    assert (opening, closing % (24 * 60)) == (start, end)
    assert timedelta(0) < timedelta(minutes=closing - opening) <= DAY


@properties
@given(text=st.text(alphabet="0123456789:- x", max_size=12))
def test_whatever_stands_for_hours_is_taken_or_refused_in_words(text):
    with suppress(Refused):
        parse_hours([text], "monday")
