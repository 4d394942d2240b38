"""Every point is explained down to its events (P8)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE, Actor
from leaderboard.domain.periods import Month
from leaderboard.services.adjusting import adjust, take_back
from leaderboard.services.closing import close_next
from leaderboard.services.explaining import explain
from leaderboard.services.results import (
    evidence_of,
    find_adjustment_of,
    find_entry,
    find_result,
    list_entries,
    list_results,
)
from leaderboard.storage.tables import AttainmentRow, PointEntry
from tests.factories import at, ids_of
from tests.services.examples import EVENT_RATE, NOW, ON_TIME, PIPELINE, SPEED, TRAINING, WINS, agreement, log, set_up

HOURS, MINUTES = timedelta(hours=1), timedelta(minutes=1)
DECEMBER = Month(2026, 12)


@pytest.fixture
def aurora(session):
    set_up(session, agreement(SPEED, WINS, PIPELINE, ON_TIME, EVENT_RATE, TRAINING))
    return session


def result(session, sla, subject=None):
    """Return the one result of an SLA, of a subject where it is named."""
    session.rollback()
    where = [AttainmentRow.sla == sla] + ([] if subject is None else [AttainmentRow.subject == subject])
    ids = session.execute(select(AttainmentRow.id).where(*where, AttainmentRow.scope != "team")).scalars().all()
    assert len(ids) >= 1
    return find_result(session, ids[0])


def why(session, sla, subject=None, now=NOW):
    return explain(session, result(session, sla, subject), now=now)


def told(explanation):
    return [(str(each.part), each.event.type, each.who) for each in explanation.happened]


def test_p8_a_clock_is_told_from_its_start_to_its_stop_with_the_hours_that_counted(aurora):
    log(aurora, """
        12-04 17:00 lead.assigned ana
        12-04 17:10 lead.note ana
        12-07 10:00 lead.disposed bia
        12-07 11:00 lead.disposed ana
    """)  # fmt: skip
    found = why(aurora, "speed")
    assert (found.result.level, found.result.points, found.result.took, found.used) == ("met", 5, 2 * HOURS, 2 * HOURS)
    assert told(found) == [
        ("from", "lead.assigned", "Ana"),
        ("to", "lead.disposed", "Bia"),
        ("again", "lead.disposed", "Ana"),
    ]
    assert (found.other_events, found.version, found.is_working) == (1, ("A", date(2026, 1, 1)), True)
    assert (found.result.name, found.result.team, found.result.month) == ("Ana", "North", "2026-12")
    days = found.timeline.days
    assert [(each.day.day, each.is_closed, [end - start for start, end in each.counted]) for each in days] == [
        (4, False, [HOURS]), (5, True, []), (6, True, []), (7, False, [HOURS])]  # fmt: skip
    assert [name for day in days for name, _ in day.marks] == ["start", "due", "stop"]
    assert ([each.points for each in found.entries], found.net, found.entries[0].reason) == ([5], 5, "met")


def test_p8_what_is_open_is_told_up_to_now_and_what_was_missed_up_to_its_miss(aurora):
    log(aurora, "12-15 09:00 lead.assigned ana subject=open\n12-07 09:00 lead.assigned ana subject=late")
    found = why(aurora, "speed", "open")
    assert (found.result.level, found.used, [name for name, _ in found.timeline.days[0].marks]) == (
        "pending", 3 * HOURS, ["start", "due", "now"])  # fmt: skip
    late = why(aurora, "speed", "late")
    assert (late.result.level, late.net, late.entries) == ("missed", 0, ())
    assert sum((end - start for day in late.timeline.days for start, end in day.counted), timedelta(0)) == 8 * HOURS
    marks = [(day.day.day, [name for name, _ in day.marks]) for day in late.timeline.days]
    assert marks == [(7, ["start", "due"]), (8, ["missed"])]  # due at closing time: missed as the clock runs on (C3)


def test_p8_of_a_long_time_the_days_at_both_ends_are_drawn(aurora):
    log(aurora, "09-01 09:00 lead.assigned ana\n12-07 10:00 lead.disposed ana")
    days = why(aurora, "speed").timeline.days
    assert (len(days), days[0].day, days[-1].day) == (20, date(2026, 9, 1), date(2026, 12, 7))
    assert [each.skipped for each in days if each.skipped] == [78]


def test_p8_a_task_names_its_assignment_and_its_end(aurora):
    log(aurora, """
        12-01 09:00 task.assigned ana due_at=2026-12-20T12:00
        12-02 09:00 task.assigned ana due_at=2026-12-21T12:00
        12-10 12:00 task.completed ana
    """)  # fmt: skip
    found = why(aurora, "training")
    assert told(found) == [
        ("from", "task.assigned", "Ana"),
        ("again", "task.assigned", "Ana"),
        ("to", "task.completed", "Ana"),
    ]
    assert (found.timeline, found.result.took, found.result.level) == (None, timedelta(days=11), "exceeded")


def test_p8_a_months_result_shows_what_was_counted_a_page_at_a_time(aurora):
    log(aurora, "\n".join(f"12-01 09:{n:02} opportunity.won ana subject=o{n:02} amount=1" for n in range(52)))
    found = result(aurora, "wins")
    first, second = evidence_of(aurora, found, 1), evidence_of(aurora, found, 2)
    assert ([each.subject for each in second.subjects], first.has_more, second.has_more) == (
        ["o50", "o51"],
        True,
        False,
    )
    assert (len(first.subjects), first.subjects[0].at) == (50, at("12-01 09:00"))
    explained = explain(aurora, found, now=NOW)
    assert (explained.targets.met, explained.is_prorated, explained.happened, explained.timeline) == (
        2,
        False,
        (),
        None,
    )


def test_k5_the_explanation_has_the_target_for_the_part_of_the_month(aurora):
    log(aurora, "10-20 09:00 opportunity.won eva subject=o amount=1")
    ids = ids_of(aurora)
    row = aurora.execute(
        select(AttainmentRow.id).where(AttainmentRow.sla == "wins", AttainmentRow.participant_id == ids["eva"])
    ).scalar_one()
    found = explain(aurora, find_result(aurora, row), now=NOW)
    assert (found.targets.met, found.is_prorated, found.result.level) == (1, True, "met")


def test_k3_a_rate_rests_on_the_results_of_its_sla(aurora):
    log(aurora, """
        12-01 09:00 lead.assigned ana subject=a
        12-01 09:30 lead.disposed ana subject=a
        12-01 09:00 lead.assigned ana subject=b
        12-01 09:00 lead.accepted ana subject=c
    """)  # fmt: skip
    cases = evidence_of(aurora, result(aurora, "on-time"), 1)
    assert [(each.subject, each.level) for each in cases.results] == [("b", "missed"), ("a", "exceeded")]
    assert (cases.subjects, cases.has_more) == ((), False)
    of_events = evidence_of(aurora, result(aurora, "conversion"), 1)
    assert [(each.subject, each.amount) for each in of_events.subjects] == [("c", 0)]


def test_c7_p5_what_is_taken_back_after_the_close_shows_each_row_and_the_correction(aurora):
    log(aurora, "11-27 09:00 lead.assigned ana\n11-27 09:30 lead.disposed ana")
    while close_next(aurora, now=NOW, by=COMMAND_LINE) is not None:
        pass
    log(aurora, "12-08 09:30 lead.reopened ana")
    found = why(aurora, "speed")
    assert (found.result.level, [each.points for each in found.entries], found.net) == ("void", [10, -10], 0)
    assert [(each.month, each.corrects) for each in found.entries] == [("2026-11", None), ("2026-12", "2026-11")]
    assert [(each.level_before, each.level_after, each.because) for each in found.corrections] == [
        ("exceeded", "void", "void")]  # fmt: skip


def test_p7_points_by_hand_are_told_with_who_took_them_back(aurora):
    log(aurora, "12-01 09:00 lead.assigned ana")
    by = Actor("caio@example.com", None, ids_of(aurora)["caio"])
    made = adjust(aurora, ids_of(aurora)["ana"], 20, "For the stand", "2026-12", by=by, now=NOW)
    take_back(aurora, made.id, "It was Bia", by=by, now=NOW)
    entries, older = list_entries(aurora, ids_of(aurora)["ana"], DECEMBER)
    assert ([(each.points, each.because) for each in entries], older) == (
        [(-20, "It was Bia"), (20, "For the stand")], None)  # fmt: skip
    for each in entries:
        given = find_adjustment_of(aurora, find_entry(aurora, each.id))
        assert (given.points, given.taken_back_because, each.attainment_id) == (20, "It was Bia", None)


def test_lists_come_a_page_at_a_time_and_lead_on(aurora):
    lines = [f"12-01 09:{n:02} lead.{kind} ana subject=s{n:02}" for n in range(52) for kind in ("assigned", "disposed")]
    log(aurora, "\n".join(lines))
    ana = ids_of(aurora)["ana"]
    first, has_more = list_results(aurora, ana, DECEMBER, sla="speed", level=None, page=1)
    second, is_last = list_results(aurora, ana, DECEMBER, sla="speed", level="exceeded", page=2)
    assert ([each.subject for each in first[:2]], len(first), has_more) == (["s51", "s50"], 50, True)
    assert ([each.subject for each in second], is_last) == (["s01", "s00"], False)
    everything, _ = list_results(aurora, ana, DECEMBER, sla=None, level="pending", page=1)
    assert {each.key for each in everything} == {"on-time", "wins"}
    entries, older = list_entries(aurora, ana, DECEMBER)
    rest, end = list_entries(aurora, ana, DECEMBER, before=older)
    assert (len(entries), len(rest), end) == (50, 2, None)
    assert len(aurora.execute(select(PointEntry.id)).all()) == 52


def test_what_no_longer_holds_is_told_so_and_nothing_is_found_that_is_not_there(aurora):
    log(aurora, "12-03 09:00 lead.assigned bia\n12-03 09:30 lead.disposed bia")
    log(aurora, "12-03 09:10 lead.assigned ana")
    aurora.rollback()
    gone = [row.id for row in aurora.execute(select(AttainmentRow).where(AttainmentRow.level == "none")).scalars()]
    found = explain(aurora, find_result(aurora, gone[0]), now=NOW)
    assert (found.result.level, found.net, found.timeline, found.happened) == ("none", 0, None, ())
    assert [each.points for each in found.entries] == [10, -10]
    assert find_result(aurora, 10**6) is None
    assert find_entry(aurora, 10**6) is None


def test_p8_an_explanation_takes_a_bounded_number_of_statements(aurora, query_counter):
    counts = []
    for size in (1, 30):
        lines = [f"12-0{1 + n % 4} 0{9 + n % 1}:{n:02} lead.accepted ana subject=s{size}" for n in range(size)]
        log(aurora, f"12-04 09:40 lead.assigned ana subject=s{size}\n12-04 09:50 lead.disposed ana subject=s{size}")
        log(aurora, "\n".join(lines))
        found = result(aurora, "speed", f"s{size}")
        with query_counter() as statements:
            explain(aurora, found, now=NOW)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 4
