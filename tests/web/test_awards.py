"""Bonuses as everybody may see them, and questions within the window (B4)."""

import pytest

from leaderboard.services.asking import answer
from leaderboard.services.awards import read_award
from leaderboard.services.deciding import decline
from tests.services.bonus_examples import CLOSED_AT, DECIDABLE_AT, award_id
from tests.web.test_markup import Markup
from tests.web.won import FRAGMENT, LATER, actor_of, article, stand_at

PATH = "/bonuses"


@pytest.fixture
def north(won_reader, session):
    return award_id(session, "team-win", "North")


def test_a_rep_sees_all_winners_but_amounts_only_of_what_they_share_in(won_reader, session, north):
    page = won_reader("ana").get(PATH).text
    mine = article(page, north)
    for text in ("North", "Place 1", "R$1,000.00", "Proposed", "<strong>R$500.00</strong>", "In equal parts: 2 people"):
        assert text in mine
    others = article(page, award_id(session, "team-win", "South"))
    assert ("South" in others, "Place 2" in others) == (True, True)
    assert not [text for text in ("R$", "Proposed", "Bia", "Eva", "dora@") if text in others]
    assert "A trip" in article(won_reader("eva").get(PATH).text, award_id(session, "best-rep", "Ana"))
    assert "Bia" not in mine
    assert "R$1,000.00" in article(won_reader("dora").get(PATH).text, north)


def test_a_share_by_points_says_of_how_many(won_reader, session):
    eva = article(won_reader("eva").get(PATH).text, award_id(session, "by-points", "South"))
    assert "By points: 200 of 300; rounded up by R$0.01" in eva
    assert "/statement/2026-Q4" in eva


def test_what_was_declined_is_told_with_the_reason_to_those_who_share_and_to_nobody_else(won_reader, session, north):
    decline(session, [north], reason="Won by a mistake", by=actor_of(session, "dora"), now=DECIDABLE_AT)
    ana, eva = won_reader("ana"), won_reader("eva")
    assert "Won by a mistake" in article(ana.get(PATH).text, north)
    assert f'id="award-{north}"' not in eva.get(PATH).text
    assert eva.get(f"{PATH}/{north}").status_code == 404


def test_a_member_asks_within_the_window_and_reads_the_answer_alone(won_reader, session, north, monkeypatch):
    stand_at(monkeypatch, CLOSED_AT)
    ana, eva = won_reader("ana"), won_reader("eva")
    assert "Ask until Jan 6, 2027" in article(ana.get(PATH).text, north)
    asked = eva.post(f"{PATH}/{north}/ask", data={"question": "Is <b>this</b> right?"}, headers=FRAGMENT)
    assert asked.status_code == 200
    assert 'data-said="Your question is sent' in asked.text
    assert "Is &lt;b&gt;this&lt;/b&gt; right?" in asked.text
    assert "There is no answer yet." in asked.text
    (question,) = read_award(session, north).questions
    answer(session, question.id, "It is.", by=actor_of(session, "dora"), now=LATER)
    assert "It is." in article(eva.get(PATH).text, north)
    assert "Is &lt;b&gt;this" not in ana.get(PATH).text


@pytest.mark.databases("sqlite")
def test_a_period_in_which_nobody_won_says_so_and_stays_chosen(won_reader):
    page = won_reader("ana").get("/bonuses?period=2026-07").text
    assert "Nobody won a bonus in July 2026." in page
    assert '<option value="2026-07" selected>July 2026</option>' in page


def test_nobody_asks_after_the_window(won_reader, session, north, monkeypatch):
    ana = won_reader("ana")
    stand_at(monkeypatch, DECIDABLE_AT)
    assert "/ask" not in article(ana.get(PATH).text, north)
    refused = ana.post(f"{PATH}/{north}/ask", data={"question": "Why?"}, headers=FRAGMENT)
    assert refused.status_code == 409
    assert "It could be asked about until Jan 6, 2027, 12:00" in refused.text
    assert "Why?" in refused.text
    assert read_award(session, north).questions == ()


@pytest.mark.databases("sqlite")
def test_only_members_ask(won_reader, session, north, monkeypatch):
    stand_at(monkeypatch, CLOSED_AT)
    dora = won_reader("dora")
    assert "/ask" not in dora.get(PATH).text
    assert dora.post(f"{PATH}/{north}/ask", data={"question": "Why?"}).status_code == 403


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("text", "words"),
    [(" ", "Write a sentence."), ("x" * 2_001, "at most 2,000 characters"), ("a\x07b", "characters that cannot be")],
)
def test_a_question_that_cannot_be_taken_stays_where_it_was_typed(won_reader, north, monkeypatch, text, words):
    stand_at(monkeypatch, CLOSED_AT)
    for headers in ({}, FRAGMENT):
        refused = won_reader("ana").post(f"{PATH}/{north}/ask", data={"question": text}, headers=headers)
        assert (refused.status_code, words in refused.text, f">{text}</textarea>" in refused.text) == (422, True, True)
        assert Markup(refused.text).faults == []


@pytest.mark.databases("sqlite")
def test_without_javascript_a_question_leads_back_and_says_so(won_reader, north, monkeypatch):
    stand_at(monkeypatch, CLOSED_AT)
    ana = won_reader("ana")
    sent = ana.post(f"{PATH}/{north}/ask", data={"question": "Why?"})
    assert (sent.status_code, sent.location) == (303, f"{PATH}#award-{north}")
    assert "Your question is sent" in ana.get(PATH).text


def test_the_list_is_asked_for_by_period_in_a_bounded_number_of_queries(won_reader, query_counter):
    ana = won_reader("ana")
    with query_counter() as statements:
        fragment = ana.get(f"{PATH}?period=2026-10", headers=FRAGMENT).text
    assert sum(each.startswith("SELECT") for each in statements) == 8
    assert fragment.lstrip().startswith('<section id="awards-list"')
    assert fragment.count("<article") == 1
    assert ana.get(f"{PATH}?period=x").status_code == 400
    assert Markup(ana.get(PATH).text).faults == []
