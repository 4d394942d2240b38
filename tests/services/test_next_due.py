"""What to do now: what falls due next, what it is worth while time is left, and what is still open (C3, C5, K4)."""

from datetime import timedelta

import pytest

from leaderboard.services.next_due import MOST_WAITING, to_do
from leaderboard.services.rules import rule_book
from tests.factories import at, ids_of
from tests.services.examples import SPEED, TRAINING, agreement, log, set_up

NOW = at("12-15 12:00")  # a Tuesday, as the morning's hours end
PAUSING = SPEED.replace("void_by", 'pause = ["lead.paused"], resume = ["lead.resumed"], void_by')
MINUTES = timedelta(minutes=1)


@pytest.fixture
def aurora(session):
    set_up(session, agreement(PAUSING, TRAINING), now=NOW)
    return session


def read(session, who="ana", now=NOW):
    session.rollback()
    connection = session.connection()
    return to_do(connection, rule_book(connection), ids_of(session)[who], now=now)


def told(tasks):
    return [
        (each.subject, [(str(one.level), one.points, one.until, one.left // MINUTES) for one in each.chances])
        for each in tasks
    ]


def test_c3_what_is_worth_less_soonest_comes_first_with_what_each_level_is_worth_until_when(aurora):
    log(aurora, """
        12-15 11:30 lead.assigned ana subject=quick
        12-15 09:00 lead.assigned ana subject=slow
        12-15 11:00 lead.assigned bia subject=theirs
        12-15 10:00 lead.assigned ana subject=done
        12-15 10:30 lead.disposed ana subject=done
        12-10 09:00 task.assigned ana subject=course due_at=2026-12-23T18:00
    """, now=NOW)  # fmt: skip
    found = read(aurora)
    assert told(found.next) == [
        ("quick", [("exceeded", 10, at("12-15 13:30"), 30), ("met", 5, at("12-16 11:30"), 450)]),
        ("slow", [("met", 5, at("12-15 18:00"), 300)]),  # three hours gone: no more than met
        ("course", [("exceeded", 60, at("12-16 18:00"), 1_800), ("met", 30, at("12-23 18:00"), 11_880)]),
    ]
    assert (found.waiting, found.overdue, found.overdue_count) == ({"speed": 2, "training": 1}, (), 0)
    assert [each.runs_again_at for each in found.next] == [at("12-15 13:00")] * 2 + [None]  # closed at noon


def test_t4_the_exceeded_level_can_be_had_up_to_its_last_instant(aurora):
    log(aurora, "12-15 09:00 lead.assigned ana", now=NOW)
    levels = [str(one.level) for one in read(aurora, now=at("12-15 10:00")).next[0].chances]
    assert levels == ["exceeded", "met"]
    levels = [str(one.level) for one in read(aurora, now=at("12-15 10:00:01")).next[0].chances]
    assert levels == ["met"]


def test_c5_a_paused_clock_says_so_keeps_its_time_and_comes_last(aurora):
    log(aurora, """
        12-14 17:00 lead.assigned ana subject=paused
        12-14 17:30 lead.paused ana subject=paused
        12-15 11:30 lead.assigned ana subject=running
    """, now=NOW)  # fmt: skip
    running, paused = read(aurora).next
    assert (running.subject, running.is_paused, paused.subject, paused.is_paused) == ("running", False, "paused", True)
    assert [(str(one.level), one.until, one.left) for one in paused.chances] == [
        ("exceeded", None, 30 * MINUTES),
        ("met", None, 450 * MINUTES),
    ]
    assert (paused.due_at, paused.runs_again_at) == (None, None)


def test_c2_what_was_missed_is_listed_while_it_is_still_theirs(aurora):
    log(aurora, """
        12-08 09:00 lead.assigned ana subject=mine
        12-09 09:00 lead.assigned ana subject=newer
        12-07 09:00 lead.assigned ana subject=gone
        12-10 09:00 lead.assigned bia subject=gone
        12-07 09:00 lead.assigned ana subject=late
        12-10 09:00 lead.disposed ana subject=late
    """, now=NOW)  # fmt: skip
    found = read(aurora)
    assert [(each.subject, each.chances) for each in found.overdue] == [("newer", ()), ("mine", ())]
    assert (found.overdue_count, found.next) == (2, ())


def test_what_is_read_is_bounded_however_much_waits(aurora, query_counter):
    log(aurora, "12-15 11:00 lead.assigned ana subject=one", now=NOW)
    counts = []
    for size in (1, 40):
        lines = [f"12-15 11:00 lead.assigned ana subject=w{size}-{n}" for n in range(size)]
        lines += [f"12-0{1 + n % 3} 11:00 lead.assigned ana subject=o{size}-{n}" for n in range(size)]
        log(aurora, "\n".join(lines), now=NOW)
        read(aurora)
        aurora.rollback()
        with query_counter() as statements:
            found = to_do(aurora.connection(), rule_book(aurora.connection()), 1, now=NOW)
        counts.append(len(statements))
    assert len(found.next) == MOST_WAITING
    assert (found.waiting["speed"], found.overdue_count) == (42, 41)
    assert counts[0] == counts[1] <= 9
