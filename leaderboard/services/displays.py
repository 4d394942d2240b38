"""Displays on walls: knowing them by their token, and what managers change about them.

A token is 256 random bits, of which only the SHA-256 is stored. A new one takes its place once a day, at a page load;
the one before stays good until the new one has been used, since an answer can get lost on its way.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.displays import LONGEST_MESSAGE, LONGEST_NAME, Settings, from_text, to_text
from leaderboard.domain.errors import DisplayRefused
from leaderboard.domain.shown import has_controls, quoted, shown
from leaderboard.services.accounts import SEEN_EVERY, TOKEN_BYTES, token_key
from leaderboard.storage import displays, pairings, trail
from leaderboard.storage.database import DOOR_LOCK, all_or_nothing, write_at_once

TOKEN_CHANGES_AFTER = timedelta(days=1)
LIVE_FOR = timedelta(minutes=2)  # a display is noted as seen about every minute
LONGEST_USER_AGENT = 300

_settings = lru_cache(maxsize=256)(from_text)  # hundreds of displays share a few


class Screen(NamedTuple):
    """What a screen says of itself. width, height: in pixels, None where it does not say."""

    user_agent: str
    width: int | None = None
    height: int | None = None


NO_SCREEN = Screen("")


@dataclass(frozen=True)
class View:
    """What displays that look alike share. message: a manager's until an instant or for good, "" for none."""

    settings: Settings
    message: str
    message_until: datetime | None

    def message_at(self, now: datetime) -> str:
        """Return the message that is shown at an instant; its end is no longer part of it."""
        return self.message if self.message_until is None or now < self.message_until else ""


@dataclass(frozen=True)
class Shown(View):
    """A display, as far as its screen needs to know."""

    id: int
    name: str

    @property
    def view(self) -> View:
        """How it looks."""
        return View(self.settings, self.message, self.message_until)


@dataclass(frozen=True)
class Device(Shown):
    """The display whose token was shown, with the organisation's versions, which are None while none is loaded.

    is_token_old: another is due. is_token_replaced: there is another, which has not been used yet.
    """

    scores_version: int | None
    rules_version: int | None
    is_token_old: bool
    is_token_replaced: bool


@dataclass(frozen=True)
class Display(Shown):
    """A display as managers see it. is_waiting: its screen has not fetched its token yet.

    tested_at: when somebody last asked for a celebration to look at.
    """

    is_waiting: bool
    paired_at: datetime
    paired_by: str
    last_seen_at: datetime | None
    user_agent: str
    width: int | None
    height: int | None
    tested_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        """Tell whether its screen was there just now."""
        return self.last_seen_at is not None and now - self.last_seen_at < LIVE_FOR


def resume_display(session: Session, token: str, *, now: datetime, screen: Screen = NO_SCREEN) -> Device | None:
    """Return the display of a token, None if it is no living display's; one SQL statement.

    At most once a minute it also notes that the display was there, and at once what has changed about its screen. With
    the first use of a token the one before ends, and so does the pairing that it came by.
    """
    key = token_key(token)
    row = displays.resumed(session.connection(), key)
    if row is None:
        return None
    _note_use(session, row, key, screen, now)
    return Device(
        **_shown(row),
        scores_version=row.scores_version,
        rules_version=row.rules_version,
        is_token_old=now - row.rotated_at >= TOKEN_CHANGES_AFTER,
        is_token_replaced=row.key != key,
    )


def _note_use(session: Session, row: Any, key: str, screen: Screen, now: datetime) -> None:
    told = {name: value for name, value in screen._asdict().items() if value}
    if "user_agent" in told:
        told["user_agent"] = shown(screen.user_agent, LONGEST_USER_AGENT)
    changed = {name: value for name, value in told.items() if value != getattr(row, name)}
    is_first = row.last_seen_at is None
    is_new_token = row.key == key and row.previous_key is not None
    if not (changed or is_first or is_new_token) and now - row.last_seen_at < SEEN_EVERY:
        return
    with write_at_once(session) as connection:
        displays.change(connection, row.id, last_seen_at=now, **changed)
        if is_new_token:
            displays.forget_previous(connection, key)
        if is_first:
            pairings.forget_of(connection, row.id)


def renew_token(session: Session, device: Device, token: str, *, now: datetime) -> str | None:
    """Return the token that a screen keeps from a page load on: a new one if it is a day old, or else the same.

    None: the screen is to keep what it has, since another load has just got a new one, or others were writing: this
    waits for nobody, and the next load comes.
    """
    if not device.is_token_old:
        return None if device.is_token_replaced else token
    new = secrets.token_urlsafe(TOKEN_BYTES)
    with write_at_once(session) as connection:
        before = now - TOKEN_CHANGES_AFTER
        displays.rotate(connection, device.id, token_key(token), token_key(new), now, before)
    is_stored = displays.key_of(session.connection(), device.id) == token_key(new)  # and committed
    return new if is_stored else None


def list_displays(session: Session) -> list[Display]:
    """Return the displays that are not revoked, by name."""
    return [_display(row) for row in displays.all_live(session.connection())]


def find_display(session: Session, display_id: int) -> Display | None:
    """Return a display; None if there is none, and if it is revoked."""
    row = displays.live(session.connection(), display_id)
    return None if row is None else _display(row)


def mark_seen(session: Session, display_ids: Collection[int], *, now: datetime) -> None:
    """Note that displays are there, in one statement; left out while others write."""
    if display_ids:
        with write_at_once(session) as connection:
            displays.mark_seen(connection, display_ids, now)


def change_display(
    session: Session, display_id: int, *, name: str, settings: Settings, now: datetime, by: Actor
) -> None:
    """Give a display another name and other settings. Raises DisplayRefused: `gone`, or `name`."""
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        before = live_or_gone(connection, display_id)
        name = checked_name(connection, name, but_for=display_id)
        after = to_text(settings)
        if (before.name, before.settings) == (name, after):
            return
        displays.change(connection, display_id, name=name, settings=after)
        told = (f"{before.name}; {before.settings}", f"{name}; {after}")
        trail.note(connection, by, "display.changed", about(display_id), at=now, before=told[0], after=told[1])
        displays.raise_screens_version(connection)


def change_message(
    session: Session, display_id: int, *, message: str, until: datetime | None, now: datetime, by: Actor
) -> None:
    """Show a message on a display until an instant, or for good; "" takes it away.

    Raises DisplayRefused: `gone`, `message` for what cannot be shown, `until` for an end that has passed.
    """
    message = "\n".join(line.rstrip() for line in message.strip().splitlines())
    if len(message) > LONGEST_MESSAGE or has_controls(message.replace("\n", " ")):
        raise DisplayRefused("message", f"A message takes at most {LONGEST_MESSAGE} characters; shorten it.")
    if message and until is not None and until <= now:
        raise DisplayRefused("until", "The message's end has passed; give a later one, or none.")
    until = until if message else None
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        before = live_or_gone(connection, display_id)
        if (before.message, before.message_until) == (message, until):
            return
        displays.change(connection, display_id, message=message, message_until=until)
        told = (_told(before.message, before.message_until), _told(message, until))
        trail.note(connection, by, "display.message", about(display_id), at=now, before=told[0], after=told[1])
        displays.raise_screens_version(connection)


def revoke_display(session: Session, display_id: int, *, now: datetime, by: Actor) -> None:
    """End a display: its token is good no more from now on. Raises DisplayRefused: `gone`."""
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        end_display(connection, live_or_gone(connection, display_id), now, by)
        displays.raise_screens_version(connection)


def ask_for_celebration(session: Session, display_id: int, *, now: datetime, by: Actor) -> None:
    """Ask a display to show a celebration, for somebody to look at. Raises DisplayRefused: `gone`."""
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        row = live_or_gone(connection, display_id)
        displays.change(connection, display_id, tested_at=now)
        trail.note(connection, by, "display.tested", about(display_id), at=now, after=row.name)
        displays.raise_screens_version(connection)


def end_display(connection: Connection, row: Any, now: datetime, by: Actor) -> None:
    """Revoke a display in the transaction that writes; what it was paired by goes too."""
    displays.change(connection, row.id, revoked_at=now, revoked_by=by.name, key=None, previous_key=None)
    pairings.forget_of(connection, row.id)
    trail.note(connection, by, "display.revoked", about(row.id), at=now, before=row.name)


def checked_name(connection: Connection, name: str, *, but_for: int | None = None) -> str:
    """Return a display's name as it is stored; DisplayRefused `name` for none, one too long, and another display's.

    but_for: the display that has it already.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or has_controls(name):
        raise DisplayRefused("name", f"A display's name takes 1 to {LONGEST_NAME} characters; give one.")
    for row in displays.all_live(connection):
        if row.id != but_for and row.name.casefold() == name.casefold():
            raise DisplayRefused("taken", f"Another display is called {quoted(name)}; give another name.")
    return name


def live_or_gone(connection: Connection, display_id: int) -> Any:
    """Return a display's row; DisplayRefused `gone` if there is none, and if it is revoked."""
    row = displays.live(connection, display_id)
    if row is None:
        raise DisplayRefused("gone", "This display is not there any more; look at the list of displays again.")
    return row


def about(display_id: int) -> str:
    """Return what the audit trail calls a display."""
    return f"display {display_id}"


def _told(message: str, until: datetime | None) -> str:
    if not message:
        return "none"
    return message if until is None else f"{message} (until {until:%Y-%m-%d %H:%M} UTC)"


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "settings": _settings(row.settings),
        "message": row.message,
        "message_until": row.message_until,
    }


def _display(row: Any) -> Display:
    return Display(
        **_shown(row),
        is_waiting=row.key is None,
        paired_at=row.paired_at,
        paired_by=row.paired_by,
        last_seen_at=row.last_seen_at,
        user_agent=row.user_agent,
        width=row.width,
        height=row.height,
        tested_at=row.tested_at,
    )
