"""What a wall shows, as HTML: one fragment for all displays with equal settings, and the words of celebrations."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from babel.dates import format_date, format_time, format_timedelta, get_timezone_location
from babel.numbers import format_percent
from flask import current_app, render_template
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from leaderboard.domain.displays import Settings, to_text
from leaderboard.domain.periods import parse_period
from leaderboard.services.celebrating import Celebration, shown_to
from leaderboard.services.walls import Wall, read_wall, with_message
from leaderboard.services.watching import read_versions
from leaderboard.web.assets import asset
from leaderboard.web.badge_texts import badge_picture, badge_text
from leaderboard.web.frames import tag_of
from leaderboard.web.wording import period_name

KEPT_SECONDS = 30  # what depends on the time alone, such as the days left, may be so old
CROWDS = ((4, "few"), (7, "some"), (10, "many"))  # past it they stand in two columns
PICTURES = {"exceeded": "first-exceeded", "leader": "team-of-the-month", "bonus": "team-of-the-quarter"}


class ShownWall(NamedTuple):
    """A wall and its fragment. tag: changes with the fragment; look: with what only the page around it shows."""

    wall: Wall
    html: str
    tag: str
    look: str


def shown_wall(session: Session, settings: Settings, message: str, now: datetime) -> ShownWall:
    """Return what displays with some settings show.

    Which of the slides is up is no part of it: that the clock tells, also in the browser. It is read anew when
    something has changed, or after half a minute, and rendered anew only if it is another then.
    """
    wall = wall_now(session, settings, message, now)
    language, page = settings.language or wall.language, settings.of_page
    kept = current_app.extensions["kept_walls"]
    return kept.get((wall, language, page), lambda: _rendered(wall, language, page))


def wall_now(session: Session, settings: Settings, message: str, now: datetime) -> Wall:
    """Return a wall, read only if it is not kept; displays that differ in their message have the rest in common."""
    contents = settings.of_contents
    key = read_versions(session), contents, int(now.timestamp()) // KEPT_SECONDS
    kept = current_app.extensions["read_walls"]
    wall = kept.get(key, lambda: read_wall(session, contents, message="", now=now))
    return with_message(wall, contents, message)


def _rendered(wall: Wall, language: str, page: Settings) -> ShownWall:
    look = tag_of(" ".join((to_text(page), wall.zone.key, language)))
    with force_locale(language):
        html = render_template("display/_slides.html", wall=wall, look=look).strip()
    return ShownWall(wall, html, tag_of(html), look)


def celebration_items(
    celebrations: Sequence[Celebration], settings: Settings, language: str, *, more: int = 0
) -> dict[str, Any]:
    """Return what a display celebrates of what happened, in its words; more: what happened beyond it."""
    with force_locale(language):
        return {"items": [_item(each) for each in shown_to(celebrations, settings)], "more": more}


def trial_items(name: str, language: str, at: datetime) -> dict[str, Any]:
    """Return a celebration for somebody to look at. name: the display's."""
    with force_locale(language):
        title, reason = _("A celebration"), _("This is what one looks like here.")
        item = _worded(f"trial-{_epoch(at)}", "exceeded", title, name, reason, at, PICTURES["exceeded"])
        return {"items": [item], "more": 0}


def percent(whole: int) -> str:
    """Return whole percent as the language writes it."""
    return format_percent(whole / 100, locale=get_locale())


def clock_time(local: datetime) -> str:
    """Return a local time as the language writes it."""
    return format_time(local, "short", locale=get_locale())


def ago(past: timedelta) -> str:
    """Return how long ago something was, in words; past: negative."""
    return format_timedelta(past, add_direction=True, locale=get_locale())


def short_period(key: str) -> str:
    """Return what a period that goes on is called where there is little room: November, Q4."""
    period = parse_period(key)
    return format_date(period.first_day, "LLLL" if period.kind == "month" else "QQQ", locale=get_locale())


def crowd(count: int) -> str:
    """Return how much room each of some rows of a slide has: its class."""
    return next((name for most, name in CROWDS if count <= most), "most")


def place_name(wall: Wall) -> str:
    """Return where the clock of a wall goes: the city of its time zone."""
    return get_timezone_location(wall.zone, locale=get_locale(), return_city=True)


def _item(each: Celebration) -> dict[str, Any]:
    title, reason = _words(each)
    picture = each.badge or PICTURES[each.kind]
    return _worded(each.id, each.kind, title, each.name, reason, each.at, picture)


def _words(each: Celebration) -> tuple[str, str]:
    """Return what is celebrated, and for what."""
    period = period_name(each.period) if each.period else ""
    if each.kind == "badge":
        return _("New badge"), " · ".join(filter(None, (str(badge_text(each.badge or "").name), period)))
    if each.kind == "leader":
        return _("New leader"), _("First in %(period)s", period=period)
    if each.kind == "bonus":
        return _("Bonus won"), _("Place %(place)s in %(period)s", place=each.place, period=period)
    return _("Level exceeded"), each.sla or ""


def _worded(
    celebration_id: str, kind: str, title: str, name: str, reason: str, at: datetime, picture: str
) -> dict[str, Any]:
    return {
        "id": celebration_id,
        "kind": kind,
        "title": str(title),
        "name": name,
        "reason": str(reason),
        "at": _epoch(at),
        "picture": asset(badge_picture(picture)),
    }


def _epoch(at: datetime) -> int:
    """Return an instant as scripts count: in milliseconds."""
    return int(at.timestamp() * 1000)
