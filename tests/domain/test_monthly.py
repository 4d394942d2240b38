"""Counts, sums, rates, completions and prorating (K1-K7); local times are São Paulo's, of October 2026."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.agreement import Completion, Count, EventRate, Level, Levels, Sum
from leaderboard.domain.events import in_order
from leaderboard.domain.monthly import (
    evidence_of,
    is_whole,
    level_of_rate,
    level_of_total,
    prorated,
    reached_at,
    share_of_month,
    task_results,
)
from leaderboard.domain.people import Membership
from leaderboard.domain.periods import Month, month_finder
from tests.domain.examples import (
    ANA,
    BIA,
    DAY,
    MICROSECOND,
    SAO_PAULO,
    SECOND,
    TEN_YEARS_ON,
    calendar,
    happened,
    local,
    office,
    properties,
)

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
MONTHS = month_finder(SAO_PAULO)
WON = frozenset({"opportunity.won"})
QUALIFIED, CONVERTED = frozenset({"lead.qualified"}), frozenset({"lead.converted"})


def evidence(measure, log):
    """Return participant, month and amount of what the events of one subject put in."""
    events = in_order(happened(log))
    return sorted(
        (each.participant, str(each.month), each.amount)
        for each in evidence_of(measure, events, lambda e: e.member_id, MONTHS)
    )


# Counts and sums


def test_k1_a_count_has_each_subject_once_a_month_and_participant():
    log = f"""
05 09:00 opportunity.won {ANA}
06 09:00 opportunity.won {ANA}
07 09:00 opportunity.won {BIA}
11/01 00:00 opportunity.won {ANA}
"""
    assert evidence(Count(WON), log) == [(ANA, "2026-10", 1), (ANA, "2026-11", 1), (BIA, "2026-10", 1)]


def test_k1_a_counted_subject_counts_from_its_first_event():
    events = in_order(happened(f"06 09:00 opportunity.won {ANA}\n05 09:00 opportunity.won {ANA}"))
    (found,) = evidence_of(Count(WON), events, lambda e: e.member_id, MONTHS)
    assert found.at == local("2026-10-05T09:00")


def sums(log):
    """Return what a subject puts into each participant's and month's sum."""
    totals = Counter()
    for participant, month, amount in evidence(Sum(WON), log):
        totals[participant, month] += amount
    return totals


def test_k1_a_sum_has_one_amount_a_subject_the_months_latest():
    log = f"""
05 09:00 opportunity.won {ANA} amount=7000
06 09:00 opportunity.won {ANA} amount=6050
07 09:00 opportunity.created {ANA} amount=1
11/01 00:00 opportunity.won {ANA} amount=5
"""
    assert sums(log) == {(ANA, "2026-10"): 6050, (ANA, "2026-11"): 5}


@pytest.mark.parametrize("amounts", [("", "amount=7000"), ("amount=7000", "")])
def test_k1_an_event_without_an_amount_changes_no_sum(amounts):
    log = f"05 09:00 opportunity.won {ANA} {amounts[0]}\n06 09:00 opportunity.won {ANA} {amounts[1]}"
    assert sums(log) == {(ANA, "2026-10"): 7000}


def test_k1_of_two_amounts_at_one_instant_the_later_id_counts():
    log = f"05 09:00 opportunity.won {ANA} amount=7000 id=b\n05 09:00 opportunity.won {ANA} amount=50 id=a"
    assert evidence(Sum(WON), log) == [(ANA, "2026-10", 7000)]


def test_k7_an_event_that_names_nobody_counts_for_nobody():
    for measure in (Count(WON), Sum(WON), EventRate(WON, WON)):
        assert evidence(measure, "05 09:00 opportunity.won -") == []


@pytest.mark.parametrize(
    ("total", "level"), [(0, "missed"), (119, "missed"), (120, "met"), (149, "met"), (150, "exceeded")]
)
def test_k1_targets_of_a_total_are_inclusive(total, level):
    assert level_of_total(total, 120, 150) == level


def test_k1_without_a_second_target_nothing_exceeds():
    assert level_of_total(10**9, 120, None) is Level.MET


@pytest.mark.parametrize(("target", "day"), [(1, 1), (3, 2), (4, 3), (6, 3), (7, None)])
def test_k6_a_total_is_reached_with_the_event_that_reaches_it(target, day):
    start = local("2026-10-01T00:00")
    amounts = [(start + number * DAY, number) for number in (1, 2, 3)]
    assert reached_at(amounts, target) == (None if day is None else start + day * DAY)


def test_k6_what_comes_at_one_instant_is_taken_together():
    at = local("2026-10-05T09:00")
    amounts = [(at, 70), (at + DAY, 50), (at + DAY, -60), (at + 2 * DAY, 40)]
    assert reached_at(amounts, 100) == at + 2 * DAY
    assert reached_at(amounts, 70) == at


# Rates


def test_k3_a_subject_is_in_if_the_second_event_came_at_or_after_the_first():
    rate = EventRate(QUALIFIED, CONVERTED)
    at_once = f"05 09:00 lead.qualified {ANA}\n05 09:00 lead.converted {BIA}"
    before = f"05 09:00 lead.qualified {ANA}\n05 08:59 lead.converted {BIA}"
    assert evidence(rate, at_once) == [(ANA, "2026-10", 1)]
    assert evidence(rate, before) == [(ANA, "2026-10", 0)]


@pytest.mark.parametrize(("converted", "amount"), [("31 23:59:59.999999", 1), ("11/01 00:00", 0)])
def test_k3_the_second_event_must_come_by_the_months_end(converted, amount):
    log = f"05 09:00 lead.qualified {ANA}\n{converted} lead.converted {ANA}"
    assert evidence(EventRate(QUALIFIED, CONVERTED), log) == [(ANA, "2026-10", amount)]


def test_k3_a_subject_is_one_case_a_month_and_its_first_event_decides():
    log = f"05 09:00 lead.qualified {ANA}\n06 09:00 lead.converted -\n07 09:00 lead.qualified {ANA}"
    assert evidence(EventRate(QUALIFIED, CONVERTED), log) == [(ANA, "2026-10", 1)]


@pytest.mark.parametrize(
    ("in_time", "cases", "level"),
    [
        (0, 0, "none"),
        (9, 9, "none"),  # fewer than at_least
        (10, 10, "exceeded"),
        (19, 20, "met"),  # 0.95 to the case
        (18, 19, "missed"),
        (0, 10, "missed"),
    ],
)
def test_k3_a_rate_is_judged_from_at_least_so_many_cases(in_time, cases, level):
    levels = Levels(Decimal("0.95"), Decimal("1.0"))
    assert level_of_rate(in_time, cases, levels, at_least=10) == level


def test_k3_a_share_is_compared_exactly():
    third = Levels(Decimal("0.333333333333333333"))
    assert level_of_rate(1, 3, third, 1) is Level.MET
    assert level_of_rate(1, 3, Levels(Decimal("0.3333333333333333334")), 1) is Level.MISSED
    assert level_of_rate(7, 10, Levels(Decimal("0.7")), 1) is Level.MET  # 0.7 is no binary fraction


# Tasks


DUE = "10-20T18:00"
TRAINING = Levels(timedelta(0), timedelta(days=7))


def task(log, now=TEN_YEARS_ON, levels=TRAINING):
    events = [each for each in in_order(happened(log)) if each.occurred_at <= now]
    return task_results(Completion(), levels, events, now, lambda e: e.member_id)


@pytest.mark.parametrize(
    ("done", "level", "early"),
    [
        ("02 09:00", "exceeded", timedelta(days=18, hours=9)),
        ("13 18:00", "exceeded", timedelta(days=7)),
        ("13 18:00:00.000001", "met", timedelta(days=7) - MICROSECOND),
        ("20 18:00", "met", timedelta(0)),
        ("20 18:00:00.000001", "missed", -MICROSECOND),
        ("22 18:00", "missed", timedelta(days=-2)),
    ],
)
def test_k4_a_task_reaches_the_level_that_it_is_ahead_of(done, level, early):
    (found,) = task(f"01 09:00 task.assigned {ANA} due={DUE}\n{done} task.completed {ANA}")
    assert (found.owner, found.level, found.value) == (ANA, level, early)
    assert found.decided_at == (local("2026-10-20T18:00") if level == "missed" else found.stopped_at)


@pytest.mark.parametrize(
    ("now", "level", "decided_at"),
    [("10-20T18:00", "pending", None), ("10-20T18:00:00.000001", "missed", "10-20T18:00")],
)
def test_k4_a_task_is_missed_once_its_date_is_over(now, level, decided_at):
    (found,) = task(f"01 09:00 task.assigned {ANA} due={DUE}", now=local(f"2026-{now}"))
    assert (found.level, found.stopped_at, found.value) == (level, None, None)
    assert found.decided_at == (decided_at and local(f"2026-{decided_at}"))


def test_k4_met_may_ask_for_days_too():
    levels = Levels(timedelta(days=1))
    (found,) = task(f"01 09:00 task.assigned {ANA} due={DUE}\n20 09:00 task.completed {ANA}", levels=levels)
    assert (found.level, found.decided_at) == ("missed", local(f"2026-{DUE}"))  # early, but not early enough


def test_k4_each_member_has_a_result_of_their_own():
    log = (
        f"01 09:00 task.assigned {ANA} due={DUE}\n01 09:00 task.assigned {BIA} due={DUE}\n05 09:00 task.completed {ANA}"
    )
    found = task(log, now=local("2026-10-06T00:00"))
    assert [(each.owner, each.level) for each in found] == [(ANA, "exceeded"), (BIA, "pending")]


def test_k4_a_completion_that_names_nobody_is_everybodys():
    log = f"01 09:00 task.assigned {ANA} due={DUE}\n05 09:00 task.completed -"
    assert [(each.owner, each.level) for each in task(log)] == [(ANA, "exceeded")]


def test_k4_a_second_completion_changes_nothing():
    log = f"01 09:00 task.assigned {ANA} due={DUE}\n05 09:00 task.completed {ANA}"
    assert task(log + f"\n25 09:00 task.completed {ANA}") == task(log)


def test_k4_a_task_without_a_date_or_an_owner_gives_nothing():
    assert task(f"01 09:00 task.assigned {ANA}\n05 09:00 task.completed {ANA}") == []
    assert task(f"01 09:00 task.assigned - due={DUE}") == []
    assert task(f"05 09:00 task.completed {ANA}") == []


# Prorating


def membership(first, until=None, team=1):
    return Membership(ANA, team, date.fromisoformat(first), until and date.fromisoformat(until))


WEEK = office()


@pytest.mark.parametrize(
    ("memberships", "share"),
    [
        ([("2026-01-01", None)], Fraction(1)),
        ([("2026-10-01", None)], Fraction(1)),
        ([("2026-10-20", None)], Fraction(9, 22)),  # 20 to 30 October
        ([("2026-10-17", None)], Fraction(10, 22)),  # joined on a Saturday
        ([("2026-01-01", "2026-10-02")], Fraction(1, 22)),  # until is the first day no longer
        ([("2026-10-03", "2026-10-05")], Fraction(0)),  # a weekend
        ([("2026-10-05", "2026-10-07"), ("2026-10-08", "2026-10-10")], Fraction(4, 22)),
        ([], Fraction(0)),
    ],
)
def test_k5_the_share_is_of_the_months_working_days(memberships, share):
    assert share_of_month(OCTOBER, [membership(*each) for each in memberships], WEEK) == share


def test_k5_working_days_are_those_of_the_teams_calendar():
    half = calendar(monday=["09:00-10:00"])  # 4 Mondays in October 2026, two of them from the 19th on
    assert share_of_month(OCTOBER, [membership("2026-10-19")], half) == Fraction(2, 4)
    never = calendar(opened={date(2020, 1, 1): ["09:00-10:00"]})
    assert share_of_month(OCTOBER, [membership("2026-10-19")], never) == 1


def test_k5_holidays_are_no_working_days():
    closed = office(holidays="BR")  # Monday 12 October
    assert share_of_month(OCTOBER, [membership("2026-10-12", "2026-10-14")], closed) == Fraction(1, 21)


def test_k5_the_29th_of_february_is_a_working_day():
    assert share_of_month(Month(2024, 2), [membership("2024-02-29")], WEEK) == Fraction(1, 21)


@pytest.mark.parametrize(
    ("target", "share", "expected"),
    [
        (22, Fraction(1, 2), 11),
        (21, Fraction(1, 2), 11),  # rounded up to a whole subject
        (1, Fraction(1, 22), 1),
        (100, Fraction(0), 1),  # never below 1
        (100, Fraction(1), 100),
        (10**15, Fraction(1, 3), 333_333_333_333_334),  # no float
    ],
)
def test_k5_a_prorated_target_is_rounded_up_and_at_least_1(target, share, expected):
    assert prorated(target, share) == expected


@properties
@given(target=st.integers(1, 10**12), part=st.integers(0, 31), whole=st.integers(1, 31))
def test_k5_a_prorated_target_is_the_least_whole_one_that_is_enough(target, part, whole):
    share = Fraction(min(part, whole), whole)
    found = prorated(target, share)
    assert 1 <= found <= target
    assert found >= target * share
    assert found == 1 or found - 1 < target * share


@properties
@given(low=st.integers(1, 10**6), more=st.integers(0, 10**6), part=st.integers(0, 22))
def test_k5_prorating_keeps_the_order_of_targets(low, more, part):
    assert prorated(low, Fraction(part, 22)) <= prorated(low + more, Fraction(part, 22))


@pytest.mark.parametrize(
    ("memberships", "whole"),
    [
        ([("2026-01-01", None)], True),
        ([("2026-10-01", "2026-11-01")], True),
        ([("2026-10-01", "2026-10-31")], False),
        ([("2026-10-02", None)], False),
        ([("2026-01-01", "2026-10-15"), ("2026-10-15", None)], True),
        ([("2026-01-01", "2026-10-15"), ("2026-10-16", None)], False),
        ([], False),
    ],
)
def test_k5_only_one_who_belonged_every_day_has_the_whole_target(memberships, whole):
    assert is_whole(OCTOBER, [membership(*each) for each in memberships]) == whole


@properties
@given(data=st.data())
def test_k1_k3_what_comes_twice_changes_no_evidence(data):
    days, hours = st.sampled_from(["05", "31", "11/02"]), st.integers(0, 23)
    types = st.sampled_from(["lead.qualified", "lead.converted", "opportunity.won"])
    members, amounts = st.sampled_from([ANA, BIA, "-"]), st.integers(0, 99)
    lines = data.draw(
        st.lists(st.builds("{} {:02}:00 {} {} amount={}".format, days, hours, types, members, amounts), max_size=8)
    )
    events = happened("\n".join(lines))
    for measure in (Count(WON), Sum(WON), EventRate(QUALIFIED, CONVERTED)):
        once = evidence_of(measure, in_order(events), lambda e: e.member_id, MONTHS)
        twice = evidence_of(measure, in_order(events + events), lambda e: e.member_id, MONTHS)
        assert once == twice
        assert len({(each.participant, each.month, each.at) for each in once}) == len(once)


def test_k6_evidence_within_a_month_stays_in_it():
    log = f"31 23:59:59 opportunity.won {ANA}\n11/01 00:00:00 opportunity.won {ANA}"
    assert evidence(Count(WON), log) == [(ANA, str(OCTOBER), 1), (ANA, str(NOVEMBER), 1)]
    assert MONTHS.bounds(NOVEMBER)[0] - SECOND < local("2026-11-01T00:00")
