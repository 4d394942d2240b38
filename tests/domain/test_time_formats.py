"""Times as files write them: in one of the formats that the mapping lists, to the millisecond."""

import pytest

from leaderboard.domain.time_formats import fault_of, read_time, settled


@pytest.mark.parametrize(
    ("text", "formats", "expected"),
    [
        ("29/2/2016 01:23", ("%d/%m/%Y %H:%M",), "2016-02-29T01:23:00"),
        ("2019-05-07 13:45:23.123", ("iso",), "2019-05-07T13:45:23.123000"),
        ("2019/05/07 13:45:23.123", ("%Y/%m/%d %H:%M:%S.%f",), "2019-05-07T13:45:23.123000"),
        ("2019-05-07T13:45:23.123Z", ("%Y-%m-%dT%H:%M:%S.%f%z",), "2019-05-07T13:45:23.123000+00:00"),
        ("2019-05-07T13:45-03:00", ("iso",), "2019-05-07T13:45:00-03:00"),
        ("3/15/2024 2:30 PM", ("iso", "%m/%d/%Y %I:%M %p"), "2024-03-15T14:30:00"),
        ("2024-03-12 09:14", ("iso", "%m/%d/%Y %I:%M %p"), "2024-03-12T09:14:00"),
        ("1557236723123", ("unix_ms",), "2019-05-07T13:45:23.123000+00:00"),
        ("1557236723", ("unix",), "2019-05-07T13:45:23+00:00"),
        ("1557236723.1234567", ("unix",), "2019-05-07T13:45:23.123456+00:00"),
        ("1557236723123.0", ("unix_ms",), "2019-05-07T13:45:23.123000+00:00"),
        ("1721072850828", ("iso", "unix_ms"), "2024-07-15T19:47:30.828000+00:00"),  # no day in 1721
        ("20240315", ("iso", "unix_ms"), "2024-03-15T00:00:00"),
        ("2019-05-07 13:45 UTC", ("%Y-%m-%d %H:%M UTC",), "2019-05-07T13:45:00+00:00"),
        ("07.05.2019 13:45 (GMT)", ("%d.%m.%Y %H:%M (GMT)",), "2019-05-07T13:45:00+00:00"),
    ],
)
def test_a_time_is_read_in_the_first_format_that_fits(text, formats, expected):
    assert read_time(text, formats).isoformat() == expected


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("29/2/2015 01:23", ("%d/%m/%Y %H:%M",)),
        ("2/29/2016 01:23", ("%d/%m/%Y %H:%M",)),
        ("1.5e9", ("unix",)),
        ("1557236723123", ("iso",)),
        ("-1", ("unix",)),
        ("\u0661", ("unix",)),  # a digit, but not one of ours
        ("", ("iso", "unix")),
    ],
)
def test_a_time_that_no_format_fits_is_refused(text, formats):
    with pytest.raises(ValueError):
        read_time(text, formats)


def test_a_time_beyond_the_calendar_is_told_apart():
    with pytest.raises(OverflowError):
        read_time("9" * 30, ("unix_ms",))


@pytest.mark.parametrize(
    "formats",
    [
        ("iso",),
        ("%d-%m-%Y %H:%M", "%d-%m-%Y"),
        ("%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M"),
        ("%d/%m/%Y %H:%M", "%d/%m/%y %H:%M"),
        ("%Y-%m-%dT%H:%M:%S%z", "unix_ms"),
        ("%d %b %Y",),
        ("%Y-%j",),
        ("%Y-%m",),  # the first of the month
        ("%d/%m/%Y %H:%M %%p %%Z",),
    ],
)
def test_formats_that_read_a_date_in_one_way_only_are_taken(formats):
    assert fault_of(formats) is None


@pytest.mark.parametrize(
    "formats",
    [
        ("%d/%m/%Y", "%m/%d/%Y"),
        ("%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M"),
        ("%-d/%m/%Y",),
        ("dd/mm/yyyy",),
        ("%d/%m",),
        ("%d%d",),
        ("%d/%m/%Y %",),
        ("%m/%d/%Y %H:%M %p",),  # Python passes over %p, so 3 PM would be read as 3 in the morning
        ("%m/%d/%Y %I:%M",),
        ("%Y-%m-%d %H:%M %Z",),  # Python passes over the zone
        ("",),
    ],
)
def test_formats_that_could_read_a_date_in_two_ways_or_none_are_refused(formats):
    assert fault_of(formats) is not None


@pytest.mark.parametrize(
    ("text", "form", "said"),
    [
        ("3/4/2026", "day_first", "2026-04-03T00:00:00"),
        ("3/4/2026", "month_first", "2026-03-04T00:00:00"),
        ("3.4.2026 14:30", "month_first", "2026-04-03T14:30:00"),  # dots are day first everywhere
        ("28-02-2026 02:30:05 p. m.", "day_first", "2026-02-28T14:30:05"),
        ("2/28/2026, 12:05\u202fAM", "month_first", "2026-02-28T00:05:00"),
        ("2/28/2026 12:05 pm", "day_or_month_first", "2026-02-28T12:05:00"),
        ("28/2/2026 9:00", "day_or_month_first", "2026-02-28T09:00:00"),
        ("3/3/2026", "day_or_month_first", "2026-03-03T00:00:00"),
    ],
)
def test_dates_as_people_write_them(text, form, said):
    assert read_time(text, [form]).isoformat() == said


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("13/13/2026", "day_or_month_first"),
        ("3/4/2026", "day_or_month_first"),
        ("2/28/2026", "day_first"),
        ("28/2/2026", "month_first"),
        ("3/4/26", "day_first"),
        ("3/4-2026", "day_first"),
        ("3/4/2026 13:00 PM", "day_first"),
        ("3/4/2026 0:30 AM", "day_first"),
        ("3/4/2026 24:30", "day_first"),
        ("31/2/2026", "day_first"),
    ],
)
def test_dates_that_are_none_or_could_be_two_are_refused(text, form):
    with pytest.raises(ValueError):
        read_time(text, [form])


def test_the_order_of_day_and_month_shows_in_some_texts():
    either = ("iso", "day_or_month_first")
    assert settled(either, ["1/2/2026", "13/2/2026", "2026-01-02", ""]) == ("iso", "day_first")
    assert settled(either, ["1/2/2026", "2/13/2026 9:00 PM"]) == ("iso", "month_first")
    assert settled(either, ["2026-01-02", "3/3/2026", "1.2.2026"]) == either
    assert settled(("iso",), ["1/2/2026"]) == ("iso",)
    with pytest.raises(ValueError, match="may be day first or month first, and no row tells"):
        settled(either, ["1/2/2026", "12.12.2026"])
    with pytest.raises(ValueError, match='"13/2/2026" is written day first and "2/13/2026" month first'):
        settled(either, ["13/2/2026", "2/13/2026"])


@pytest.mark.parametrize("other", ["month_first", "%m/%d/%Y %H:%M"])
def test_two_orders_in_one_list_are_refused(other):
    assert "differently" in fault_of(["day_first", other])
