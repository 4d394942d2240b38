"""Walls: all that a display shows at a moment; which slide of it stands there is told by the clock."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.displays import Settings
from leaderboard.services.display_names import read_choices
from leaderboard.services.rules import rule_book
from leaderboard.services.slides import SLIDE_MAKERS, Content, Message, View
from leaderboard.storage import people, walls
from leaderboard.storage.database import begin_snapshot


@dataclass(frozen=True)
class WallSlide:
    """A slide that has something to show. kind: one of SLIDES; seconds: how long it stays."""

    kind: str
    seconds: int
    content: Content


@dataclass(frozen=True)
class Wall:
    """What a display shows. slides: those with something to show, in order.

    organisation: its name, empty while none is loaded; zone, language: its own. last_data_at: when the last file came
    in, or the newest of the last events had happened; None before any.
    """

    organisation: str
    zone: ZoneInfo
    language: str
    last_data_at: datetime | None
    slides: tuple[WallSlide, ...]


def read_wall(session: Session, settings: Settings, *, message: str, now: datetime) -> Wall:
    """Return what a display with some settings shows, all of it of one moment.

    message: a manager's, empty for none or one whose time is over. Nothing is ever refused: before an organisation is
    loaded, and before there is anything to see, a wall has no slides but the message's.
    """
    begin_snapshot(session)
    connection = session.connection()
    version = people.rules_version(connection)
    if version is None:
        return _bare(settings, message)
    book = rule_book(connection, version)
    view = View(connection, book, settings, read_choices(connection), message, now)
    slides = []
    for slide in settings.shown:
        content = SLIDE_MAKERS[slide.kind](view)
        if content is not None:
            slides.append(WallSlide(slide.kind, slide.seconds, content))
    organisation = book.rules.organisation
    return Wall(
        organisation=organisation.name,
        zone=organisation.zone,
        language=organisation.language,
        last_data_at=_last_data_at(connection, now),
        slides=tuple(slides),
    )


def with_message(wall: Wall, settings: Settings, message: str) -> Wall:
    """Return a wall with a manager's message, in its place among the slides: all displays have the rest in common.

    settings: those that the wall was read with; message: empty for none.
    """
    if not message:
        return wall
    found = {each.kind: each for each in wall.slides}
    found["message"] = WallSlide("message", 0, Message(message))
    slides = [replace(found[each.kind], seconds=each.seconds) for each in settings.shown if each.kind in found]
    return replace(wall, slides=tuple(slides))


def _bare(settings: Settings, message: str) -> Wall:
    slides = [WallSlide(each.kind, each.seconds, Message(message)) for each in settings.shown if each.kind == "message"]
    return Wall("", ZoneInfo("UTC"), "en", None, tuple(slides if message else ()))


def _last_data_at(connection: Connection, now: datetime) -> datetime | None:
    """Return how new the data is; what lies in the future says nothing about it."""
    imported_at, happened = walls.newest_data(connection)
    moments = [*happened, *([] if imported_at is None else [imported_at])]
    return max((each for each in moments if each <= now), default=None)
