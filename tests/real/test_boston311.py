"""18,453 requests to a city: due times and verdicts against the city's own (T2 to T5)."""

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.scoring import score_everything

NEW_YORK = ZoneInfo("America/New_York")
AS_OF = datetime(2016, 1, 13, 5, tzinfo=UTC)  # when the city's file was made
MINUTE = timedelta(minutes=1)


def local(text):
    return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=NEW_YORK) if text else None


@pytest.fixture(scope="module")
def city(example):
    with example("boston311") as run:
        score_everything(run.session, now=AS_OF, by=COMMAND_LINE)
        yield run


@pytest.fixture(scope="module")
def cases(city):
    found = []
    for file in sorted(city.data.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as rows:
            found.extend(row for row in csv.DictReader(rows) if row["TARGET_DT"])
    return found


@pytest.fixture(scope="module")
def figures(expected):
    return expected("boston311_dev")


@pytest.fixture(scope="module")
def ours(city):
    quarters = [f"2015-Q{number}" for number in (1, 2, 3, 4)] + ["2016-Q1"]
    return {row["subject"]: row for row in city.attainments(*quarters) if row["level"] != "pending"}


@pytest.fixture(scope="module")
def set_by_hand(figures):
    """Requests whose due time a clerk changed."""
    return {case for policy in figures["policies"].values() for case in policy["exceptions_case_ids"]}


def closed_before_open(case):
    return case["CLOSED_DT"] != "" and local(case["CLOSED_DT"]) < local(case["OPEN_DT"])


def test_every_request_with_a_promise_has_its_clock_but_those_still_running(cases, ours, figures):
    without = [case["CASE_ENQUIRY_ID"] for case in cases if case["CASE_ENQUIRY_ID"] not in ours]
    assert len(cases) == figures["rows"] - figures["nulls"]["TARGET_DT"]
    assert len(without) == figures["as_of_2016-01-13T00:00"]["still_running"]
    assert all(not case["CLOSED_DT"] for case in cases if case["CASE_ENQUIRY_ID"] in without)


def test_the_city_and_we_agree_on_every_verdict(cases, ours, set_by_hand):
    differ = [
        case["CASE_ENQUIRY_ID"]
        for case in cases
        if case["CASE_ENQUIRY_ID"] in ours
        and case["CASE_ENQUIRY_ID"] not in set_by_hand
        and not closed_before_open(case)
        and (ours[case["CASE_ENQUIRY_ID"]]["level"] == "met") != (case["OnTime_Status"] == "ONTIME")
    ]
    assert differ == []


def test_where_a_clerk_set_the_due_time_the_verdicts_that_differ_are_those_listed(cases, ours, figures):
    listed = {case for policy in figures["policies"].values() for case in policy["disagree_policy_vs_city_case_ids"]}
    differ = {
        case["CASE_ENQUIRY_ID"]
        for case in cases
        if case["CLOSED_DT"]
        and not closed_before_open(case)
        and (ours[case["CASE_ENQUIRY_ID"]]["level"] == "met") != (case["OnTime_Status"] == "ONTIME")
    }
    assert differ == listed


def test_the_city_and_we_agree_on_every_due_time_within_a_minute(cases, ours, set_by_hand):
    kinds = Counter()
    for case in cases:
        row = ours.get(case["CASE_ENQUIRY_ID"])
        if row is None or case["CASE_ENQUIRY_ID"] in set_by_hand:
            continue
        due, target = datetime.fromisoformat(row["due_at"]), local(case["TARGET_DT"])
        if abs(due - target) <= MINUTE:
            kinds["the same"] += 1
        elif case["TYPE"] == "Rodent Activity":
            # T3: 30 days are 30 times 24 hours; the city's are an hour off where summer time changes in between.
            change = target.utcoffset() - local(case["OPEN_DT"]).utcoffset()
            assert abs(due - target - change) <= MINUTE, case
            kinds["summer time"] += 1
        else:
            # T5: used up exactly at closing time; the city names the next opening.
            assert due.astimezone(NEW_YORK).strftime("%H:%M") == "17:00", case
            assert target.strftime("%H:%M") == "08:30", case
            kinds["at closing time"] += 1
    assert kinds == {"the same": 13_576, "at closing time": 4_506, "summer time": 257}


def test_the_counts_of_requests_closed_in_time_are_those_of_working_time(cases, ours, figures):
    for name, policy in figures["policies"].items():
        closed = [case for case in cases if case["TYPE"] == name and case["CLOSED_DT"]]
        in_time = sum(closed_before_open(case) or ours[case["CASE_ENQUIRY_ID"]]["level"] == "met" for case in closed)
        assert (len(closed), in_time) == (policy["closed_with_target"], policy["met_by_elapsed_working_time"]), name


def test_open_requests_that_are_past_due_are_missed(cases, ours, figures):
    breached = [
        case
        for case in cases
        if not case["CLOSED_DT"] and ours.get(case["CASE_ENQUIRY_ID"], {}).get("level") == "missed"
    ]
    assert len(breached) == figures["as_of_2016-01-13T00:00"]["already_breached"]


def test_the_teams_hold_what_their_members_reached(city, ours):
    quarter = {row["key"]: row["met"] for row in city.standings("2015-Q2", "team")}
    members = Counter()
    for row in city.attainments("2015-Q2"):
        members[row["participant"].partition("_")[0]] += row["level"] == "met"
    assert quarter["PWDx"] == members["PWDx"]


def test_c6_two_requests_that_were_closed_before_they_were_opened_are_anomalies(city, cases, figures):
    assert sum(map(closed_before_open, cases)) == figures["closed_before_open"]
    assert f"{figures['closed_before_open']} anomalies: an end before any start." in city.printed
    assert "Everything agrees with the events." in city.printed
