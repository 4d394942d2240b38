"""The pages of displays for managers: pairing, settings, messages, revoking; each form, each refusal in words."""

import re
from datetime import time, timedelta

import pytest
from sqlalchemy import select

from leaderboard.domain.displays import SLIDES, Settings, Slide
from leaderboard.services.displays import Screen, find_display, list_displays, resume_display
from leaderboard.services.pairing import begin_pairing
from leaderboard.storage.trail_tables import AuditEntry
from leaderboard.web.display_words import browser
from tests.services.screens import OFFICE, pair
from tests.web.worlds import NOW

PATH = "/manage/displays"
FRAGMENT = {"HX-Request": "true"}
SLIDES_FORM = {
    "shows-badges": "1", "place-badges": "2", "seconds-badges": "20",
    "shows-movers": "1", "place-movers": "1", "seconds-movers": "30",
    "place-pulse": "0", "seconds-pulse": "not shown, so never read",
}  # fmt: skip
FORM = {
    "name": "Kitchen", "people": "no", "names": "nickname", "top": "5", "side": "sales", "language": "pt_BR",
    "theme": "light", "margin": "10", "night_from": "20:00", "night_until": "07:30", "celebrates": "1", **SLIDES_FORM,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _moment(monkeypatch):
    monkeypatch.setattr("leaderboard.web.displays.utc_now", lambda: NOW)


@pytest.fixture
def dora(reader):
    return reader("dora")


def code_of_screen(session):
    return begin_pairing(session, address=OFFICE, now=NOW)[0]


def fault_at(page, field):
    found = re.search(rf'id="(?:field-)?{field}-error" role="alert">(.*?)<', page)
    return found and found[1]


@pytest.mark.databases("sqlite")
def test_only_managers_and_administrators_see_and_change_displays(reader, session):
    ana, display_id = reader("ana"), pair(session)[0]
    before = find_display(session, display_id)
    for path in ("", "/pair", f"/{display_id}", f"/{display_id}/revoke"):
        assert ana.get(PATH + path).status_code == 403
        assert reader("enzo").get(PATH + path).status_code == 200
    for path in ("/pair", f"/{display_id}", *(f"/{display_id}/{each}" for each in ("message", "celebrate", "revoke"))):
        assert ana.post(PATH + path, data={**FORM, "code": "X", "message": "Hi"}).status_code == 403
    session.rollback()
    assert find_display(session, display_id) == before


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("number", ["999", "9" * 30])
def test_what_is_not_there_is_not_found(dora, number):
    for path in ("", "/revoke"):
        assert dora.get(f"{PATH}/{number}{path}").status_code == 404
    for path in ("", "/message", "/celebrate", "/revoke"):
        assert dora.post(f"{PATH}/{number}{path}", data=FORM).status_code == 404
    for name in ("replaces", "like"):
        assert dora.post(f"{PATH}/pair", data={"code": "X", "name": "Y", name: number}).status_code in (404, 422)
    assert dora.get(f"{PATH}/pair?replaces=x").status_code == 404


def test_a_code_is_entered_and_the_display_is_there(dora, session):
    code = code_of_screen(session)
    assert f'value="{code}"' in dora.get(f"{PATH}/pair?code={code}").text
    answer = dora.post(f"{PATH}/pair", data={"code": code.lower(), "name": "Kitchen"})
    (display,) = list_displays(session)
    assert (answer.status_code, answer.location) == (303, f"{PATH}/{display.id}")
    assert (display.name, display.settings, display.paired_by) == ("Kitchen", Settings(), "dora@example.com")
    page = dora.get(PATH).text
    assert "Kitchen" in page
    assert "Waits for its screen" in page


@pytest.mark.databases("sqlite")
def test_a_screen_may_show_the_same_as_another_or_take_its_place(dora, session):
    first = pair(session, settings=Settings(top=3))[0]
    dora.post(f"{PATH}/pair", data={"code": code_of_screen(session), "name": "Kitchen", "like": str(first)})
    kitchen, floor = list_displays(session)
    assert (kitchen.settings.top, floor.settings.top) == (3, 3)
    assert "Sales floor" in dora.get(f"{PATH}/pair?replaces={first}").text
    dora.post(f"{PATH}/pair", data={"code": code_of_screen(session), "replaces": str(first)})
    session.rollback()
    assert [(each.name, each.id == first) for each in list_displays(session)] == [
        ("Kitchen", False), ("Sales floor", False),
    ]  # fmt: skip


@pytest.mark.databases("sqlite")
def test_a_wrong_code_is_said_and_guessing_must_wait(dora, session, app):
    code, form = code_of_screen(session), {"code": "34678888", "name": "Kitchen"}
    assert fault_at(dora.post(f"{PATH}/pair", data={**form, "code": code, "name": " "}).text, "name")
    for _ in range(app.config["SIGN_IN_ATTEMPTS_PER_ACCOUNT"]):
        answer = dora.post(f"{PATH}/pair", data=form)
        assert (answer.status_code, fault_at(answer.text, "code")) == (
            422, "No screen shows this code now: read it off the screen again.",
        )  # fmt: skip
    answer = dora.post(f"{PATH}/pair", data={**form, "code": code})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
    assert "Too many attempts have failed. Try again in 15 minutes." in fault_at(answer.text, "code")
    assert list_displays(session) == []


def test_what_a_display_shows_is_chosen_and_ordered(dora, session):
    display_id = pair(session)[0]
    assert dora.post(f"{PATH}/{display_id}", data=FORM).status_code == 303
    session.rollback()
    display = find_display(session, display_id)
    assert display.name == "Kitchen"
    assert display.settings == Settings(
        slides=(Slide("movers", 30), Slide("badges", 20)),
        shows_people=False,
        names="nickname",
        top=5,
        side="sales",
        language="pt_BR",
        theme="light",
        moves=False,
        celebrates=True,
        has_sound=False,
        margin=10,
        night=(time(20), time(7, 30)),
    )
    page = dora.get(f"{PATH}/{display_id}").text
    order = re.findall(r'id="shows-([a-z-]+)" name="[^"]+" value="1"( checked)?', page)
    assert [kind for kind, _ in order] == ["movers", "badges", *(k for k in SLIDES if k not in ("movers", "badges"))]
    assert [kind for kind, checked in order if checked] == ["movers", "badges"]
    sent = {
        **dict(re.findall(r'<input type="number"[^>]* name="([^"]+)" value="([^"]+)"', page)),
        **{name: value for name, value in FORM.items() if not name.startswith(("place", "seconds"))},
    }
    dora.post(f"{PATH}/{display_id}", data=sent)  # as it stands there, it changes nothing
    session.rollback()
    assert find_display(session, display_id) == display
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.about == f"display {display_id}")).all()
    assert actions == ["display.paired", "display.changed"]


@pytest.mark.databases("sqlite")
def test_what_is_refused_is_said_at_its_field_and_keeps_what_was_filled_in(dora, session):
    pair(session)
    display_id = pair(session, "Lobby")[0]
    for changes, field, words in (
        ({"name": ""}, "name", "Give a name of 1 to 60 characters."),
        ({"name": "sales FLOOR"}, "name", "Another display has this name"),
        ({"shows-badges": "", "shows-movers": ""}, "slides", "Choose at least one slide."),
        ({"place-badges": "first"}, "slides", "a whole number for its place"),
        ({"seconds-badges": "4"}, "slides", "5 to 300 seconds"),
        ({"seconds-badges": "301"}, "slides", "5 to 300 seconds"),
        ({"seconds-badges": "²"}, "slides", "5 to 300 seconds"),
        ({"top": "2"}, "top", "from 3 to 20"),
        ({"top": ""}, "top", "from 3 to 20"),
        ({"night_until": ""}, "night", "two different times"),
        ({"night_until": "20:00"}, "night", "two different times"),
        ({"night_from": "25:00"}, "night", "two different times"),
    ):
        answer = dora.post(f"{PATH}/{display_id}", data={**FORM, **changes})
        assert answer.status_code == 422, changes
        assert words in fault_at(answer.text, field), changes
        if "seconds-badges" in changes:
            assert f'name="seconds-badges" value="{changes["seconds-badges"]}"' in answer.text
    for name in ("names", "theme", "margin", "side", "language"):  # no form of ours sends such a value
        answer = dora.post(f"{PATH}/{display_id}", data={**FORM, name: "7"})
        assert (answer.status_code, 'role="alert">This cannot be so' in answer.text) == (422, True), name
    assert dora.post(f"{PATH}/{display_id}", data={}).status_code == 422
    session.rollback()
    assert find_display(session, display_id).name == "Lobby"


def test_a_message_is_shown_until_its_end_in_the_organisations_time(dora, session):
    display_id = pair(session)[0]
    path = f"{PATH}/{display_id}/message"
    for until, words in (("2026-11-18T12:00", "still to come"), ("soon", "still to come"), ("9999-12-31T23:59", "")):
        answer = dora.post(path, data={"message": "Cake <b>now</b>", "until": until})
        assert answer.status_code == 422
        assert words in fault_at(answer.text, "until")
        assert "Cake &lt;b&gt;now&lt;/b&gt;" in answer.text
    assert fault_at(dora.post(path, data={"message": "x" * 281}).text, "message")
    assert dora.post(path, data={"message": "Cake", "until": "2026-11-18T12:01"}).status_code == 303  # 15:01 in UTC
    session.rollback()
    assert find_display(session, display_id).message_until == NOW + timedelta(minutes=1)
    page = dora.get(f"{PATH}/{display_id}").text
    assert 'value="2026-11-18T12:01"' in page
    assert "The message is shown." in page
    dora.post(path, data={"message": " "})
    session.rollback()
    assert find_display(session, display_id).message == ""


def test_a_display_celebrates_and_is_revoked_when_that_is_confirmed(dora, session):
    display_id, token = pair(session)
    assert dora.post(f"{PATH}/{display_id}/celebrate").status_code == 303
    session.rollback()
    assert find_display(session, display_id).tested_at == NOW
    assert "Revoke Sales floor?" in dora.get(f"{PATH}/{display_id}/revoke").text
    assert resume_display(session, token, now=NOW) is not None
    answer = dora.post(f"{PATH}/{display_id}/revoke")
    assert (answer.status_code, answer.location) == (303, PATH)
    session.rollback()
    assert resume_display(session, token, now=NOW) is None
    assert "Sales floor is revoked" in dora.get(PATH).text
    assert dora.post(f"{PATH}/{display_id}/revoke").status_code == 404


@pytest.mark.databases("sqlite")
def test_every_form_needs_its_csrf_token(app, reader, session):
    dora, display_id = reader("dora"), pair(session)[0]
    app.config["WTF_CSRF_ENABLED"] = True
    for path in ("/pair", f"/{display_id}", *(f"/{display_id}/{each}" for each in ("message", "celebrate", "revoke"))):
        assert dora.post(PATH + path, data=FORM).status_code == 400
    for path in ("/me/display", "/members/1/display"):
        assert dora.post(path, data={"hide": "1"}).status_code == 400


def test_the_list_says_what_each_shows_and_takes_the_same_few_statements(dora, session, query_counter):
    token = pair(session, settings=Settings(slides=(Slide("badges", 90), Slide("movers", 90))))[1]
    screen = Screen("Mozilla/5.0 (X11; Linux) Chrome/128.0", 1920, 1080)
    resume_display(session, token, now=NOW, screen=screen)
    dark = pair(session, "Dark", settings=Settings(night=(time(11), time(13))))[1]
    resume_display(session, dark, now=NOW - timedelta(seconds=119), screen=screen)
    away = pair(session, "Away")[1]
    resume_display(session, away, now=NOW - timedelta(seconds=120), screen=screen)
    dora.get(PATH)
    with query_counter() as statements:
        page = dora.get(PATH, headers=FRAGMENT).text
    assert page.lstrip().startswith('<section id="displays-list"')
    before = len(statements)
    for text in ("1920 × 1080", "Chromium 128 · Linux", "3:00", "Longer than two minutes", "Dark: it is night"):
        assert text in page
    assert ("Newest badges" in page) != ("On the way up" in page)
    assert (page.count(">Live<"), page.count(">Away<")) == (2, 2)  # one is called so
    for number in range(8):
        another = pair(session, f"Screen {number}", settings=Settings(top=3 + number, names="initial"))[1]
        resume_display(session, another, now=NOW, screen=screen)
    with query_counter() as statements:
        dora.get(PATH, headers=FRAGMENT)
    assert len(statements) == before <= 18


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/128.0.0.0 Safari/537.36", "Chromium 128 · Linux"),
        (
            "Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) SamsungBrowser/4.0 Chrome/94.0 TV Safari/537.36",
            "Samsung 4 · Tizen",
        ),
        ("Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 Chrome/87.0 Safari/537.36", "Chromium 87 · webOS"),
        ("Mozilla/5.0 (Linux; Android 9; AFTMM) Silk/110.4 like Chrome/110.0 Safari/537.36", "Silk 110 · Fire TV"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/128.0 Safari/537.36 Edg/128.0", "Edge 128 · Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Version/17.5 Safari/605.1.15", "Safari 17 · macOS"),
        ("curl/8.0", ""),
        ("", ""),
    ],
)
def test_a_browser_is_named_in_a_word_or_two(user_agent, words):
    assert browser(user_agent) == words
