"""The personal calendar as iCalendar (RFC 5545), for calendar programs; its address is all that they have to know."""

import hashlib
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic

from flask import Blueprint, Response, abort, request
from flask_babel import force_locale
from flask_babel import gettext as _
from icalendar import Alarm, Calendar, Event

from leaderboard.services.accounts import token_key
from leaderboard.services.due_calendar import DueCalendar, Entry, read_calendar
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.means import own_address
from leaderboard.web.rights import public

bp = Blueprint("calendar_feed", __name__)
MOST_A_MINUTE = 20  # requests for one address, of one process
MOST_KNOWN = 10_000
LOOK_AGAIN = timedelta(minutes=15)
KEPT_SECONDS = 300
MINUTE_SECONDS = 60


class Pace:
    """How often something was asked for within a minute; it forgets all when there is too much."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._counts: dict[str, tuple[float, int]] = {}

    def is_too_fast(self, name: str) -> bool:
        """Count one more, and tell whether that is too many."""
        now = monotonic()
        with self._lock:
            began, count = self._counts.get(name, (now, 0))
            if now - began >= MINUTE_SECONDS:
                began, count = now, 0
            if len(self._counts) >= MOST_KNOWN:
                self._counts.clear()
            self._counts[name] = (began, count + 1)
        return count >= self._most


_pace = Pace(MOST_A_MINUTE)


@bp.get("/calendar/<token>.ics")
@public
def show(token: str) -> Response:
    """What is due for somebody; nobody may ask for it without pause."""
    if _pace.is_too_fast(token_key(token)):
        response = Response(_("Too many attempts"), 429, mimetype="text/plain")
        response.headers["Retry-After"] = str(MINUTE_SECONDS)
        return response
    found = read_calendar(db.session(), token, now=utc_now())
    if found is None:
        abort(404)
    with force_locale(found.language):
        content = written(found, own_address())
    response = Response(content, content_type="text/calendar; charset=utf-8")
    response.set_etag(hashlib.sha256(content).hexdigest()[:32])
    response.headers["Cache-Control"] = f"private, max-age={KEPT_SECONDS}"
    response.headers["Content-Disposition"] = 'inline; filename="due.ics"'
    response.make_conditional(request)
    return response


def written(due: DueCalendar, address: str) -> bytes:
    """Return a calendar as iCalendar; the same as long as nothing changes. address: where readers find us."""
    calendar = Calendar()
    calendar.add("PRODID", "-//SLA Leaderboard//due//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "PUBLISH")
    calendar.add("X-WR-CALNAME", _("Due · %(organisation)s", organisation=due.organisation))
    calendar.add("REFRESH-INTERVAL", LOOK_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", "PT15M")
    host = address.partition("://")[2].partition("/")[0]
    for entry in due.entries:
        calendar.add_component(_event(entry, address, host))
    return calendar.to_ical()


def _event(entry: Entry, address: str, host: str) -> Event:
    event = Event()
    event.add("UID", f"due-{entry.id}@{host}")
    event.add("DTSTAMP", _seconds(entry.started_at))  # what it tells hangs on what happened then, not on who asks when
    event.add("DTSTART", _seconds(entry.deadline))
    event.add("DTEND", _seconds(entry.deadline))
    event.add("SUMMARY", _("Due: %(subject)s", subject=entry.subject))
    event.add("DESCRIPTION", f"{entry.sla.title}\n{address}/results/{entry.id}")
    event.add("URL", f"{address}/results/{entry.id}")
    event.add("TRANSP", "TRANSPARENT")
    event.add("CLASS", "PRIVATE")
    if entry.remind_at is not None:
        event.add_component(_alarm(entry, entry.remind_at))
    return event


def _alarm(entry: Entry, at: datetime) -> Alarm:
    alarm = Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", _("Due: %(subject)s", subject=entry.subject))
    alarm.add("TRIGGER", _seconds(at), parameters={"VALUE": "DATE-TIME"})
    return alarm


def _seconds(at: datetime) -> datetime:
    return at.replace(microsecond=0)
