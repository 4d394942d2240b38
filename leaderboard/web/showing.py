"""Which slide stands on a display now, for the pages of managers."""

from datetime import datetime

from leaderboard.domain.displays import Settings, is_night, slide_at
from leaderboard.services.displays import Display
from leaderboard.storage.database import db
from leaderboard.web.organisation import time_zone
from leaderboard.web.walls import wall_now


class Showing:
    """Tells what displays show; what there is to show is read once for all that show the same people."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._kinds: dict[tuple[str | None, bool], set[str]] = {}

    def __call__(self, display: Display) -> str | None:
        """Return the kind of slide; None at night, and where there is none to show."""
        if is_night(display.settings.night, self._now.astimezone(time_zone())):
            return None
        kinds = self._kinds_of(display.settings) | ({"message"} if display.message_at(self._now) else set())
        slides = [each for each in display.settings.shown if each.kind in kinds]
        return slides[slide_at(slides, self._now)].kind if slides else None

    def _kinds_of(self, settings: Settings) -> set[str]:
        key = settings.side, settings.shows_people
        if key not in self._kinds:
            every = Settings(side=settings.side, shows_people=settings.shows_people)
            wall = wall_now(db.session(), every, "", self._now)
            self._kinds[key] = {each.kind for each in wall.slides}
        return self._kinds[key]
