"""Times as files write them: in one of the formats that the mapping lists, to the millisecond."""

import pytest

from leaderboard.domain.time_formats import fault_of, read_time


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
