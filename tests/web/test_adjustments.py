"""The pages of adjustments: who gives points, what is refused in words, how they are taken back (P7)."""

import re

import pytest

from leaderboard.services.adjusting import adjust, list_adjustments
from leaderboard.services.boards import standings
from leaderboard.web import rights
from tests.factories import ids_of
from tests.web.worlds import NOW

FRAGMENT = {"HX-Request": "true"}
PATH = "/manage/adjustments"
FORM = {"member": "ana@example.com", "points": "40", "month": "2026-11", "reason": "Helped two colleagues"}


@pytest.fixture(autouse=True)
def _moment(monkeypatch):
    monkeypatch.setattr("leaderboard.web.adjustments.utc_now", lambda: NOW)


def given(session):
    return list_adjustments(session)[0]


@pytest.mark.databases("sqlite")
def test_only_managers_and_administrators_give_points(reader, session):
    ana = reader("ana")
    assert ana.get(PATH).status_code == 403
    assert ana.post(PATH, data=FORM).status_code == 403
    assert ana.post(f"{PATH}/1/take-back", data={"reason": "Not mine"}).status_code == 403
    assert given(session) == []
    assert reader("enzo").get(PATH).status_code == 200


def test_p7_points_are_given_by_the_form_and_the_result_is_said(reader, session):
    dora = reader("dora")
    answer = dora.post(PATH, data=FORM)
    assert (answer.status_code, answer.location) == (303, PATH)
    assert [(each.name, each.points, each.made_by) for each in given(session)] == [("Ana Lima", 40, "dora@example.com")]
    page = dora.get(PATH).text
    assert "40 points are given to Ana Lima for November 2026." in page
    row = page[page.index('<tr id="adjustment-') :]
    assert "Helped two colleagues" in row[: row.index("</tr>")]


def test_a_name_does_as_well_as_an_e_mail(reader, session):
    assert reader("dora").post(PATH, data={**FORM, "member": " ana lima "}).status_code == 303
    assert given(session)[0].name == "Ana Lima"


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"member": "nobody"}, "member", "Nobody whom you answer for has this e-mail or name"),
        ({"member": "dora@example.com"}, "member", "Nobody adjusts their own points"),
        ({"points": "0"}, "points", "a whole number from 1 to 10,000"),
        ({"points": "1.5"}, "points", "a whole number from 1 to 10,000"),
        ({"points": "10001"}, "points", "a whole number from 1 to 10,000"),
        ({"reason": "  "}, "reason", "a reason of 3 to 500 characters"),
        ({"month": "2026-12"}, "month", "has not begun"),
        ({"month": "2026-09"}, "month", "before the first standings"),
        ({"month": "2026-Q4"}, "month", "Choose a month"),
    ],
)
def test_what_is_refused_is_said_at_its_field_and_keeps_what_was_filled_in(reader, session, changes, field, words):
    answer = reader("dora").post(PATH, data={**FORM, **changes})
    assert answer.status_code == 422
    error = re.search(rf'id="field-{field}-error" role="alert">(.*?)<', answer.text)
    assert words in error[1]
    kept = {**FORM, **changes}
    assert kept["reason"].strip() in answer.text
    assert given(session) == []


def test_the_same_pressed_twice_gives_points_once(reader, session):
    dora = reader("dora")
    dora.post(PATH, data=FORM)
    assert "was given for the same reason already" in dora.post(PATH, data=FORM).text
    assert len(given(session)) == 1


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("month", ["", "November", "9999-99"])
def test_an_address_that_no_form_of_ours_sends_is_refused(reader, month):
    assert reader("dora").post(PATH, data={**FORM, "month": month}).status_code == 400


@pytest.mark.parametrize("headers", [{}, FRAGMENT])
def test_points_are_taken_back_once_with_a_reason(reader, session, headers):
    made = adjust(session, ids_of(session)["bia"], 7, "For the <i>demo</i>", "2026-11", by=_dora(session), now=NOW)
    dora, path = reader("dora"), f"{PATH}/{made.id}/take-back"
    refused = dora.post(path, data={"reason": " "}, headers=headers)
    assert refused.status_code == 422
    assert "Give a reason of 3 to 500 characters" in refused.text
    answer = dora.post(path, data={"reason": "It was Ana"}, headers=headers)
    page = answer.text if headers else dora.get(PATH).text
    assert answer.status_code == (200 if headers else 303)
    assert page.lstrip().startswith("<tr id=") is bool(headers)
    assert "It was Ana" in page
    assert "Taken back" in page
    again = dora.post(path, data={"reason": "It was Ana"}, headers=headers)
    assert (again.status_code, "Somebody has taken this back already." in again.text) == (409, True)
    assert {each.name: each.points for each in standings(session, "2026-11", "member")}["Bia Souza"] == 20


@pytest.mark.databases("sqlite")
def test_what_is_not_there_is_not_found(reader):
    dora = reader("dora")
    for number in (999, 10**30):
        assert dora.post(f"{PATH}/{number}/take-back", data={"reason": "Not there"}).status_code == 404
    assert dora.get(f"{PATH}?before=x").status_code == 400


def test_a_page_takes_the_same_few_statements_however_many_there_are(reader, session, query_counter):
    dora, bia, by = reader("dora"), ids_of(session)["bia"], _dora(session)
    dora.get(PATH)
    counts = []
    for size in (1, 9):
        for number in range(size):
            adjust(session, bia, size + number, "One of several", "2026-11", by=by, now=NOW)
        dora.get(PATH)
        with query_counter() as statements:
            assert dora.get(PATH).text.count('<tr id="adjustment-') >= size
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 5


def _dora(session):
    return rights.Actor("dora@example.com", None, ids_of(session)["dora"])
