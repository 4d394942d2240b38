"""Several awards at once: selected, confirmed, decided each by itself (B4)."""

import re
from dataclasses import replace
from random import Random
from string import ascii_letters

import pytest

from leaderboard.services.awards import read_award
from leaderboard.services.deciding import approve
from tests.services.bonus_examples import DECIDABLE_AT, award_id
from tests.web.test_markup import Markup
from tests.web.won import actor_of

LIST = "/manage/bonuses"


@pytest.fixture
def ids(won_reader, session):
    named = {"north": ("team-win", "North"), "south": ("team-win", "South"), "trip": ("best-rep", "Ana")}
    return {name: award_id(session, *which) for name, which in named.items()}


def status_of(session, number):
    session.rollback()
    return read_award(session, number).status


def in_form(page):
    """Return the awards that the form of a confirmation page sends."""
    return [int(each) for each in re.findall(r'type="hidden" name="award" value="(\d+)"', page)]


def test_b4_what_is_selected_is_listed_with_its_sum_before_it_is_approved(won_reader, session, ids):
    dora = won_reader("dora")
    asked = {"step": "approved", "award": list(ids.values()), "back": f"{LIST}?period=2026-Q4"}
    page = dora.get(f"{LIST}/confirm", query_string=asked).text
    assert "3 awards · 1 prize among them · 3 people share" in page
    assert "R$1,500.00" in page
    assert sorted(in_form(page)) == sorted(ids.values())
    assert status_of(session, ids["north"]) == "proposed"
    answer = dora.post(f"{LIST}/decide", data=asked)
    assert (answer.status_code, answer.location) == (303, f"{LIST}?period=2026-Q4")
    assert "3 awards are approved." in dora.get(LIST).text
    assert {status_of(session, each) for each in ids.values()} == {"approved"}


def test_b4_what_cannot_be_approved_is_named_with_why_and_left_out_of_sum_and_form(won_reader, session, ids):
    approve(session, [ids["trip"]], by=actor_of(session, "enzo"), now=DECIDABLE_AT)
    bia = won_reader("bia")
    page = bia.get(f"{LIST}/confirm", query_string={"step": "approved", "award": list(ids.values())}).text
    assert "3 awards are left as they are" in page
    assert page.count("You share in it: another manager has to approve it.") == 2
    assert "It was approved already" in page
    assert in_form(page) == []
    assert "R$" not in page[page.index("<main") :]


def test_b4_one_that_is_refused_does_not_hold_up_the_others_and_is_told(won_reader, session, ids):
    approve(session, [ids["trip"]], by=actor_of(session, "enzo"), now=DECIDABLE_AT)
    dora = won_reader("dora")
    dora.post(f"{LIST}/decide", data={"step": "approved", "award": [ids["north"], ids["trip"], 4_711]})
    page = dora.get(LIST).text
    assert "1 award is approved." in page
    assert "Best rep · Ana: It was approved already: on Jan 6, 2027, 12:00" in page
    assert "4,711: It is not there any more" in page
    assert status_of(session, ids["north"]) == "approved"


@pytest.mark.databases("sqlite")
def test_what_is_told_of_a_page_of_refused_awards_fits_into_the_cookie(won_reader, session, ids, monkeypatch):
    """A browser ignores one of more than 4,093 bytes, and nobody would be told anything."""
    award, any_of = read_award(session, ids["north"]), Random(1).choices
    awards = [replace(award, id=each, name="".join(any_of(ascii_letters, k=400))) for each in range(900, 920)]
    monkeypatch.setattr("leaderboard.web.bonuses.read_chosen_awards", lambda *_, **__: awards)
    dora = won_reader("dora")
    answer = dora.post(f"{LIST}/decide", data={"step": "approved", "award": [each.id for each in awards]})
    assert max(map(len, answer.headers.getlist("Set-Cookie"))) < 3_000
    assert dora.get(LIST).text.count("It is not there any more") == 20


def test_b4_declining_together_needs_a_reason_which_stays_when_it_is_refused(won_reader, session, ids):
    dora = won_reader("dora")
    form = {"step": "declined", "award": [ids["north"], ids["south"]], "back": LIST}
    for reason, words in ((" ", "Write a sentence."), ("a\x07b", "characters that cannot be shown")):
        answer = dora.post(f"{LIST}/decide", data={**form, "reason": reason})
        assert (answer.status_code, words in answer.text, f">{reason}</textarea>" in answer.text) == (422, True, True)
        assert sorted(in_form(answer.text)) == sorted(form["award"])
        assert Markup(answer.text).faults == []
    assert status_of(session, ids["north"]) == "proposed"
    dora.post(f"{LIST}/decide", data={**form, "reason": "Won by a mistake"})
    assert "2 awards are declined." in dora.get(LIST).text
    assert read_award(session, ids["south"]).reason == "Won by a mistake"


def test_b4_awards_are_paid_together(won_reader, session, ids):
    dora = won_reader("dora")
    for step, words in (("approved", "2 awards are approved."), ("paid", "2 awards are paid.")):
        dora.post(f"{LIST}/decide", data={"step": step, "award": [ids["north"], ids["trip"]]})
        assert words in dora.get(LIST).text
    assert status_of(session, ids["trip"]) == "paid"


@pytest.mark.databases("sqlite")
def test_without_a_selection_the_list_says_to_make_one(won_reader):
    dora = won_reader("dora")
    answer = dora.get(f"{LIST}/confirm?step=approved&back={LIST}?status=proposed")
    assert (answer.status_code, answer.location) == (303, f"{LIST}?status=proposed")
    assert "Select one award or more first." in dora.get(LIST).text


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "asked", ["step=proposed&award=1", "award=1", "step=paid&award=x", "step=paid" + "&award=1" * 21]
)
def test_what_no_form_sends_is_refused(won_reader, asked):
    dora = won_reader("dora")
    assert dora.get(f"{LIST}/confirm?{asked}").status_code == 400
    answer = dora.post(f"{LIST}/decide", data=asked, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400
