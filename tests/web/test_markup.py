"""The HTML of the pages: every element closed, no id twice, and what refers to an id finds it."""

from html.parser import HTMLParser

import pytest

from tests.services.screens import pair

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
REFERS = ("for", "aria-labelledby", "aria-describedby", "aria-controls")


class Markup(HTMLParser):
    """Collects what is wrong with a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.refers: list[str] = []
        self.feed(page)
        self.close()
        self.faults += [f"never closed: {tag}" for tag in self.open]
        self.faults += [f"twice: id {name}" for name in set(self.ids) if self.ids.count(name) > 1]
        self.faults += [f"no such id: {name}" for name in self.refers if name not in self.ids]

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        self.faults += [f"twice in <{tag}>: {name}" for name in set(names) if names.count(name) > 1]
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        for name in REFERS:
            self.refers += (found.get(name) or "").split()
        if tag == "title" and "svg" not in self.open and "body" in self.open:
            self.faults.append("a title in the body")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> within {self.open[-3:]}")
        if tag in self.open:
            while self.open.pop() != tag:
                pass


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("name", ["ana", "dora"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?scope=member",
        "/?by=average&side=sales",
        "/?period=2026-Q4",
        "/?period=2025-01",
        "/?period=2027-01&scope=member",
        "/?page=0",
        "/badges",
        "/password",
        "/me",
        "/me/questions",
        "/members/1",
        "/members/1/results",
        "/members/1/entries",
        "/points/1",
        "/results/1",
        "/members/2?period=2026-10",
        "/certificates/1",
        "/agreement",
        "/manage/",
        "/manage/agreements",
        "/manage/agreements/drafts/new",
        "/manage/adjustments",
        "/manage/audit",
        "/manage/corrections",
        "/manage/questions",
        "/manage/displays",
        "/manage/displays/pair",
        "/manage/displays/1",
        "/none",
    ],
)
def test_the_markup_of_a_page_is_sound(reader, session, name, path):
    client = reader(name)
    pair(session)
    assert Markup(client.get(path).text).faults == []
    assert Markup(client.get(path, headers={"HX-Request": "true"}).text).faults == []


@pytest.mark.databases("sqlite")
def test_the_markup_of_the_door_is_sound(client, world):
    for path in ("/sign-in", "/display"):
        assert Markup(client.get(path).text).faults == []


def test_unsound_markup_is_found():
    page = '<body><p id="a"><b></p><p id="a"><label for="c">x</label></p><title>t</title>'
    assert Markup(page).faults == [
        "</p> within ['body', 'p', 'b']",
        "a title in the body",
        "never closed: body",
        "twice: id a",
        "no such id: c",
    ]
