"""The award page: what it shows, and each step with one award, by htmx and without (B1-B5)."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from leaderboard.services.asking import ask
from leaderboard.services.awards import AwardQuery, read_award, read_awards
from tests.services.bonus_examples import CLOSED_AT, DECIDABLE_AT, award_id
from tests.web.door import DORA, add_people, signed_in
from tests.web.test_markup import Markup
from tests.web.won import FRAGMENT, actor_of, article, path, stand_at

LIST = "/manage/bonuses"


def status_of(session, programme, name):
    session.rollback()
    award = read_award(session, award_id(session, programme, name))
    return award.status, award.decided_by, award.reason


def asked_by_ana(session, programme="team-win", name="North", text="Does Bia's\nweek count?"):
    ask(session, award_id(session, programme, name), text, by=actor_of(session, "ana"), now=CLOSED_AT)


def test_only_managers_and_administrators_see_and_decide(won_reader, session):
    north = path(session, "team-win", "North")
    for verb in ("approve", "decline", "pay"):
        assert won_reader("ana").post(f"{north}/{verb}", data={"reason": "x"}).status_code == 403
    for page in (LIST, north, f"{LIST}/confirm?step=approved&award=1"):
        assert won_reader("ana").get(page).status_code == 403
        assert won_reader("enzo").get(page).status_code == 200
    assert won_reader("ana").post(f"{LIST}/decide", data={"step": "approved", "award": "1"}).status_code == 403
    assert won_reader("ana").post(f"{north}/questions/1/answer", data={"answer": "x"}).status_code == 403
    assert status_of(session, "team-win", "North")[0] == "proposed"


@pytest.mark.databases("sqlite")
def test_the_managers_home_says_how_many_awards_wait(won_reader, session):
    number = len(read_awards(session, AwardQuery(status="proposed")).awards)
    assert f"{number} to decide on" in won_reader("dora").get("/manage/").text


def test_an_award_says_what_was_won_what_it_rests_on_and_how_each_share_came_about(won_reader, session):
    page = won_reader("dora").get(LIST).text
    assert page.index("Q4 2026</h2>") < page.index("October 2026</h2>")
    north = article(page, award_id(session, "team-win", "North"))
    for text in (
        "Team win",
        "Place 1",
        "R$1,000.00",
        "400 points",
        "<bdi>South</bdi>, 300",
        "In equal parts: 2 people",
    ):
        assert text in north
    assert "were welcome until Jan 6, 2027, 12:00" in north  # in São Paulo
    assert north.count("R$500.00") == 2
    south = article(page, award_id(session, "by-points", "South"))
    assert ("By points: 100 of 300; rounded up" in south, "R$33.33" in south) == (False, True)
    assert "By points: 200 of 300; rounded up by R$0.01" in south
    trip = article(page, award_id(session, "best-rep", "Ana"))
    assert ("A trip" in trip, "All of it" in trip, "R$" in trip) == (True, True, False)


def test_a_page_takes_as_many_queries_however_many_awards_it_shows(won_reader, query_counter):
    dora = won_reader("dora")
    counts = []
    for period in ("2026-10", "2026-Q4"):
        with query_counter() as statements:
            dora.get(f"{LIST}?period={period}")
        counts.append(
            len([each for each in statements if each.lstrip().upper().startswith(("SELECT", "WITH", "UPDATE"))])
        )
    assert counts[0] == counts[1] <= 10


def test_the_list_is_asked_for_by_state_and_period_and_paged(won_reader, monkeypatch, session):
    dora = won_reader("dora")
    dora.post(path(session, "best-rep", "Ana", "approve"))
    fragment = dora.get(f"{LIST}?status=approved&period=2026-Q4", headers=FRAGMENT).text
    assert fragment.lstrip().startswith('<section id="bonuses-list"')
    assert fragment.count("<article") == 1
    assert "Mark as handed over" in fragment
    assert "Nothing was found" in dora.get(f"{LIST}?status=declined").text
    monkeypatch.setitem(read_awards.__kwdefaults__, "page_size", 2)
    second = dora.get(f"{LIST}?period=2026-Q4&page=2").text
    assert "Page 2 of 3" in second
    assert f"{LIST}?period=2026-Q4&amp;page=3" in second


@pytest.mark.databases("sqlite")
def test_b3_the_list_shows_the_first_of_many_shares_and_the_award_itself_all(won_reader, monkeypatch, session):
    dora, north = won_reader("dora"), path(session, "team-win", "North")
    assert "All 2 shares" not in dora.get(LIST).text
    monkeypatch.setattr("leaderboard.web.bonuses.SHARES_LISTED", 1)
    listed = article(dora.get(LIST).text, award_id(session, "team-win", "North"))
    assert f'<a href="{north}">All 2 shares</a>' in listed
    assert (listed.count("/statement/"), dora.get(north).text.count("/statement/")) == (1, 2)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("asked", ["status=x", "period=x", "page=0", "page=x", "page=1234567"])
def test_what_cannot_be_asked_is_refused(won_reader, asked):
    assert won_reader("dora").get(f"{LIST}?{asked}").status_code == 400


@pytest.mark.databases("sqlite")
def test_an_award_that_is_not_there_is_not_found(won_reader):
    dora = won_reader("dora")
    for number in (4_711, 10**18):
        assert dora.get(f"{LIST}/{number}").status_code == 404
        assert dora.post(f"{LIST}/{number}/approve").status_code == 404


def test_b4_htmx_gets_the_award_in_its_new_state(won_reader, session):
    answer = won_reader("dora").post(path(session, "team-win", "North", "approve"), headers=FRAGMENT)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<article id="award-')
    assert 'data-said="Team win · North is approved."' in answer.text
    assert "dora@example.com" in answer.text
    assert "/approve" not in answer.text
    assert status_of(session, "team-win", "North") == ("approved", "dora@example.com", None)


def test_b4_without_javascript_the_list_comes_back_and_says_what_was_done(won_reader, session):
    dora, north = won_reader("dora"), award_id(session, "team-win", "North")
    back = f"{LIST}?status=proposed"
    answer = dora.post(f"{LIST}/{north}/decline", data={"reason": "A <b>mistake</b>", "back": back})
    assert (answer.status_code, answer.location) == (303, f"{back}#award-{north}")
    assert "Team win · North is declined." in dora.get(LIST).text
    assert "A &lt;b&gt;mistake&lt;/b&gt;" in dora.get(f"{LIST}/{north}").text
    assert status_of(session, "team-win", "North") == ("declined", "dora@example.com", "A <b>mistake</b>")
    away = dora.post(path(session, "team-win", "South", "approve"), data={"back": "//elsewhere.example/"})
    assert away.location.startswith(f"{LIST}#")


def test_b4_an_amount_is_paid_and_a_prize_handed_over(won_reader, session):
    dora = won_reader("dora")
    for programme, name, said in (("team-win", "North", "is paid."), ("best-rep", "Ana", "is handed over.")):
        refused = dora.post(path(session, programme, name, "pay"), headers=FRAGMENT)
        assert (refused.status_code, "It is not approved yet" in refused.text) == (409, True)
        dora.post(path(session, programme, name, "approve"))
        assert said in dora.post(path(session, programme, name, "pay"), headers=FRAGMENT).text
    assert status_of(session, "best-rep", "Ana")[0] == "paid"


def test_b4_who_shares_in_an_award_sees_why_they_cannot_approve_it_and_is_refused(won_reader, session):
    bia, north = won_reader("bia"), award_id(session, "team-win", "North")
    shown = article(bia.get(LIST).text, north)
    assert "You share in this award: another manager has to approve it." in shown
    assert "/approve" not in shown
    assert "/decline" in shown
    answer = bia.post(f"{LIST}/{north}/approve", headers=FRAGMENT)
    assert answer.status_code == 409
    assert "You share in it: another manager has to approve it." in answer.text
    assert status_of(session, "team-win", "North")[0] == "proposed"


def test_b4_nothing_is_decided_before_the_question_window_ends(won_reader, session, monkeypatch):
    dora, north = won_reader("dora"), award_id(session, "team-win", "North")
    stand_at(monkeypatch, CLOSED_AT)
    shown = article(dora.get(LIST).text, north)
    assert "welcome until Jan 6, 2027" in shown
    assert "/approve" not in shown
    for verb in ("approve", "decline"):
        answer = dora.post(f"{LIST}/{north}/{verb}", data={"reason": "Too much"}, headers=FRAGMENT)
        assert (answer.status_code, "It can be asked about until" in answer.text) == (409, True)
    stand_at(monkeypatch, DECIDABLE_AT)
    assert "/approve" in article(dora.get(LIST).text, north)


@pytest.mark.parametrize("way", ["htmx", "plain"])
def test_two_managers_at_once_give_one_approval_and_one_clear_message(won_reader, session, way):
    north = path(session, "team-win", "North", "approve")
    headers = FRAGMENT if way == "htmx" else {}
    clients = [won_reader("dora"), won_reader("enzo")]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda client: client.post(north, headers=headers), clients))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == ([200, 409] if way == "htmx" else [303, 409])
    refused = next(answer for answer in answers if answer.status_code == 409)
    decided_by = status_of(session, "team-win", "North")[1]
    assert f"by {decided_by}." in refused.text
    assert "It was approved already: on Jan 6, 2027, 1:00" in refused.text


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("reason", "words"),
    [(" ", "Write a sentence."), ("x" * 1_001, "at most 1,000 characters"), ("a\x07b", "characters that cannot be")],
)
def test_a_reason_that_cannot_be_taken_stays_where_it_was_typed(won_reader, session, reason, words):
    dora, north = won_reader("dora"), path(session, "team-win", "North", "decline")
    for headers in ({}, FRAGMENT):
        answer = dora.post(north, data={"reason": reason}, headers=headers)
        assert answer.status_code == 422
        assert words in answer.text
        assert f">{reason}</textarea>" in answer.text
        assert Markup(answer.text).faults == []
    assert status_of(session, "team-win", "North")[0] == "proposed"


def test_a_manager_answers_a_question_once(won_reader, session):
    asked_by_ana(session)
    dora, north = won_reader("dora"), award_id(session, "team-win", "North")
    shown = article(dora.get(LIST).text, north)
    assert "1 open question" in shown
    assert "Does Bia&#39;s\nweek count?" in shown
    address = shown[shown.index('action="', shown.index("/questions/") - 60) :].split('"')[1]
    for text, words in ((" ", "Write a sentence."), ("x" * 2_001, "at most 2,000 characters")):
        refused = dora.post(address, data={"answer": text}, headers=FRAGMENT)
        assert (refused.status_code, words in refused.text, f">{text}</textarea>" in refused.text) == (422, True, True)
    answered = dora.post(address, data={"answer": "It does."}, headers=FRAGMENT).text
    assert "1 question, answered" in answered
    assert "It does." in answered
    again = won_reader("enzo").post(address, data={"answer": "It does not."}, headers=FRAGMENT)
    assert again.status_code == 409
    assert "Somebody has answered this question already" in again.text
    assert "It does not." not in again.text
    other = award_id(session, "team-win", "South")
    assert dora.post(address.replace(f"/{north}/", f"/{other}/"), data={"answer": "x"}).status_code == 404


def test_the_markup_is_sound(won_reader, session):
    asked_by_ana(session)
    for name in ("bia", "dora"):
        client = won_reader(name)
        for address in (LIST, path(session, "team-win", "North"), f"{LIST}/confirm?step=declined&award=1&award=2"):
            assert Markup(client.get(address).text).faults == []
            assert Markup(client.get(address, headers=FRAGMENT).text).faults == []


@pytest.mark.databases("sqlite")
def test_before_an_organisation_is_loaded_the_page_says_what_to_do(app, session):
    add_people(session)
    dora = signed_in(app, DORA)
    for address in (LIST, "/bonuses", "/members/1/statement/2026-10"):
        answer = dora.get(address)
        assert (answer.status_code, "not set up yet" in answer.text) == (200, True)
    assert "There is no export yet." in dora.get(f"{LIST}/exports").text
