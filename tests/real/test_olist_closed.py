"""The same funnel closed month by month by command, against points and shares worked out from the files alone."""

import csv
import json
from collections import Counter, defaultdict
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

ZONE = ZoneInfo("America/Sao_Paulo")
MONTHS = [f"2017-{month:02}" for month in range(6, 13)] + [f"2018-{month:02}" for month in range(1, 12)]
CLOSED = MONTHS[6:]  # the first brings the older ones with it
QUARTERS = ["2017-Q4", "2018-Q1", "2018-Q2", "2018-Q3"]
BONUS = 100_000  # minor units
DAY = 86_400


def instant(text):
    day, _, clock = text.partition(" ")
    return datetime.strptime(f"{day} {clock or '00:00'}", "%d-%m-%Y %H:%M").replace(tzinfo=ZONE)


def rows_of(olist, name):
    with (olist.data / f"olist_{name}_dataset.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def quarter_of(month):
    return f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}"


@pytest.fixture(scope="module")
def olist(example):
    with example("olist") as made:
        yield made


@pytest.fixture(scope="module")
def points(olist):
    """Points by month and person: monthly counts of wins won and prepared, and each win within 30 or 7 days."""
    first = {row["mql_id"]: instant(row["first_contact_date"]) for row in rows_of(olist, "marketing_qualified_leads")}
    won, prepared, speed = (defaultdict(Counter) for _ in range(3))
    for deal in rows_of(olist, "closed_deals"):
        at, begun = instant(deal["won_date"]), first[deal["mql_id"]]
        month = f"{at:%Y-%m}"
        won[month][deal["sr_id"]] += 1
        prepared[month][deal["sdr_id"]] += 1
        took = at.timestamp() - begun.timestamp()
        if 0 <= took <= 30 * DAY:
            speed[month][deal["sr_id"]] += 10 if took <= 7 * DAY else 5
    found = {month: Counter(speed[month]) for month in MONTHS}
    for month in MONTHS:
        for counts, met, exceeded in ((won[month], 100, 150), (prepared[month], 50, 75)):
            for person, number in counts.items():
                found[month][person] += exceeded if number >= 15 else met if number >= 10 else 0
    return found


@pytest.fixture(scope="module")
def frozen(olist, points, shell):
    """Everybody's points in each month as it stood the moment it was closed, and what each close printed."""
    settings = {"DATABASE_URL": olist.session.get_bind().url.render_as_string(), "SECRET_KEY": "for this test only"}
    told, standings = {}, {}
    for month in CLOSED:
        told[month] = shell(f"leaderboard close {month}", olist.data, **settings)
        standings[month] = {row["key"]: row["points"] for row in olist.standings(month, "member") if row["points"]}
    bonuses = {
        quarter: json.loads(shell(f"leaderboard bonuses --period {quarter} --format json", olist.data, **settings))
        for quarter in QUARTERS
    }
    return told, standings, bonuses, shell("leaderboard verify", olist.data, **settings)


def test_m1_each_month_is_closed_with_the_points_that_the_files_give(frozen, points):
    _, standings, _, _ = frozen
    assert standings == {month: +points[month] for month in CLOSED}


def test_p5_closing_later_months_changes_no_earlier_one(olist, frozen):
    _, standings, _, verified = frozen
    for month, expected in standings.items():
        assert {row["key"]: row["points"] for row in olist.standings(month, "member") if row["points"]} == expected
    assert "Everything agrees with the events." in verified


def test_m1_the_rep_of_the_month_is_who_has_most_points(frozen, points):
    told, _, _, _ = frozen
    for month in CLOSED:
        best = max(points[month].values(), default=0)
        for person in (person for person, number in points[month].items() if number == best > 0):
            assert person in told[month]


def test_b3_the_quarters_bonus_is_divided_by_points_to_the_cent(frozen, points):
    _, _, bonuses, _ = frozen
    for quarter in QUARTERS:
        earned = Counter()
        for month in MONTHS:
            if quarter_of(month) == quarter:
                earned.update(points[month])
        if not +earned:  # nobody wins with nothing
            assert bonuses[quarter] == []
            continue
        (award,) = bonuses[quarter]
        shares = {each["member"]: each["amount_minor"] for each in award["shares"]}
        assert sum(shares.values()) == award["amount_minor"] == BONUS
        whole = sum(earned[member] for member in shares)
        for member, amount in shares.items():
            assert abs(amount - Fraction(BONUS * earned[member], whole)) < 1
