"""Badges from the events to the table: live, at the close, and when verified."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from leaderboard.domain.actors import SCHEDULER
from leaderboard.domain.periods import parse_period
from leaderboard.services.badge_checks import badge_differences
from leaderboard.services.badge_reading import badges_of_member, progress_of_member
from leaderboard.services.badging import Winners, award_month_badges, award_quarter_badges, refresh_badges
from leaderboard.services.closing import close_next
from leaderboard.services.rules import rule_book
from leaderboard.services.scoring import Scoring, score_what_is_due
from leaderboard.storage import closings, people
from leaderboard.storage.closing_tables import BadgeRow, BadgeRun, Closing, CorrectionRow
from leaderboard.storage.database import all_or_nothing
from leaderboard.storage.tables import AttainmentRow, OrganisationRow
from tests.factories import at, ids_of
from tests.services.examples import NOW, SPEED, TRAINING, agreement, count, csv_of, hand_in, log, set_up


@pytest.fixture
def aurora(session):
    set_up(session, agreement(SPEED, TRAINING))
    return session


def leads(session, member, days, *, month=10, minutes=30, name="", reopened=()):
    """Dispose of one lead on each of some days, after so many minutes: half an hour is exceeded, two hours is met."""
    lines = []
    for day in days:
        start = at(f"{month:02}-{day:02} 09:00")
        lead = f"{name}{month:02}-{day:02}-{member}"
        steps = [("assigned", start), ("disposed", start + timedelta(minutes=minutes))]
        steps += [("reopened", start + timedelta(hours=5))] if day in reopened else []
        lines += [f"{lead}-{step},{when.isoformat()},lead.{step},{lead},{member}@example.com" for step, when in steps]
    return hand_in(session, csv_of(*lines))


def close(session, key, now=NOW):
    """Close a period as the service does, as far as badges go; return who was first."""
    period = parse_period(key)
    with all_or_nothing(session):
        if period.kind == "month":
            score_what_is_due(Scoring(session, now))
        connection = session.connection()
        book = rule_book(connection)
        award = award_month_badges if period.kind == "month" else award_quarter_badges
        found = award(connection, book, period, now=now)
        starts_at, ends_at = period.bounds(book.rules.months.zone)
        values = {"period": key, "kind": period.kind, "starts_at": starts_at, "ends_at": ends_at, "as_of": now}
        values |= {"closed_at": now, "closed_by": "x", "last_entry_id": closings.last_entry_id(connection)}
        session.execute(insert(Closing).values(digest="", **values))
        people.raise_rules_version(connection)
    return found


def held(session, *, scope="member", standing=True):
    """Return whose badges stand, or were withdrawn: name, key and period."""
    names = {row_id: name for name, row_id in ids_of(session).items()}
    has = BadgeRow.withdrawn_at.is_(None) if standing else BadgeRow.withdrawn_at.is_not(None)
    rows = session.execute(select(BadgeRow).where(has, BadgeRow.scope == scope)).scalars()
    return sorted((names.get(row.participant_id, "?"), row.key, row.period) for row in rows)


def differences(session):
    connection = session.connection()
    found = list(badge_differences(connection, rule_book(connection), now=NOW))
    session.rollback()
    return found


def refresh(session):
    return refresh_badges(session, now=NOW)


# Live


def test_g2_badges_of_an_open_month_are_awarded_once(aurora):
    leads(aurora, "ana", [5, 6], minutes=120)
    leads(aurora, "ana", [7])
    assert refresh(aurora) == 2
    assert held(aurora) == [("ana", "first-exceeded", "2026-10"), ("ana", "first-met", "2026-10")]
    leads(aurora, "ana", [8])
    assert refresh(aurora) == 0
    assert differences(aurora) == []


def test_g2_while_the_ledger_stands_still_nothing_is_locked_or_written(aurora, query_counter):
    leads(aurora, "ana", [5])
    assert refresh(aurora) == 2
    with query_counter() as statements:
        assert refresh(aurora) == 0
    assert len(statements) == 1
    assert statements[0].startswith("SELECT")


def test_g2_only_members_with_new_entries_are_looked_at_in_a_bounded_number_of_queries(aurora, query_counter):
    leads(aurora, "ana", [5])
    leads(aurora, "bia", [5])
    with query_counter() as statements:
        assert refresh(aurora) == 4
    assert len(statements) <= 14
    aurora.execute(update(BadgeRow).values(withdrawn_at=NOW, withdrawn_because="changed"))
    aurora.commit()
    leads(aurora, "bia", [6])
    assert refresh(aurora) == 2
    assert {name for name, *_ in held(aurora)} == {"bia"}


def test_g2_a_badge_whose_ground_is_void_is_withdrawn_and_can_come_back(aurora):
    leads(aurora, "ana", [5], reopened=[5])
    leads(aurora, "ana", [6], minutes=120)
    refresh(aurora)
    assert held(aurora) == [("ana", "first-met", "2026-10")]
    leads(aurora, "bia", [5])
    refresh(aurora)
    log(aurora, "10-05 15:00 lead.reopened bia subject=10-05-bia")
    assert refresh(aurora) == 2
    withdrawn = [each for each in badges_of_member(aurora, ids_of(aurora)["bia"]) if each.withdrawn_because]
    assert {(each.key, each.withdrawn_because) for each in withdrawn} == {
        ("first-met", "void"),
        ("first-exceeded", "void"),
    }
    leads(aurora, "bia", [7])
    assert refresh(aurora) == 2
    assert [key for name, key, _ in held(aurora) if name == "bia"] == ["first-exceeded", "first-met"]
    assert count(aurora, BadgeRow) == 3
    assert differences(aurora) == []


def test_g1_training_done_early_is_recognised_for_each_task(aurora):
    log(
        aurora,
        "10-01 09:00 task.assigned ana subject=T1 due_at=2026-10-20T12:00\n10-02 09:00 task.completed ana subject=T1",
    )
    log(
        aurora,
        "10-01 09:00 task.assigned ana subject=T2 due_at=2026-10-20T12:00\n10-20 12:00 task.completed ana subject=T2",
    )
    refresh(aurora)
    rows = aurora.execute(select(BadgeRow.occasion).where(BadgeRow.key == "training-early")).scalars().all()
    assert rows == ["training|T1"]


def test_g1_a_run_goes_on_over_the_end_of_a_month_whether_it_is_closed_or_not(aurora):
    leads(aurora, "ana", [5, 6, 7, 8, 9, 13])
    leads(aurora, "ana", [3, 4, 5, 6], month=11)
    refresh(aurora)
    assert ("ana", "in-a-row-10", "2026-11") in held(aurora)
    close(aurora, "2026-10")
    run = aurora.execute(select(BadgeRun.length, BadgeRun.began)).one()
    assert tuple(run) == (6, "speed|10-05-ana|2026-10-05T12:00:00+00:00")
    leads(aurora, "ana", [9], month=11)
    refresh(aurora)
    assert [key for _, key, _ in held(aurora)].count("in-a-row-10") == 1
    assert differences(aurora) == []


def test_g1_history_that_comes_in_after_a_close_changes_no_run_and_no_badge_after_it(aurora):
    """October is closed with nine in a row; then a bad September comes in, and is closed too."""
    days = [1, 2, 5, 6, 7, 8, 9, 13, 14]
    leads(aurora, "ana", days)
    close(aurora, "2026-10")
    leads(aurora, "ana", [3], month=9)
    leads(aurora, "ana", [4], month=9, minutes=5000)
    leads(aurora, "ana", [3], month=11)
    refresh(aurora)
    assert ("ana", "in-a-row-10", "2026-11") in held(aurora)
    assert differences(aurora) == []
    [progress] = [each for each in progress_of_member(aurora, 1, now=at("11-20 12:00")).progress if each.of == 50]
    assert progress.done == 10
    close(aurora, "2026-09")
    assert differences(aurora) == []
    close(aurora, "2026-11")
    assert ("ana", "in-a-row-10", "2026-11") in held(aurora)
    assert differences(aurora) == []


def test_g2_a_lead_found_later_that_makes_a_run_begin_earlier_leaves_its_badge(aurora):
    leads(aurora, "ana", [*range(5, 10), *range(13, 18)])
    refresh(aurora)
    log(aurora, "10-02 09:00 lead.assigned ana subject=L0\n10-02 09:30 lead.disposed ana subject=L0")
    assert refresh(aurora) == 3  # the run, and both firsts, stand on something else now
    assert held(aurora, standing=False) == []
    assert count(aurora, BadgeRow) == 3


# The close


def test_m1_a_close_names_the_winners_and_awards_what_a_month_gives(aurora):
    leads(aurora, "ana", [5, 6])
    leads(aurora, "bia", [5], minutes=10)
    leads(aurora, "eva", [20], minutes=120)
    assert close(aurora, "2026-10")[:2] == (("Ana",), ("North",))
    found = held(aurora)
    assert {key for name, key, _ in found if name == "ana"} == {
        "first-met",
        "first-exceeded",
        "every-sla-met",
        "exceeded-throughout",
        "rep-of-the-month",
    }
    assert ("bia", "fastest-response", "2026-10") in found
    assert [(name, key) for name, key, _ in found if name == "eva"] == [("eva", "every-sla-met"), ("eva", "first-met")]
    assert [key for _, key, _ in held(aurora, scope="team")] == ["team-of-the-month"]
    assert differences(aurora) == []


def test_m1_a_month_in_which_nobody_has_points_has_no_winners(aurora):
    log(aurora, "10-05 09:00 lead.assigned ana")
    assert close(aurora, "2026-10") == Winners((), (), ())
    assert held(aurora) == []


def test_g1_the_most_improved_and_three_months_at_exceeded_look_back(aurora):
    for month, days in ((8, [3]), (9, [1, 2]), (10, [5])):
        leads(aurora, "ana", days, month=month)
        leads(aurora, "bia", [6], month=month)
        close(aurora, f"2026-{month:02}")
    found = held(aurora)
    assert ("ana", "most-improved", "2026-09") in found
    assert [period for _, key, period in found if key == "exceeded-three-months"] == ["2026-10", "2026-10"]
    assert differences(aurora) == []


@pytest.mark.parametrize(("by", "team"), [("total", "North"), ("average", "Leads")])
def test_p4_the_team_of_the_quarter_is_decided_as_the_organisation_says(aurora, by, team):
    document = aurora.execute(select(OrganisationRow.document)).scalar_one()
    changed = document.replace("[calendar]", f'quarter_winner_by = "{by}"\n[calendar]')
    aurora.execute(update(OrganisationRow).values(document=changed, rules_version=OrganisationRow.rules_version + 1))
    aurora.commit()
    leads(aurora, "ana", [5, 6, 7, 8])  # North: 40 points, 20 for each of its two
    leads(aurora, "caio", [5, 6, 7])  # Leads: 30 for its one
    close(aurora, "2026-10")
    assert close(aurora, "2026-Q4")[:2] == ((), (team,))
    assert differences(aurora) == []


def test_g2_what_was_withdrawn_before_a_close_can_be_earned_after_it(aurora):
    leads(aurora, "ana", [5])
    refresh(aurora)
    log(aurora, "10-05 15:00 lead.reopened ana subject=10-05-ana")
    close(aurora, "2026-10")
    assert held(aurora) == []
    leads(aurora, "ana", [3], month=11)
    assert refresh(aurora) == 2
    assert held(aurora) == [("ana", "first-exceeded", "2026-11"), ("ana", "first-met", "2026-11")]
    assert len(held(aurora, standing=False)) == 2
    assert differences(aurora) == []


def test_g2_what_a_later_month_had_recognised_moves_to_an_earlier_one_at_its_close(aurora):
    leads(aurora, "ana", [3], month=11)
    refresh(aurora)
    leads(aurora, "ana", [5])
    close(aurora, "2026-10")
    assert {period for _, key, period in held(aurora) if key == "first-met"} == {"2026-10"}
    refresh(aurora)
    assert differences(aurora) == []


def test_g2_any_order_of_events_and_refreshes_ends_in_the_same_badges(aurora):
    days = [(month, day) for month in (10, 11) for day in range(2, 28) if at(f"{month}-{day:02} 09:00").weekday() < 5]
    random.Random(7).shuffle(days)
    for number, (month, day) in enumerate(days):
        leads(aurora, "ana", [day], month=month, minutes=3000 if day == 19 else (30, 120)[day % 2])
        if number % 12 == 0:
            refresh(aurora)
            assert differences(aurora) == []
    refresh(aurora)
    assert differences(aurora) == []
    close(aurora, "2026-10")
    close(aurora, "2026-11")
    assert differences(aurora) == []
    runs = [(key, period) for _, key, period in held(aurora) if key.startswith("in-a-row")]
    assert runs == [("in-a-row-10", "2026-10"), ("in-a-row-10", "2026-11")]


# Verifying


@pytest.fixture
def closed(aurora):
    leads(aurora, "ana", [5, 6, 7, 8, 9, 13, 14, 15, 16, 19])
    leads(aurora, "bia", [5, 6], minutes=120)
    refresh(aurora)
    close(aurora, "2026-10")
    leads(aurora, "bia", [3], month=11)
    refresh(aurora)
    assert differences(aurora) == []
    return aurora


def attainment(session, subject):
    return session.execute(select(AttainmentRow).where(AttainmentRow.subject == subject)).scalar_one()


def test_p5_a_closed_month_is_verified_as_it_was_when_it_was_closed(closed):
    row = attainment(closed, "10-05-ana")
    values = {"attainment_id": row.id, "corrects": "2026-10", "month": "2026-11", "scope": "member"}
    places = {"participant_id": row.participant_id, "points_before": 10, "points_after": 0, "because": "void"}
    for level, level_after in (("exceeded", "missed"), ("missed", "void")):  # the first says what it was
        closed.execute(
            insert(CorrectionRow).values(
                level_before=level,
                level_after=level_after,
                value_before=row.value,
                decided_at_before=row.decided_at,
                posted_at=NOW,
                **values,
                **places,
            )
        )
    closed.execute(
        update(AttainmentRow)
        .where(AttainmentRow.id == row.id)
        .values(level="void", value=1, decided_at=row.decided_at + timedelta(hours=1))
    )
    closed.commit()
    assert differences(closed) == []


def test_p5_late_events_change_no_badge_of_a_closed_month(aurora):
    leads(aurora, "ana", [5, 6, 7])
    refresh(aurora)
    closed = close_next(aurora, now=NOW, by=SCHEDULER)
    assert (closed.period, closed.reps, closed.teams) == ("2026-10", ("Ana",), ("North",))
    before = [tuple(row) for row in aurora.execute(select(*BadgeRow.__table__.c))]
    log(aurora, "10-05 09:01 lead.disposed ana subject=10-05-ana\n10-06 08:00 lead.assigned eva subject=10-06-ana")
    log(aurora, "10-07 11:00 lead.reopened - subject=10-07-ana\n10-05 09:00 lead.assigned bia subject=late")
    log(aurora, "10-05 09:01 lead.disposed bia subject=late")
    refresh(aurora)
    assert [tuple(row) for row in aurora.execute(select(*BadgeRow.__table__.c))] == before
    assert aurora.execute(select(CorrectionRow.value_before)).scalars().first() == 30 * 60 * 1_000_000
    assert differences(aurora) == []


def test_what_may_have_changed_without_points_is_not_held_against_an_open_month(session):
    set_up(session, agreement(SPEED.replace("met = 5, exceeded = 10", "met = 0, exceeded = 10")))
    leads(session, "bia", [5], minutes=120)  # no row in the ledger, so nothing looks at her
    leads(session, "ana", [*range(5, 10), *range(12, 17)])
    assert refresh(session) == 3
    log(session, "10-08 09:00 lead.assigned ana subject=late", now=NOW)  # missed: the run was none after all
    assert differences(session) == []
    close(session, "2026-10")
    assert ("ana", "in-a-row-10", "2026-10") in held(session, standing=False)
    assert ("bia", "first-met", "2026-10") in held(session)
    assert differences(session) == []


def alter(session, table, where, **values):
    """Change rows behind the program's back."""
    assert session.execute(update(table).where(where).values(**values)).rowcount > 0
    session.commit()


def test_a_badge_without_ground_and_a_ground_without_badge_are_named(closed):
    ana = ids_of(closed)["ana"]
    row = attainment(closed, "10-19-ana")
    alter(closed, AttainmentRow, AttainmentRow.id == row.id, level="missed")
    lost, run = differences(closed)
    assert lost.startswith(f"badge without ground: in-a-row-10 of member {ana} in 2026-10 is standing on")
    assert run == (
        f"badge run of member {ana} in 2026-10: stored 10 since speed|10-05-ana|2026-10-05T12:00:00+00:00, "
        "expected 0 since never."
    )
    alter(closed, AttainmentRow, AttainmentRow.subject == "10-05-bia", level="exceeded")
    assert any(each.startswith("badge missing: first-exceeded of member") for each in differences(closed))


def test_an_altered_ground_is_named(closed):
    alter(closed, AttainmentRow, AttainmentRow.subject == "10-05-ana", value=1)
    (differs,) = differences(closed)
    assert differs.startswith(
        f"badge differs: fastest-response of member {ids_of(closed)['ana']} in 2026-10: ground is"
    )


@pytest.mark.parametrize("change", [{"key": "in-a-row-50"}, {"occasion": "elsewhere"}, {"key": "rep-of-the-month"}])
def test_a_badge_of_an_open_month_that_nothing_earned_is_named(closed, change):
    alter(closed, BadgeRow, (BadgeRow.period == "2026-11") & (BadgeRow.key == "first-exceeded"), **change)
    found = differences(closed)
    assert sum(each.startswith("badge without ground") for each in found) == 1
    assert sum(each.startswith("badge missing: first-exceeded") for each in found) == 1


# Reading


def test_progress_counts_what_is_closed_and_what_is_open(closed, query_counter):
    ana = ids_of(closed)["ana"]
    leads(closed, "ana", [3, 4], month=11)
    progress_of_member(closed, ana, now=NOW)
    with query_counter() as statements:
        found = progress_of_member(closed, ana, now=at("11-20 12:00"))
    assert len(statements) <= 8
    assert {each.key: (each.done, each.of, each.is_on_course) for each in found.progress} == {
        "in-a-row-50": (12, 50, None),
        "every-sla-met": (2, None, True),
        "exceeded-throughout": (2, None, True),
        "exceeded-three-months": (1, 3, True),
    }
    assert [each.key for each in found.badges if each.key.startswith("in-a-row")] == ["in-a-row-10"]
