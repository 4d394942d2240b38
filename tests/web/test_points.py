"""Why: the explanation of a result and a row of the ledger, to whom, and the questions about them (P7, P8)."""

import io

import pytest
from sqlalchemy import select

from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.adjusting import adjust, take_back
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.people import load_people
from leaderboard.services.questions import count_open
from leaderboard.services.scopes import EVERYTHING
from leaderboard.storage.tables import AttainmentRow, PointEntry, Team
from leaderboard.web.rights import Actor
from tests.factories import ids_of, people_file
from tests.services.examples import ON_TIME, PIPELINE, SPEED, TRAINING, WINS, agreement, log
from tests.web import worlds
from tests.web.worlds import NOW


@pytest.fixture(autouse=True)
def _moment(monkeypatch):
    for name in ("members", "points", "questions"):
        monkeypatch.setattr(f"leaderboard.web.{name}.utc_now", lambda: NOW)


@pytest.fixture
def ids(session, world):
    return ids_of(session)


def result_of(session, subject, sla="speed"):
    session.rollback()
    where = (AttainmentRow.subject == subject, AttainmentRow.sla == sla)
    return session.execute(select(AttainmentRow.id).where(*where).order_by(AttainmentRow.id)).scalars().first()


def entry_of(session, attainment_id):
    """Return the number of the latest row of the ledger that a result has."""
    rows = select(PointEntry.id).where(PointEntry.attainment_id == attainment_id).order_by(PointEntry.id.desc())
    return session.execute(rows).scalars().first()


def test_p8_a_result_is_explained_with_its_hours_events_targets_and_rows(reader, session, ids):
    number = result_of(session, "11-ana-0")
    page = reader("ana").get(f"/results/{number}").text
    texts = ("11-ana-0", "30 min of working time", "Ana Lima", "North", "November 2026", "The hours that counted")
    events = (
        "The clock started",
        "lead.assigned",
        "The clock stopped",
        "up to 1 h",
        "10 points",
        "from January 2026 on",
    )
    hours = ("10:00-10:30", "09:00-12:00, 13:00-18:00", "+10", "This is not right?")
    page = page.replace("\N{NO-BREAK SPACE}", " ").replace("\N{EN DASH}", "-")
    for text in (*texts, *events, *hours):
        assert text in page, text
    assert 'class="hours-counted"' in page
    row = reader("ana").get(f"/points/{entry_of(session, number)}").text
    assert 'aria-current="true" class="this"' in row
    assert "The hours that counted" in row


@pytest.mark.parametrize(("name", "code"), [("ana", 200), ("bia", 404), ("dora", 200), ("fabio", 404), ("enzo", 200)])
def test_explanations_are_for_the_person_and_who_answers_for_them(reader, session, ids, name, code):
    number = result_of(session, "11-ana-0")
    client = reader(name)
    assert client.get(f"/results/{number}").status_code == code
    assert client.get(f"/points/{entry_of(session, number)}").status_code == code
    assert client.get(f"/results/{result_of(session, '11-caio-0')}").status_code == (
        404 if name in ("ana", "bia") else 200
    )
    assert client.get(f"/results/{10**17}").status_code == client.get(f"/points/{10**30}").status_code == 404


def test_who_answers_for_the_last_team_of_a_month_sees_all_of_it_and_others_what_theirs_was_credited_with(
    reader, session, ids
):
    moved = "bia@example.com,Bia Souza,{},sales,{},{},rep,"
    rows = [moved.format("North", "2026-01-01", "2026-11-04"), moved.format("South", "2026-11-04", "")]
    load_people(session, io.BytesIO(people_file(rows)), now=NOW, by=COMMAND_LINE)
    worlds.answer_for(session, "dora", "own", "North")
    in_north, in_south = result_of(session, "11-bia-0"), result_of(session, "11-bia-1")
    dora, fabio = reader("dora"), reader("fabio")
    assert [fabio.get(f"/results/{number}").status_code for number in (in_north, in_south)] == [200, 200]
    assert [dora.get(f"/results/{number}").status_code for number in (in_north, in_south)] == [200, 404]
    assert fabio.get(f"/points/{entry_of(session, in_north)}").status_code == 200
    assert dora.get(f"/points/{entry_of(session, in_south)}").status_code == 404
    listed = f"/members/{ids['bia']}/results"
    assert (fabio.get(listed).status_code, dora.get(listed).status_code) == (200, 404)
    assert fabio.get(f"/results/{result_of(session, '10-bia-0')}").status_code == 404


def test_a_months_result_of_the_team_is_for_its_members_without_what_was_counted(reader, session, ids):
    text = agreement(SPEED, WINS, PIPELINE, ON_TIME, TRAINING, effective_from="2026-11-01")
    load_agreement(session, text, now=NOW, by=COMMAND_LINE)
    log(session, "11-04 09:00 opportunity.won ana subject=deal amount=500", now=NOW)
    session.rollback()
    teams, of_teams = ids_of(session, Team), (AttainmentRow.sla == "pipeline", AttainmentRow.month == "2026-11")
    found = session.execute(select(AttainmentRow.participant_id, AttainmentRow.id).where(*of_teams)).all()
    north, south = (dict(map(tuple, found))[teams[name]] for name in ("North", "South"))
    ana = reader("ana")
    seen = ana.get(f"/results/{north}")
    assert "R$500.00" in seen.text
    assert "Managers of the team see what was counted." in seen.text
    assert "deal" not in seen.text
    assert "Ask about it" not in seen.text
    assert "deal" in reader("dora").get(f"/results/{north}").text
    assert ana.get(f"/results/{south}").status_code == 404
    assert ana.post(f"/results/{north}/question", data={"question": "Why?"}).status_code == 403
    month = ana.get(f"/results/{result_of(session, '2026-11', 'wins')}").text
    for text in ("at least 2", "deal", "What was counted", "Open"):
        assert text in month, text


def test_p7_points_by_hand_say_who_gave_them_and_why(reader, session, ids):
    by = Actor("dora@example.com", None, ids["dora"])
    made = adjust(session, ids["ana"], 40, "Helped <b>two</b>", "2026-11", by=by, now=NOW)
    take_back(session, made.id, "It was Bia", by=by, now=NOW)
    rows = session.execute(select(PointEntry.id).where(PointEntry.attainment_id.is_(None)).order_by(PointEntry.id))
    given, taken = rows.scalars().all()
    page = reader("ana").get(f"/points/{given}").text
    for text in ("Helped &lt;b&gt;two&lt;/b&gt;", "dora@example.com", "+40", "Taken back", "It was Bia"):
        assert text in page, text
    assert "Takes back" in reader("ana").get(f"/points/{taken}").text
    assert [reader(name).get(f"/points/{given}").status_code for name in ("bia", "fabio", "dora")] == [404, 404, 200]


def test_a_question_is_asked_on_the_page_and_shows_where_it_stands(reader, session, ids):
    number, ana = result_of(session, "11-ana-0"), reader("ana")
    for text, fault in (("", "Write a sentence."), ("x" * 2001, "too long"), ("\x07", "cannot be shown")):
        answer = ana.post(f"/results/{number}/question", data={"question": text})
        assert (answer.status_code, fault in answer.text) == (422, True)
    sent = ana.post(f"/results/{number}/question", data={"question": "Was it <i>late</i>?"})
    assert (sent.status_code, sent.location) == (303, f"/results/{number}#questions")
    page = ana.get(f"/results/{number}").text
    assert "Was it &lt;i&gt;late&lt;/i&gt;?" in page
    assert "Waits for an answer" in page
    assert "Ask about it" not in page
    again = ana.post(f"/points/{entry_of(session, number)}/question", data={"question": "And?"})
    assert (again.status_code, "waits for its answer" in again.text) == (409, True)
    assert "Waits for an answer" in ana.get("/me").text
    assert "Waits for an answer" in ana.get("/me/questions").text
    assert "/manage/questions" in reader("dora").get(f"/results/{number}").text
    for name, code in (("bia", 404), ("fabio", 404), ("dora", 403), ("enzo", 403)):
        assert reader(name).post(f"/results/{number}/question", data={"question": "Mine?"}).status_code == code
    session.rollback()
    assert count_open(session, EVERYTHING) == 1


def test_a_manager_answers_with_points_or_a_reason_and_once(reader, session, ids):
    ana, dora, fabio = reader("ana"), reader("dora"), reader("fabio")
    for subject in ("11-ana-0", "11-ana-1"):
        ana.post(f"/results/{result_of(session, subject)}/question", data={"question": f"About {subject}"})
    assert "2 to answer" in dora.get("/manage/").text
    assert "to answer" not in fabio.get("/manage/").text
    assert "About 11-ana-0" in dora.get("/manage/questions").text
    assert "About" not in fabio.get("/manage/questions").text
    assert fabio.post("/manage/questions/1/answer", data={"answer": "Mine."}).status_code == 404
    assert ana.post("/manage/questions/1/answer", data={"answer": "Mine."}).status_code == 403
    for form, fault in (
        ({"answer": ""}, "Write a sentence."),
        ({"answer": "Right.", "points": "many", "month": "2026-11"}, "whole number"),
        ({"answer": "Right.", "points": "5", "month": "2026-13"}, "Choose a month."),
        ({"answer": "Right\nso", "points": "5", "month": "2026-11"}, "on one line"),
        ({"answer": "Ok", "points": "5", "month": "2026-11"}, "write 3 to 500 characters"),
    ):
        answer = dora.post("/manage/questions/1/answer", data=form)
        assert (answer.status_code, fault in answer.text) == (422, True), form
    given = dora.post(
        "/manage/questions/1/answer", data={"answer": "You are right.", "points": "5", "month": "2026-11"}
    )
    assert given.status_code == 303
    row = dora.post("/manage/questions/2/answer", data={"answer": "It was so."}, headers={"HX-Request": "true"})
    assert (row.status_code, row.text.strip().startswith('<li class="card" id="question-2"')) == (200, True)
    for headers in ({}, {"HX-Request": "true"}):
        twice = reader("enzo").post("/manage/questions/2/answer", data={"answer": "It was not."}, headers=headers)
        assert (twice.status_code, "answered already" in twice.text) == (409, True)
    answered = dora.get("/manage/questions?state=answered").text
    assert "5 points given" in answered
    assert answered.index("It was so.") < answered.index("You are right.")
    assert dora.get("/manage/questions?state=odd").status_code == 400
    mine = ana.get("/me/questions").text
    assert "You are right." in mine
    assert "5 points given" in ana.get(f"/results/{result_of(session, '11-ana-0')}").text
    assert "<strong>35</strong> points" in ana.get(f"/members/{ids['ana']}").text
    trail = reader("enzo").get("/manage/audit?action=points").text
    assert trail.count("Points questioned") >= 2
    assert f'/results/{result_of(session, "11-ana-0")}"' in trail


def test_nobody_answers_their_own_question(reader, session, ids):
    log(session, "11-04 10:00 lead.assigned dora subject=hers\n11-04 10:10 lead.disposed dora subject=hers", now=NOW)
    dora = reader("dora")
    assert dora.post(f"/results/{result_of(session, 'hers')}/question", data={"question": "Why?"}).status_code == 303
    assert "another manager answers it" in dora.get("/manage/questions").text
    refused = dora.post("/manage/questions/1/answer", data={"answer": "Because."})
    assert (refused.status_code, "another manager has to" in refused.text) == (409, True)
    assert reader("enzo").post("/manage/questions/1/answer", data={"answer": "Because."}).status_code == 303


def test_an_explanation_takes_a_bounded_number_of_statements(reader, session, ids, query_counter):
    ana, counts = reader("ana"), []
    for size in (1, 20):
        lines = [f"11-05 10:0{n % 10} lead.note ana subject=n{size}" for n in range(size)]
        log(session, "\n".join([f"11-05 10:00 lead.assigned ana subject=n{size}", *dict.fromkeys(lines),
                                f"11-05 10:20 lead.disposed ana subject=n{size}"]), now=NOW)  # fmt: skip
        number = result_of(session, f"n{size}")
        ana.get(f"/results/{number}")
        with query_counter() as statements:
            assert ana.get(f"/results/{number}").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 10
