"""The reference against cases worked out by hand, rule by rule.

Local times are São Paulo's: UTC-3, without DST in 2026.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.reference.hours import Calendar, due_and_over, elapsed
from tests.reference.rules import attainments_in, evaluate, standings_in

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
WEEK = "\n".join(f'{day} = ["09:00-12:00", "13:00-18:00"]' for day in WEEKDAYS)
ORGANISATION = f"""
[organisation]
name = "Aurora"
time_zone = "America/Sao_Paulo"
currency = "BRL"
[calendar]
{WEEK}
[team_calendars."New York"]
time_zone = "America/New_York"
monday = ["09:00-17:00"]
"""
PEOPLE = [
    ("ana@x", "Ana", "North", "sales", "2026-01-01", ""),
    ("bia@x", "Bia", "North", "sales", "2026-01-01", "2026-10-15"),
    ("bia@x", "Bia", "New York", "sales", "2026-10-15", ""),
    ("caio@x", "Caio", "Leads", "marketing", "2026-01-01", ""),
    ("eva@x", "Eva", "North", "sales", "2026-10-19", ""),
]
SPEED = 'kind = "response_time", from = ["lead.assigned"], to = ["lead.disposed"]'
PAUSES = ', pause = ["lead.paused"], resume = ["lead.resumed"], void_by = ["lead.reopened"]'
HOURS_8 = 'met = "8h", exceeded = "1h"'
LATER = datetime(2027, 1, 1, 12, tzinfo=UTC)
ANA, BIA = "ana@x", "bia@x"


def sla(measure, levels=HOURS_8, *, key="s", participant="member", side="sales"):
    return f"""
[[sla]]
key = "{key}"
title = "{key}"
side = "{side}"
participant = "{participant}"
measure = {{ {measure} }}
levels = {{ {levels} }}
points = {{ per = "occurrence", met = 5, exceeded = 10 }}
"""


def agreement(*slas, effective_from="2026-10-01"):
    return f'[agreement]\ntitle = "A"\neffective_from = {effective_from}\n' + "".join(slas)


def people():
    names = ("email", "name", "team", "side", "from", "until")
    return [dict(zip(names, row, strict=True)) for row in PEOPLE]


def events(text):
    """Read lines `DD HH:MM type member key=value…` of October 2026; the id is the line's number."""
    rows = []
    for number, line in enumerate(text.strip().splitlines()):
        day, clock, kind, member, *rest = line.split()
        month, _, day = day.rpartition("/")
        row = {"event_id": f"{number:03}", "occurred_at": f"2026-{month or '10'}-{day}T{clock}", "type": kind}
        row |= {"subject": "L1", "member": "" if member == "-" else member}
        rows.append(row | dict(pair.split("=") for pair in rest))
    return rows


def run(log, *slas, as_of=LATER, agreements=None):
    return evaluate(ORGANISATION, agreements or [agreement(*slas)], people(), events(log), as_of)


def levels(result):
    return [(row.participant, row.level, row.value) for row in result.attainments]


def local(text):
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZoneInfo("America/Sao_Paulo"))


def calendar(zone="America/Sao_Paulo", closed=(), open_dates=None, holidays=None, **hours):
    return Calendar(ZoneInfo(zone), hours, holidays, list(closed), open_dates or {})


# Time


@pytest.mark.parametrize(("closed", "hours"), [(10, 8), (9, 0)])
def test_t2_a_shift_past_midnight_belongs_to_the_day_it_starts_on(closed, hours):
    night = calendar(closed=[date(2026, 10, closed)], friday=["22:00-06:00"])  # the 9th is the Friday
    assert elapsed(night, [], local("10-09T00:00"), local("10-11T00:00")) == timedelta(hours=hours)


@pytest.mark.parametrize(("open_dates", "hours"), [({}, 0), ({date(2026, 10, 12): ["09:00-10:00"]}, 1)])
def test_t2_an_extra_open_date_replaces_hours_and_wins_over_holidays_and_closed_dates(open_dates, hours):
    holiday = date(2026, 10, 12)  # Our Lady of Aparecida, a Monday
    days = calendar(closed=[holiday], open_dates=open_dates, holidays="BR-SP", monday=["09:00-18:00"])
    assert days.is_working_day(holiday) == bool(hours)
    assert elapsed(days, [], local("10-12T00:00"), local("10-13T00:00")) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-07", 7), ("2026-10-31", 9), ("2026-06-06", 8)],  # spring forward, fall back, an ordinary night
)
def test_t3_a_night_over_a_dst_change_counts_real_seconds(day, hours):
    night = calendar("America/New_York", saturday=["22:00-06:00"])
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    assert elapsed(night, [], start, start + timedelta(days=3)) == timedelta(hours=hours)


def test_t5_a_target_reached_at_closing_time_is_due_then_and_over_at_the_next_opening():
    week = calendar(friday=["09:00-18:00"], monday=["09:00-18:00"])
    found = due_and_over(week, [], local("10-09T10:00"), timedelta(hours=8))
    assert found == (local("10-09T18:00"), local("10-12T09:00"))


def test_t5_a_due_instant_far_away_is_found_and_one_that_never_comes_is_none():
    once = calendar(open_dates={date(2028, 1, 3): ["09:00-10:00"]})
    assert due_and_over(once, [], local("10-09T10:00"), timedelta(minutes=30))[0] == datetime(
        2028, 1, 3, 12, 30, tzinfo=UTC
    )
    assert due_and_over(once, [], local("10-09T10:00"), timedelta(hours=2)) == (None, None)


# Clocks


@pytest.mark.parametrize(
    ("stop", "level"),
    [
        ("05 10:00", "exceeded"),
        ("05 10:00:00.000001", "met"),
        ("06 09:00", "met"),  # 8 h were full at closing time: in time until it runs again
        ("06 09:00:01", "missed"),
    ],
)
def test_t4_c3_targets_are_inclusive(stop, level):
    found = run(f"05 09:00 lead.assigned {ANA}\n{stop} lead.disposed {BIA}", sla(SPEED)).attainments[0]
    assert (found.level, found.participant) == (level, ANA)
    assert found.due_at == local("10-05T18:00")
    assert found.decided_at == (local("10-06T09:00") if level == "missed" else found.stopped_at)


@pytest.mark.parametrize(
    ("as_of", "level"),
    [("10-05T18:00", "pending"), ("10-06T09:00", "pending"), ("10-06T09:00:01", "missed")],
)
def test_c3_an_open_clock_is_missed_once_elapsed_is_over_the_target(as_of, level):
    found = run(f"05 09:00 lead.assigned {ANA}", sla(SPEED), as_of=local(as_of)).attainments[0]
    assert (found.level, found.stopped_at, found.value) == (level, None, None)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("05 12:00", [("bia@x", "exceeded", 0)]),  # in time: dropped
        ("06 09:00", [("bia@x", "exceeded", 0)]),  # exactly at the last instant in time
        ("06 10:00", [("ana@x", "missed", 9 * 3600), ("bia@x", "exceeded", 0)]),
    ],
)
def test_c2_a_reassignment_drops_a_clock_in_time_and_keeps_a_missed_one(at, expected):
    log = f"05 09:00 lead.assigned {ANA}\n{at} lead.assigned {BIA}\n{at} lead.disposed {ANA}"
    assert levels(run(log, sla(SPEED))) == expected


def test_c2_the_same_owner_again_changes_nothing_and_nobody_closes_without_opening():
    same = f"05 09:00 lead.assigned {ANA}\n05 11:00 lead.assigned {ANA}\n05 11:30 lead.disposed {ANA}"
    assert levels(run(same, sla(SPEED))) == [(ANA, "met", 9000)]
    nobody = f"05 09:00 lead.assigned {ANA}\n05 11:00 lead.assigned -\n05 11:30 lead.disposed {ANA}"
    assert levels(run(nobody, sla(SPEED))) == []


def test_c4_c6_cycles_second_stops_and_early_stops():
    log = f"""
05 09:00 lead.disposed {ANA}
05 09:30 lead.assigned {ANA}
05 10:00 lead.disposed {ANA}
05 11:00 lead.disposed {ANA}
05 11:00:01 lead.assigned {ANA}
05 11:00:03.5 lead.disposed {ANA}
"""
    assert levels(run(log, sla(SPEED))) == [(ANA, "exceeded", 1800), (ANA, "exceeded", 2.5)]


def test_c5_a_pause_outlasts_a_reassignment_and_ends_with_a_stop():
    log = f"""
05 09:00 lead.assigned {ANA}
05 10:00 lead.paused -
05 11:00 lead.assigned {BIA}
06 15:00 lead.disposed {BIA}
06 16:00 lead.assigned {ANA}
06 17:00 lead.disposed {ANA}
"""
    found = run(log, sla(SPEED + PAUSES))
    assert levels(found) == [(ANA, "exceeded", 3600), (BIA, "exceeded", 0)]
    assert found.attainments[1].due_at == local("10-07T15:00")  # 3 h on the 6th, 5 h on the 7th


def test_c3_c5_a_clock_paused_on_its_due_instant_is_over_when_it_runs_again():
    log = f"05 09:00 lead.assigned {ANA}\n05 10:00 lead.paused -\n06 10:00 lead.resumed -"
    one_hour = sla(SPEED + PAUSES, 'met = "1h"')
    paused = run(log, one_hour, as_of=local("10-06T09:59")).attainments[0]
    assert (paused.level, paused.due_at) == ("pending", local("10-05T10:00"))
    missed = run(log, one_hour).attainments[0]
    assert (missed.due_at, missed.decided_at) == (local("10-05T10:00"), local("10-06T10:00"))


@pytest.mark.parametrize(
    ("after", "level"),
    [
        ("19 10:00 lead.reopened -", "void"),  # 14 days to the instant
        ("19 10:00:00.000001 lead.reopened -", "exceeded"),
        ("05 10:00 lead.reopened -", "void"),
        ("06 10:00 lead.assigned -\n06 10:00 lead.reopened -", "exceeded"),  # C4: nobody's cycle is one too
    ],
)
def test_c7_a_reopening_within_the_window_takes_the_points_back(after, level):
    log = f"05 09:30 lead.assigned {ANA}\n05 10:00 lead.disposed {ANA}\n{after}"
    found = run(log, sla(SPEED + PAUSES)).attainments[0]
    assert (found.level, found.points) == (level, 0 if level == "void" else 10)


def test_c7_a_new_cycle_makes_the_earlier_one_safe_even_at_the_same_instant():
    log = f"""
05 09:30 lead.assigned {ANA}
05 10:00 lead.disposed {ANA}
06 09:00 lead.reopened -
06 09:00 lead.assigned {BIA}
"""
    assert levels(run(log, sla(SPEED + PAUSES)))[0] == (ANA, "exceeded", 1800)


def test_c8_same_instant_events_go_by_role_then_by_id():
    log = f"05 10:00 lead.disposed {ANA}\n05 10:00 lead.assigned {BIA}\n05 10:00 lead.assigned {ANA}"
    assert levels(run(log, sla(SPEED))) == [(ANA, "exceeded", 0)]  # id 002 is the later assignment


def test_c9_the_clock_keeps_the_calendar_of_the_team_at_its_start():
    log = f"14 17:00 lead.assigned {BIA}\n19 11:00 lead.disposed {BIA}"
    assert run(log, sla(SPEED)).attainments[0].value == 3600 * (1 + 8 + 8 + 2)  # North's hours
    log = f"16 17:00 lead.assigned {BIA}\n19 11:00 lead.disposed {BIA}"
    assert run(log, sla(SPEED)).attainments[0].value == 3600  # New York opens at 10:00 here


def test_c9_a_team_owns_the_clock_by_the_event_or_by_its_member():
    log = f"05 09:00 lead.assigned -  team=North\n05 10:00 lead.assigned {ANA}\n05 10:30 lead.disposed -"
    assert levels(run(log, sla(SPEED, participant="team"))) == [("North", "met", 5400)]


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        (f"05 11:00 lead.disposed {ANA}", (ANA, "met", 7200)),
        ("05 11:00 lead.disposed -", (BIA, "met", 7200)),
        (f"07 09:30 lead.disposed {ANA}", (BIA, "missed", 59400)),
        ("05 09:10 lead.assigned -\n05 11:00 lead.disposed -", (BIA, "met", 7200)),
        ("05 10:30 lead.assigned -\n05 11:00 lead.disposed -", None),
    ],
)
def test_c10_the_closer_gets_what_is_in_time_and_the_holder_what_is_missed(stop, expected):
    log = f"05 09:00 lead.assigned -\n05 10:00 lead.assigned {BIA}\n{stop}"
    assert levels(run(log, sla(SPEED + ', credit = "closer"'))) == ([expected] if expected else [])


def test_c10_a_miss_belongs_to_the_holder_at_that_instant():
    log = f"05 09:00 lead.assigned {BIA}\n06 09:00 lead.assigned {ANA}\n06 10:00 lead.assigned {BIA}"
    found = run(log, sla(SPEED + ', credit = "closer"')).attainments
    assert [(row.participant, row.decided_at) for row in found] == [(ANA, local("10-06T09:00"))]


# Monthly


def test_k1_k6_a_count_is_of_subjects_and_earns_when_its_level_is_reached():
    log = f"""
05 09:00 lead.won {ANA}
05 10:00 lead.won {ANA}
06 10:00 lead.won {ANA} subject=L2
07 10:00 lead.won {ANA} subject=L3
"""
    count = sla('kind = "count", of = ["lead.won"]', "met = 2, exceeded = 4")
    rows = {row.participant: row for row in run(log, count).attainments if row.month == "2026-10"}
    assert (rows[ANA].level, rows[ANA].value, rows[ANA].decided_at) == ("met", 3, local("10-06T10:00"))
    assert (rows[BIA].level, rows[BIA].value, rows[BIA].decided_at) == ("missed", 0, local("11-01T00:00"))
    assert "caio@x" not in rows
    running = run(log, count, as_of=local("10-05T12:00")).attainments[0]
    assert (running.level, running.value, running.points) == ("pending", 1, 0)


def test_k2_a_sum_takes_each_subject_once_with_its_latest_amount():
    log = f"""
05 09:00 opp.won {ANA} amount=70.00
06 10:00 opp.won {ANA} amount=60.50 currency=BRL
07 10:00 opp.won {ANA} amount=39.50 subject=L2
08 10:00 opp.won {ANA} amount=1.00 currency=USD subject=L3
"""
    result = run(log, sla('kind = "sum", of = ["opp.won"]', "met = 100"))
    found = result.attainments[0]
    assert (found.participant, found.level, found.value) == (ANA, "met", 10000)
    assert found.decided_at == local("10-07T10:00")
    assert result.refused == ["003: USD is not BRL"]


def test_k3_a_rate_of_clocks_and_its_minimum():
    log = f"""
05 09:00 lead.assigned {ANA}
05 09:30 lead.disposed {ANA}
05 10:00 lead.assigned {ANA}
05 12:00 lead.disposed {ANA}
05 13:00 lead.assigned {ANA}
"""
    speed = sla(SPEED)

    def rate(at_least):
        measure = f'kind = "rate", of_sla = "s", at_least = {at_least}'
        return sla(measure, "met = 0.5, exceeded = 0.9", key="r")

    found = run(log, speed, rate(3)).attainments[0]
    assert (found.sla, found.level, found.value) == ("r", "met", 0.666667)
    assert found.decided_at == local("11-01T00:00")
    assert {row.sla for row in run(log, speed, rate(4)).attainments} == {"s"}
    assert run(log, speed, rate(2), as_of=local("10-05T14:00")).attainments[0].level == "pending"


def test_k3_a_rate_of_subjects_needs_the_second_event_at_or_after_the_first_by_the_months_end():
    log = f"""
05 09:00 a.b {ANA}
05 09:00 c.d {BIA}
06 09:00 c.d {ANA} subject=L2
06 10:00 a.b {ANA} subject=L2
06 10:00 a.b {ANA} subject=L3
11/01 00:00 c.d {ANA} subject=L3
"""
    rate = sla('kind = "rate", of = ["a.b"], in = ["c.d"], at_least = 3', "met = 0.3")
    assert levels(run(log, rate)) == [(ANA, "met", 0.333333)]


@pytest.mark.parametrize(
    ("done", "level", "value"),
    [
        ("13 18:00", "exceeded", 7 * 86400),
        ("13 18:00:01", "met", 7 * 86400 - 1),
        ("20 18:00", "met", 0),
        ("21 18:00", "missed", -86400),
    ],
)
def test_k4_a_completion_reaches_the_level_that_it_is_ahead_of(done, level, value):
    log = f"01 09:00 task.assigned {ANA} due_at=2026-10-20T18:00\n{done} task.completed {ANA}"
    found = run(log, sla('kind = "completion"', 'met = "0s", exceeded = "7d"')).attainments[0]
    assert (found.level, found.value) == (level, value)
    assert found.decided_at == (local("10-20T18:00") if level == "missed" else found.stopped_at)


@pytest.mark.parametrize(("won", "level"), [(10, "met"), (9, "missed")])
def test_k5_a_member_who_joined_mid_month_has_a_share_of_the_target(won, level):
    log = "\n".join(f"20 09:00 lead.won eva@x subject=L{number}" for number in range(won))
    found = run(log, sla('kind = "count", of = ["lead.won"]', "met = 22")).attainments
    assert [(r.participant, r.level) for r in found if r.value] == [("eva@x", level)]  # 10 of 22 days


def test_k7_a_monthly_result_is_credited_to_the_months_last_team():
    log = f"05 09:00 lead.won {BIA}"
    rows = run(log, sla('kind = "count", of = ["lead.won"]', "met = 1")).attainments
    assert [(r.participant, r.team, r.level) for r in rows if r.level == "met"] == [(BIA, "New York", "met")]
    rows = run(log, sla('kind = "count", of = ["lead.won"]', "met = 1", participant="team")).attainments
    assert [(r.participant, r.level) for r in rows] == [("New York", "missed"), ("North", "met")]


# Points and standings


def test_p3_the_entry_goes_to_the_team_at_the_decision():
    log = f"14 17:30 lead.assigned {BIA}\n15 09:15 lead.disposed {BIA}"
    assert run(log, sla(SPEED)).attainments[0].team == "New York"


def test_p6_the_version_in_force_at_the_clocks_start_decides():
    versions = [
        agreement(sla(SPEED)),
        agreement(sla(SPEED, 'met = "1h"'), effective_from="2026-11-01"),
    ]
    log = f"30 17:00 lead.assigned {ANA}\n11/03 10:00 lead.disposed {ANA}\n11/03 10:00:01 lead.assigned {ANA}"
    log += f"\n11/03 14:00 lead.disposed {ANA}"
    # 1 h on Friday, 8 h on Monday the 2nd (All Souls is not a holiday here), 1 h on Tuesday: 10 h against 8 h
    assert levels(run(log, agreements=versions)) == [(ANA, "missed", 36000), (ANA, "missed", 3600 * 3 - 1)]


def test_s1_s2_s4_ranks_are_shared_and_everybody_active_stands():
    log = f"""
05 09:00 lead.assigned {ANA}
05 09:30 lead.disposed {ANA}
05 09:00 lead.assigned {BIA} subject=L2
05 09:30 lead.disposed {BIA} subject=L2
11/05 09:00 lead.assigned eva@x subject=L3
11/05 11:00 lead.disposed eva@x subject=L3
"""
    result = run(log, sla(SPEED))
    found = standings_in(result, "2026-Q4", "member")
    assert [(s.rank, s.key, s.points) for s in found] == [
        (1, ANA, 10),
        (1, BIA, 10),
        (3, "eva@x", 5),
        (4, "caio@x", 0),
    ]
    teams = standings_in(result, "2026-Q4", "team", side="sales")
    assert [(s.rank, s.key, s.points, s.exceeded, s.met) for s in teams] == [
        (1, "North", 25, 2, 1),
        (2, "New York", 0, 0, 0),
    ]


def test_undecided_rows_belong_to_the_period_in_which_they_started():
    log = f"30 17:00 lead.assigned {ANA}"
    result = run(log, sla(SPEED), as_of=local("11-02T10:00"))
    assert [row.level for row in attainments_in(result, "2026-10")] == ["pending"]
    assert attainments_in(result, "2026-11") == []
    assert [row.level for row in attainments_in(result, "2026-Q4")] == ["pending"]
