"""What a manager filled in about a display: read, and what is wrong with it in words."""

from contextlib import suppress
from datetime import datetime, time
from typing import Any, NamedTuple

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from leaderboard.domain.displays import (
    LONGEST_MESSAGE,
    LONGEST_NAME,
    SECONDS,
    SLIDES,
    TOP,
    Settings,
    Slide,
)
from leaderboard.domain.errors import DisplayRefused
from leaderboard.domain.instants import is_known_day
from leaderboard.web.organisation import time_zone

LONGEST_NUMBER = 4
FLAGS = ("moves", "celebrates", "has_sound")
Filled = MultiDict[str, str]


class Fault(NamedTuple):
    """What is wrong with what was filled in, and at which field."""

    field: str
    words: str


NO_FAULT = Fault("", "")


def settings_of(filled: Filled) -> Settings:
    """Return the settings that were filled in; DisplayRefused with the field that cannot be so.

    Slides stand in the order of their numbers; those with the same number, as in the list.
    """
    numbered = [
        (_number(filled, f"place-{kind}", "place"), Slide(kind, _number(filled, f"seconds-{kind}", "seconds")))
        for kind in SLIDES
        if filled.get(f"shows-{kind}")
    ]
    return Settings(
        slides=tuple(slide for _place, slide in sorted(numbered, key=lambda each: each[0])),
        shows_people=filled.get("people") != "no",
        names=filled.get("names", ""),
        top=_number(filled, "top", "top"),
        side=filled.get("side") or None,
        language=filled.get("language") or None,
        theme=filled.get("theme", ""),
        margin=_number(filled, "margin", "margin"),
        night=_night(filled),
        **{name: bool(filled.get(name)) for name in FLAGS},
    )


def filled_of(name: str, settings: Settings) -> Filled:
    """Return what the form shows of a display: what `settings_of` reads settings from."""
    shown = [slide.kind for slide in settings.slides]
    places = {kind: place for place, kind in enumerate([*shown, *(each for each in SLIDES if each not in shown)], 1)}
    seconds = {slide.kind: slide.seconds for slide in settings.slides}
    values: dict[str, Any] = {
        "name": name,
        "people": "yes" if settings.shows_people else "no",
        "names": settings.names,
        "top": settings.top,
        "side": settings.side or "",
        "language": settings.language or "",
        "theme": settings.theme,
        "margin": settings.margin,
        "night_from": settings.night[0].isoformat("minutes") if settings.night else "",
        "night_until": settings.night[1].isoformat("minutes") if settings.night else "",
        **{name: "1" for name in FLAGS if getattr(settings, name)},
        **{f"shows-{kind}": "1" for kind in shown},
        **{f"place-{kind}": places[kind] for kind in SLIDES},
        **{f"seconds-{kind}": seconds.get(kind, Slide(kind).seconds) for kind in SLIDES},
    }
    return MultiDict({key: str(value) for key, value in values.items()})


def listed(filled: Filled) -> list[str]:
    """Return the kinds of slides as the form lists them: those shown in their order, then the others."""

    def rank(kind: str) -> tuple[bool, int]:
        text = filled.get(f"place-{kind}", "")
        return not filled.get(f"shows-{kind}"), int(text) if _is_number(text) else len(SLIDES)

    return sorted(SLIDES, key=rank)


def until_of(filled: Filled) -> datetime | None:
    """Return the end that was filled in for a message, in the organisation's time zone; None for none."""
    text, until = filled.get("until", ""), None
    if not text:
        return None
    with suppress(ValueError):
        until = datetime.fromisoformat(text).replace(tzinfo=time_zone())
    if until is None or not is_known_day(until.date()):
        raise DisplayRefused("until", "The message's end is no day and time; give one.")
    return until


def fault_of(error: DisplayRefused) -> Fault:
    """Return in words what is wrong, and at which field."""
    field = {"taken": "name"}.get(error.what, error.what)
    return Fault(field, _words().get(error.what) or _("This cannot be so: choose something else."))


def _words() -> dict[str, str]:
    seconds = {"least": SECONDS[0], "most": SECONDS[-1]}
    return {
        "code": _("No screen shows this code now: read it off the screen again."),
        "gone": _("This display is not there any more: somebody has revoked it."),
        "name": _("Give a name of 1 to %(most)s characters.", most=LONGEST_NAME),
        "taken": _("Another display has this name: give another."),
        "slides": _("Choose at least one slide."),
        "place": _("Give each slide that is shown a whole number for its place."),
        "seconds": _("Give each slide that is shown %(least)s to %(most)s seconds.", **seconds),
        "top": _("Give a whole number from %(least)s to %(most)s.", least=TOP[0], most=TOP[-1]),
        "night": _("Give two different times, or none for no night."),
        "message": _("A message takes at most %(most)s characters: shorten it.", most=LONGEST_MESSAGE),
        "until": _("Give a day and time that are still to come, or none."),
    }


def _number(filled: Filled, name: str, what: str) -> int:
    text = filled.get(name, "").strip()
    if not _is_number(text):
        raise DisplayRefused(what, f"{what} is no whole number; give one.")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER


def _night(filled: Filled) -> tuple[time, time] | None:
    texts = [filled.get(name, "") for name in ("night_from", "night_until")]
    if not any(texts):
        return None
    try:
        start, end = map(time.fromisoformat, texts)
    except ValueError:
        raise DisplayRefused("night", "The night is no two times of day; give both, or none.") from None
    return start.replace(second=0, microsecond=0, tzinfo=None), end.replace(second=0, microsecond=0, tzinfo=None)
