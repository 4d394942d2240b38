"""The look at how sound the data is: what it finds of each fault, whose examples are shown, one look at a time."""

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import Actor
from leaderboard.domain.soundness import CHECKS, Verdict
from leaderboard.services import sounding
from leaderboard.services import soundness as looking
from leaderboard.services.recording import record_event
from leaderboard.services.scopes import EVERYTHING, Scope
from leaderboard.services.soundness import is_under_way, look, read_report
from leaderboard.storage import soundness
from leaderboard.storage.agreement_tables import AgreementSignature
from leaderboard.storage.compliance_tables import ReadinessReport
from leaderboard.storage.database import all_or_nothing
from leaderboard.storage.tables import AgreementVersion, EventImport, Team
from leaderboard.storage.trail import whole_digest
from tests.factories import event, ids_of
from tests.services.bonus_examples import account
from tests.services.examples import ON_TIME, SPEED, agreement, csv_of, hand_in, log, set_up

NOW = datetime(2026, 11, 18, 15, tzinfo=UTC)  # a Wednesday at noon in São Paulo
BY = Actor("dora@example.com")
GOOD, LOOK, MEND = Verdict


@pytest.fixture
def sound(session):
    """An organisation where leads are given to Ana and Eva and done with in time, and both sides have signed."""
    terms = '\n[definitions]\nMQL = "A lead that fits."\n'
    set_up(session, agreement(SPEED, ON_TIME) + terms, now=NOW)
    lines = []
    for day in range(2, 18):
        for name in ("ana", "eva"):
            lines += [f"11-{day:02} 09:00 lead.assigned {name} subject={name}{day}"]
            lines += [f"11-{day:02} 10:00 lead.disposed {name} subject={name}{day}"]
    log(session, "\n".join(lines), now=NOW)
    session.rollback()
    return session


def found(session, check, *, now=NOW, within=EVERYTHING):
    """Look, and return what was found of a check."""
    look(session, now=now, by=BY)
    return next(each for each in read_report(session, within=within).judged if each.finding.check == check)


def told(judged):
    return judged.finding.number, judged.finding.of, judged.verdict


def texts(judged):
    return [each.text for each in judged.examples]


def only(session, team):
    return Scope(is_all=False, team_ids=frozenset({ids_of(session, Team)[team]}))


def test_sound_data_has_nothing_to_mend_and_the_report_says_what_was_looked_at(sound):
    line = look(sound, now=NOW, by=BY)
    report = read_report(sound, within=EVERYTHING)
    as_found = dict.fromkeys(CHECKS, GOOD) | {"unsigned": LOOK, "inactive": LOOK}  # Bia has done nothing yet
    assert {each.finding.check: each.verdict for each in report.judged} == as_found
    assert (report.verdict, report.count(LOOK), report.judged[0].finding.check) == (LOOK, 2, "unsigned")
    assert (report.looked_at, report.looked_by, report.events, report.looking_since) == (NOW, BY.name, 64, None)
    assert line == "events looked at: 64; to mend first: 0; to look at: 2"
    assert report.until == datetime(2026, 11, 17, 13, tzinfo=UTC)


def test_without_organisation_there_is_no_look_and_without_events_or_agreement_all_that_matters_is_to_mend(session):
    assert (look(session, now=NOW, by=BY), read_report(session, within=EVERYTHING)) == ("", None)
    set_up(session, now=NOW)
    look(session, now=NOW, by=BY)
    report = read_report(session, within=EVERYTHING)
    assert {each.finding.check for each in report.judged if each.verdict is MEND} == {"silent", "starved", "undefined"}
    assert (report.events, report.since, report.until) == (0, None, None)
    early = found(session, "starved", now=datetime(2025, 3, 1, tzinfo=UTC))  # before anything was agreed
    assert (early.finding.facts, early.verdict) == ({"is_agreed": False}, MEND)


def test_a_signature_is_of_the_very_document(sound):
    actor = account(sound, "dora")
    document = sound.execute(select(AgreementVersion.document)).scalar_one()
    digest = whole_digest(document)
    with all_or_nothing(sound):
        for side, of in (("sales", digest), ("marketing", "0" * 64)):
            sound.add(AgreementSignature(digest=of, side=side, user_id=actor.user_id, name="Dora", signed_at=NOW))
    assert found(sound, "unsigned").finding.facts["sides"] == ["marketing"]


def test_leads_that_nobody_has_and_leads_that_nobody_was_given(sound):
    log(
        sound,
        "11-05 09:00 lead.assigned - subject=orphan team=North\n11-05 09:00 lead.received - subject=lost",
        now=NOW,
    )
    log(sound, "11-16 09:00 lead.received - subject=fresh\n11-05 09:00 lead.received - subject=given", now=NOW)
    log(sound, "11-17 11:00 lead.assigned ana subject=given", now=NOW)
    unowned = found(sound, "unowned")
    assert (told(unowned), texts(unowned)) == ((1, 34, LOOK), ["orphan"])
    unassigned = found(sound, "unassigned")
    assert (told(unassigned), texts(unassigned)) == ((1, 2, LOOK), ["lost"])  # fresh may still be given to somebody


@pytest.mark.parametrize(("now", "number"), [("11-17 22:00", 0), ("11-19 22:00", 1)])
def test_a_lead_is_never_disposed_of_long_after_it_was_missed(sound, now, number):
    now = datetime.fromisoformat(f"2026-{now}").replace(tzinfo=UTC)
    log(sound, "11-03 14:00 lead.assigned eva subject=left", now=NOW)  # missed on the fourth in the afternoon
    log(sound, f"{now:%m-%d} 12:00 lead.assigned ana subject=newest", now=now)
    judged = found(sound, "undisposed", now=now)
    assert (judged.finding.number, texts(judged)) == (number, ["left"] * number)


def test_what_is_entered_in_bulk_or_in_the_last_hour_is_found_with_whose_habit_it_is(sound):
    bulk = [
        f"11-{day:02} 17:{minute:02} lead.disposed eva subject=bulk{day}{minute}"
        for day in (9, 10)
        for minute in range(10)
    ]
    log(sound, "\n".join(each.replace("17:0", "17:0") for each in bulk), now=NOW)
    assert told(found(sound, "bursts")) == (0, 52, GOOD)  # ten in nine minutes
    day_end = found(sound, "day_end")
    assert told(day_end) == (20, Fraction(11, 2), MEND)  # of the 32 in the morning those on Mondays to Fridays
    assert [(each.text, each.more) for each in day_end.examples] == [("Eva", 20)]
    log(sound, "\n".join(f"11-11 09:0{n // 3} lead.disposed ana subject=burst{n}" for n in range(12)), now=NOW)
    bursts = found(sound, "bursts")
    assert told(bursts) == (12, 64, LOOK)
    assert [(each.text, each.more) for each in bursts.examples] == [("Ana", 12)]


def test_c6_an_end_before_any_beginning_and_a_date_without_a_time(sound):
    log(sound, "11-05 09:00 lead.disposed ana subject=early\n11-06 00:00 lead.assigned eva subject=dated", now=NOW)
    assert told(found(sound, "disorder")) == (1, 33, LOOK)
    assert texts(found(sound, "disorder")) == ["early"]
    timeless = found(sound, "timeless")
    assert (timeless.finding.number, texts(timeless)) == (1, ["lead.assigned"])


def test_m1_an_event_is_late_whose_month_had_no_grace_left_but_not_of_a_sources_history(sound):
    over = datetime(2026, 11, 3, 3, tzinfo=UTC)  # October has been over for 48 hours
    lines = ("10-20 09:00 lead.assigned ana subject=late", "11-03 09:00 lead.assigned ana subject=soon")
    sound.execute(EventImport.__table__.update().values(imported_at=NOW - timedelta(days=90)))
    sound.commit()
    for number, (at, late) in enumerate(((over, 0), (over + timedelta(microseconds=1), 1))):
        log(sound, "\n".join(f"{each}{number}" for each in lines), now=at)
        judged = found(sound, "late", now=NOW)
        assert told(judged)[:2] == (late, 2 * (number + 1))
    assert texts(judged) == ["late1"]
    log(sound, lines[0] + "x", now=NOW, source="another")  # the first that it brings
    assert told(found(sound, "late"))[:2] == (1, 4)


def test_an_import_notes_between_which_its_events_lie_and_one_of_nothing_new_notes_nothing(sound):
    member = ids_of(sound)["ana"]
    record_event(sound, event("one", "11-17 09:00", "lead.assigned", member, "single"), now=NOW)
    log(sound, "11-17 09:00 lead.assigned ana subject=a\n11-17 09:30 lead.disposed ana subject=a", now=NOW)
    log(sound, "11-17 09:00 lead.assigned ana subject=a", now=NOW)
    columns = (EventImport.new, EventImport.first_event_id, EventImport.last_event_id)
    assert [tuple(row) for row in sound.execute(select(*columns).order_by(EventImport.id))] == [
        (64, 1, 64), (2, 66, 67), (0, None, None)
    ]  # fmt: skip


def test_rows_that_were_refused_and_types_that_nobody_uses(sound):
    hand_in(
        sound,
        csv_of("x,2026-11-17T09:00,lead.parked,p,ana@example.com", "y,never,lead.parked,p,"),
        now=NOW,
        file_name="crm.csv",
    )
    refused = found(sound, "refused")
    assert (told(refused), texts(refused)) == ((1, 66, LOOK), ["crm.csv"])
    unknown = found(sound, "unknown")
    assert [(each.text, each.more) for each in unknown.examples] == [("lead.parked", 1)]
    assert unknown.verdict is LOOK


def test_members_are_measured_on_the_sides_that_promise_for_members_and_idle_after_thirty_days(sound):
    inactive = found(sound, "inactive")  # Bia went over to South in October, and has done nothing; Caio is in marketing
    assert (told(inactive), texts(inactive)) == ((1, 3, LOOK), ["Bia"])
    lines = csv_of("x,2026-11-17T09:00,lead.assigned,p,007,South")
    hand_in(sound, lines, now=NOW, create_members="sales")
    nameless = found(sound, "nameless")
    assert (told(nameless)[2], texts(nameless)) == (LOOK, ["007"])


def test_managers_read_examples_of_their_teams_and_what_is_of_no_team_and_counts_of_all(sound):
    for team, name in (("North", "ana"), ("South", "eva")):
        log(sound, "\n".join(f"11-05 09:00 lead.disposed {name} subject={team}{n}" for n in range(7)), now=NOW)
    log(sound, "11-05 09:00 lead.disposed - subject=nobodys\n11-05 09:00 lead.parked ana subject=x", now=NOW)
    look(sound, now=NOW, by=BY)
    seen = {}
    for name, within in (("north", only(sound, "North")), ("leads", only(sound, "Leads")), ("all", EVERYTHING)):
        report = {each.finding.check: each for each in read_report(sound, within=within).judged}
        assert report["disorder"].finding.number == 15
        seen[name] = len(report["disorder"].examples), {each[:5] for each in texts(report["disorder"])}
        assert texts(report["unknown"]) == ["lead.parked"]
    assert seen["north"] == (5, {"North"})
    assert seen["leads"] == (0, set())
    assert seen["all"][0] == 5


def test_only_one_looks_at_a_time_and_a_look_that_died_holds_nobody_up(sound, monkeypatch):
    with all_or_nothing(sound):
        assert soundness.begin_look(sound.connection(), NOW, "another", looking.STALE_AFTER)
    soon, later = NOW + looking.STALE_AFTER - timedelta(seconds=1), NOW + looking.STALE_AFTER
    assert (is_under_way(sound, now=soon), look(sound, now=soon, by=BY)) == (True, "")
    assert (is_under_way(sound, now=later), read_report(sound, within=EVERYTHING)) == (False, None)
    assert look(sound, now=later, by=BY) != ""
    assert not is_under_way(sound, now=later)

    def broken(*_args, **_kwargs):
        raise RuntimeError("a broken check")

    monkeypatch.setattr(looking, "find_all", broken)
    with pytest.raises(RuntimeError):
        look(sound, now=later, by=BY)
    assert not is_under_way(sound, now=later)
    assert read_report(sound, within=EVERYTHING).looked_at == later  # what was found before stays


def test_the_span_is_a_quarter_or_as_much_as_has_enough_events(sound, monkeypatch):
    log(sound, "06-01 09:00 lead.assigned ana subject=old", now=NOW)
    until = datetime(2026, 11, 17, 13, tzinfo=UTC)
    for enough, days, events in ((64, 92, 64), (65, 184, 65)):
        monkeypatch.setattr(sounding, "ENOUGH_EVENTS", enough)
        look(sound, now=NOW, by=BY)
        report = read_report(sound, within=EVERYTHING)
        assert (report.until - report.since, report.until, report.events) == (timedelta(days=days), until, events)


def test_the_report_is_read_in_one_statement_and_the_look_takes_as_many_whatever_there_is(sound, query_counter):
    def counted(work):
        with query_counter() as statements:
            work()
        return len(statements)

    look(sound, now=NOW, by=BY)
    few = counted(lambda: look(sound, now=NOW, by=BY))
    log(sound, "\n".join(f"11-05 09:00 lead.disposed ana subject=S{n}" for n in range(500)), now=NOW)
    look(sound, now=NOW, by=BY)
    assert counted(lambda: look(sound, now=NOW, by=BY)) <= few + 2  # the examples of one check more
    assert counted(lambda: read_report(sound, within=EVERYTHING)) == 1
    document = json.loads(sound.execute(select(ReadinessReport.document)).scalar_one())
    assert max(len(each["examples"]) for each in document["findings"]) <= sounding.MOST_EXAMPLES
