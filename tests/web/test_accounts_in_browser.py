"""The door in Chromium: with and without JavaScript, and for screen readers."""

import pytest
from playwright.sync_api import expect

from tests.web.door import ANA, PASSWORD, add_people

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _people(session):
    add_people(session)


def fill_in(page, password):
    page.get_by_label("E-mail").fill(ANA)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("is_scripted", [True, False])
def test_the_door_opens_and_shuts_with_and_without_javascript(open_page, is_scripted):
    page = open_page(java_script_enabled=is_scripted, viewport={"width": 390, "height": 844})
    page.goto("/password")
    fill_in(page, "wrong")
    expect(page.get_by_role("alert")).to_have_text("The e-mail or the password is not right.")
    fill_in(page, PASSWORD)
    expect(page.get_by_role("heading", name="Change password")).to_be_visible()
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_screen_reader_finds_its_way_through_the_door(page, axe):
    page.goto("/password")
    axe(page)
    fill_in(page, "wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    axe(page)
    fill_in(page, PASSWORD)
    expect(page.get_by_role("heading", name="Change password")).to_be_visible()
    axe(page)
    page.goto("/no-such-page")
    axe(page)
