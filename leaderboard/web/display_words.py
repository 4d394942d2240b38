"""What slides, settings and screens are called on the pages for managers."""

import re
from typing import Any

from flask_babel import gettext as _

from leaderboard.domain.displays import LONG_LOOP_SECONDS, MARGINS, Settings
from leaderboard.web.walls import percent
from leaderboard.web.wording import number

# Of browsers that name several the most particular first.
BROWSERS = (
    ("SamsungBrowser", "Samsung"),
    ("Silk", "Silk"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chromium"),
    ("Version", "Safari"),
)
SYSTEMS = (
    ("Tizen", "Tizen"),
    ("Web0S", "webOS"),
    ("AFT", "Fire TV"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("iPad", "iPadOS"),
    ("iPhone", "iOS"),
    ("Mac OS X", "macOS"),
    ("Windows", "Windows"),
    ("Linux", "Linux"),
)


def slide_words() -> dict[str, str]:
    """Return the name of each kind of slide."""
    return {
        "quarter-teams": _("Teams of the quarter"),
        "month-people": _("People of the month"),
        "movers": _("On the way up"),
        "badges": _("Newest badges"),
        "pulse": _("Answered in time"),
        "bonus": _("Bonus at stake"),
        "plaque": _("Winners"),
        "message": _("Message"),
    }


def choices() -> dict[str, list[tuple[str, str]]]:
    """Return what there is to choose from, as pairs of value and text."""
    return {
        "people": [("yes", _("People and teams")), ("no", _("Teams only"))],
        "names": [
            ("full", _("Full name")),
            ("initial", _("First name and initial")),
            ("nickname", _("Nickname, or else first name and initial")),
        ],
        "side": [("", _("Both sides")), ("sales", _("Sales")), ("marketing", _("Marketing"))],
        "theme": [("dark", _("Dark")), ("light", _("Light")), ("auto", _("As the screen prefers"))],
        "margin": [(str(each), _("%(share)s on each side", share=percent(each))) for each in MARGINS],
    }


def loop_words(settings: Settings) -> tuple[str, bool]:
    """Return how long it takes until every slide has been seen, and whether that is too long."""
    minutes, seconds = divmod(settings.loop_seconds, 60)
    return f"{number(minutes)}:{seconds:02}", settings.loop_seconds > LONG_LOOP_SECONDS


def browser(user_agent: str) -> str:
    """Return in a word or two what a browser says that it is, and on what; "" where it says nothing that is known."""
    found = [_browser_in(user_agent), next((name for sign, name in SYSTEMS if sign in user_agent), "")]
    return " · ".join(filter(None, found))


def _browser_in(user_agent: str) -> str:
    for sign, name in BROWSERS:
        if version := re.search(rf"\b{sign}/(\d+)", user_agent):
            return f"{name} {version[1]}"
    return ""


def words() -> dict[str, Any]:
    """Return what the templates of displays need of words."""
    return {"slide_words": slide_words(), "choices": choices(), "loop_words": loop_words, "browser": browser}
