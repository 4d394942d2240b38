"""The managers' home: who comes in, and that every door leads somewhere."""

import re

import pytest

from leaderboard.web.manage import GROUPS


@pytest.mark.databases("sqlite")
def test_the_home_leads_managers_to_every_page_for_managers_that_there_is(reader, app):
    dora, ana = reader("dora"), reader("ana")
    page = dora.get("/manage/").text
    paths = re.findall(r'href="(/manage/[^"]+)"', page[page.index('class="doors"') : page.index("</main>")])
    places = [place for group in GROUPS for place in group.places if not place.is_for_admins]
    assert len(paths) == len(places) >= 3
    for path in ("/manage/", *paths):
        assert (dora.get(path).status_code, ana.get(path).status_code) == (200, 403), path
        assert 'aria-current="page"' in dora.get(path).text


@pytest.mark.databases("sqlite")
def test_only_managers_and_administrators_find_it_in_the_top_bar(reader):
    link = 'href="/manage/"'
    assert [link in reader(name).get("/").text for name in ("ana", "dora", "enzo")] == [False, True, True]
