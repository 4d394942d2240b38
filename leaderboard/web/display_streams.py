"""Live displays: what they show as it changes, what is celebrated on them, and that they end at once when revoked."""

from collections import deque
from collections.abc import Iterable, Set
from datetime import datetime
from time import monotonic
from typing import NamedTuple

from flask import Blueprint, Flask, Response, abort, current_app, request
from sqlalchemy.orm import Session

from leaderboard.services.celebrating import Celebration, Mark, begin, celebrations_since
from leaderboard.services.display_names import read_choices
from leaderboard.services.displays import Display, Shown, View, find_display, list_displays, mark_seen
from leaderboard.services.watching import Versions
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.devices import device_of_request
from leaderboard.web.frames import event
from leaderboard.web.hub import Hub, Listener
from leaderboard.web.organisation import organisation
from leaderboard.web.rights import manager_required, public
from leaderboard.web.streams import SESSION, for_many, signed_in, streamed
from leaderboard.web.walls import celebration_items, shown_wall, trial_items

bp = Blueprint("display_streams", __name__)
DISPLAY = "display"  # the kind of owner of a screen's stream
NOTE_SEEN_EVERY = 60.0
CHECK_EVERY = 5.0
CELEBRATED_FOR = 120.0  # seconds in which a screen that comes back still gets what it has missed


class Seat(NamedTuple):
    """What a listener is about: a display, and how it looks."""

    display_id: int
    view: View


class Happened(NamedTuple):
    """What was celebrated at some moment. more: what happened beyond it."""

    at: float
    celebrations: tuple[Celebration, ...]
    more: int

    def without(self, hidden: Set[int]) -> "Happened":
        """Return the same without some members."""
        shown = [each for each in self.celebrations if each.scope != "member" or each.participant_id not in hidden]
        return self._replace(celebrations=tuple(shown))


@bp.get("/display/stream")
@public
def of_display() -> Response:
    """The stream of the screen that asks."""
    device = device_of_request()
    if device is None:
        return Response("This screen is not paired.\n", 401, mimetype="text/plain")
    return _streamed(device, (DISPLAY, device.id))


@bp.get("/manage/displays/<int:display_id>/stream")
@manager_required
def of_preview(display_id: int) -> Response:
    """The same for a manager who looks at what a display shows."""
    display = find_display(db.session(), display_id)
    if display is None:
        abort(404)
    return _streamed(display, signed_in())


def init_app(app: Flask) -> None:
    """Let the hub look after screens."""
    hub = app.extensions["hub"]
    screens = app.extensions["screens"] = Screens(app, hub)
    hub.changed.append(screens.follow)
    hub.chores.append((NOTE_SEEN_EVERY, screens.note_seen))
    hub.chores.append((CHECK_EVERY, screens.check))


def _streamed(display: Shown, owner: tuple[str, object]) -> Response:
    app, view = current_app._get_current_object(), display.view  # type: ignore[attr-defined]
    screens = app.extensions["screens"]
    screens.begin(db.session())
    welcome = screens.missed(db.session(), view) if request.args.get("seen") else b""
    return streamed(("wall", view), lambda: _show(app, view), owner, about=Seat(display.id, view), welcome=welcome)


def _show(app: Flask, view: View) -> str:
    """Return what displays that look alike show now, made outside of any request of theirs."""
    with for_many(app):
        now = utc_now()
        return shown_wall(db.session(), view.settings, view.message_at(now), now).html


class Screens:
    """Follows what happens to displays, and on them, for all screens of this process."""

    def __init__(self, app: Flask, hub: Hub) -> None:
        self.app, self.hub = app, hub
        self._mark = Mark()
        self._here_at = -CELEBRATED_FOR  # when the last screen was seen, as monotonic() counts
        self._tried: dict[int, datetime | None] = {}
        self._happened: deque[Happened] = deque(maxlen=50)

    def begin(self, session: Session) -> None:
        """Note where the first screen comes in: what happens, or is tried, from then on is celebrated.

        If it, or another, was there just now, it has missed what happened meanwhile.
        """
        if not self._seats():
            if monotonic() - self._here_at < CELEBRATED_FOR:
                self._celebrate(session, ())
            else:
                self._tried = _tried(list_displays(session))
                self._mark = begin(session, now=utc_now())
        self._here_at = monotonic()

    def follow(self, before: Versions | None, after: Versions) -> None:
        """Follow a change: end what was revoked, renew what looks otherwise now, celebrate what happened."""
        seats = self._seats()
        if not seats:
            return
        self._here_at = monotonic()
        with self.app.test_request_context(), Session(db.engine) as session:
            if before is None or before.screens != after.screens:
                self._follow_displays(session, seats)
            self._celebrate(session, seats)

    def check(self) -> None:
        """End what is revoked and renew what looks otherwise, though nobody was told: who joins just then misses it."""
        if seats := self._seats():
            with self.app.test_request_context(), Session(db.engine) as session:
                self._follow_displays(session, seats)

    def note_seen(self) -> None:
        """Note in the database which screens are there."""
        here = {listener.about.display_id for listener in self.hub.listeners(DISPLAY)}
        if self._seats():
            self._here_at = monotonic()
        with self.app.app_context(), Session(db.engine) as session:
            mark_seen(session, here, now=utc_now())

    def missed(self, session: Session, view: View) -> bytes:
        """Return the events of what was celebrated just now, for a screen that comes back: it knows what it showed.

        Not of somebody who has chosen meanwhile not to be shown.
        """
        since, hidden = monotonic() - CELEBRATED_FOR, read_choices(session.connection()).hidden
        lately = [each.without(hidden) for each in tuple(self._happened) if each.at > since]
        return b"".join(filter(None, (_celebration(view, each) for each in lately)))

    def _seats(self) -> list[Listener]:
        listeners = [*self.hub.listeners(DISPLAY), *self.hub.listeners(SESSION)]
        return [each for each in listeners if isinstance(each.about, Seat)]

    def _follow_displays(self, session: Session, seats: Iterable[Listener]) -> None:
        displays = {display.id: display for display in list_displays(session)}
        before, self._tried = self._tried, _tried(displays.values())
        for listener in seats:
            display = displays.get(listener.about.display_id)
            if display is None:
                listener.end(event("gone", {}))
            elif display.view != listener.about.view:
                listener.end(event("bye", {}))  # it comes again, to where the others are who look like that
            elif display.tested_at and display.tested_at != before.get(display.id):
                told = trial_items(display.name, _language(listener.about.view), display.tested_at)
                listener.put(event("celebrate", told))

    def _celebrate(self, session: Session, seats: Iterable[Listener]) -> None:
        found = celebrations_since(session, self._mark, now=utc_now())
        self._mark = found.mark
        if not found.celebrations and not found.more:
            return
        happened = Happened(monotonic(), found.celebrations, found.more)
        self._happened.append(happened)
        by_view: dict[View, bytes | None] = {}
        for listener in seats:
            view = listener.about.view
            if view not in by_view:
                by_view[view] = _celebration(view, happened)
            if sent := by_view[view]:
                listener.put(sent)


def _tried(displays: Iterable[Display]) -> dict[int, datetime | None]:
    """Return when somebody last asked each display for a celebration to look at."""
    return {display.id: display.tested_at for display in displays}


def _celebration(view: View, happened: Happened) -> bytes | None:
    """Return the event by which displays celebrate what happened; None where there is nothing that they show."""
    if not view.settings.celebrates:
        return None
    told = celebration_items(happened.celebrations, view.settings, _language(view), more=happened.more)
    return event("celebrate", told) if told["items"] else None


def _language(view: View) -> str:
    ours = organisation()
    return view.settings.language or (ours.language if ours else "en")
