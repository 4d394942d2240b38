"""The page of the badges: what each takes, which the reader has, how far the next ones are; its pictures and words."""

import re
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page
from sqlalchemy import update

from leaderboard.domain.actors import COMMAND_LINE, SCHEDULER
from leaderboard.domain.badges import KEYS
from leaderboard.resources import resource
from leaderboard.services.accounts import add_user
from leaderboard.services.badging import refresh_badges
from leaderboard.services.closing import close_next
from leaderboard.storage.closing_tables import BadgeRow
from leaderboard.web.badge_texts import GROUPS, TEXTS
from tests.documents import DOCS
from tests.web.test_markup import Markup
from tests.web.worlds import NOW, PASSWORD, sign_in

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {f"{SVG}{tag}" for tag in ("svg", "g", "path", "circle")}
SIZES = {"phone": (390, 844), "laptop": (1440, 900)}


@pytest.fixture
def badges(world, session, monkeypatch):
    """October is closed and November's badges are up to date; the page's clock stands at the world's moment."""
    monkeypatch.setattr("leaderboard.web.badges.utc_now", lambda: NOW)
    assert close_next(session, now=NOW, by=SCHEDULER).period == "2026-10"
    refresh_badges(session, now=NOW)
    return session


def card(page, key):
    """Return the card of a badge as one line of text."""
    found = re.search(rf'<li id="badge-{key}".*?</li>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def test_everybody_sees_every_badge_with_its_picture_and_what_it_takes(reader, badges):
    page = reader("enzo").get("/badges").text
    assert Markup(page).faults == []
    for key in KEYS:
        assert f"img/badges/{key}.svg" in page
        assert str(TEXTS[key].takes) in card(page, key)


def test_the_reader_sees_which_they_have_and_how_far_the_next_are(reader, badges):
    page = reader("bia").get("/badges").text
    assert "Earned in October 2026" in card(page, "rep-of-the-month")
    assert "Earned in October 2026" in card(page, "team-of-the-month")  # her team's
    assert card(page, "in-a-row-10").endswith("6 of 10")
    assert '<progress aria-label="10 in time in a row" value="6" max="10">' in page
    assert "On course this month: 2 levels so far." in card(page, "every-sla-met")
    assert card(page, "exceeded-three-months").endswith("1 of 3")
    assert "Earned" not in card(page, "team-of-the-quarter")


def test_g2_a_badge_that_was_withdrawn_says_why_to_whoever_had_it(reader, session, world, monkeypatch):
    monkeypatch.setattr("leaderboard.web.badges.utc_now", lambda: NOW)
    refresh_badges(session, now=NOW)
    session.execute(
        update(BadgeRow).where(BadgeRow.key == "first-met").values(withdrawn_at=NOW, withdrawn_because="void")
    )
    session.commit()
    assert "is void, such as a lead that was reopened" in card(reader("ana").get("/badges").text, "first-met")


def test_a_reader_without_a_member_sees_the_badges_alone(app, session, world):
    add_user(session, email="out@example.com", role="rep", password=PASSWORD, now=NOW, by=COMMAND_LINE)
    app.config["WTF_CSRF_ENABLED"] = False
    page = sign_in(app.test_client(), "out").get("/badges").text
    assert "belongs to nobody who earns points" in page
    assert "<progress" not in page


def test_the_page_takes_a_bounded_number_of_queries(reader, badges, query_counter):
    client = reader("bia")
    client.get("/badges")
    with query_counter() as statements:
        client.get("/badges")
    assert len([each for each in statements if each.startswith("SELECT")]) <= 9


def test_every_badge_has_its_place_on_the_page_and_in_the_documents():
    assert sorted(key for _, _, keys in GROUPS for key in keys) == sorted(KEYS) == sorted(TEXTS)
    document = (DOCS / "badges.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| ([^|]+) \|", document, re.MULTILINE)
    assert rows == [(key, str(TEXTS[key].name)) for key in KEYS]


def test_the_pictures_are_small_drawings_without_text_scripts_or_styles():
    folder = resource("static") / "img" / "badges"
    assert sorted(each.stem for each in folder.glob("*.svg")) == sorted(KEYS)
    drawings = set()
    for each in folder.glob("*.svg"):
        tree = ElementTree.parse(each).getroot()
        assert {part.tag for part in tree.iter()} <= DRAWN
        assert not any(
            name.startswith("on") or name in ("style", "href") for part in tree.iter() for name in part.attrib
        )
        assert (tree.get("viewBox"), each.stat().st_size < 2_000) == ("0 0 64 64", True)
        drawings.add(each.read_bytes())
    assert len(drawings) == len(KEYS)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_and_nothing_overflows(open_page, badges, axe, size, scheme):
    width, height = SIZES[size]
    page: Page = open_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto("/sign-in?next=/badges")
    page.get_by_label("E-mail").fill("bia@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    axe(page)
    assert page.get_by_role("link", name="Badges").get_attribute("aria-current") == "page"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.images].every(each => each.naturalWidth > 0)")
