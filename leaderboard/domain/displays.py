"""What a display on a wall shows, when, and under which names: all that a manager may choose for one."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from leaderboard.domain.agreement import SIDES
from leaderboard.domain.errors import DisplayRefused
from leaderboard.domain.organisation_file import LANGUAGES

SLIDES = ("quarter-teams", "month-people", "movers", "badges", "pulse", "bonus", "plaque", "message")
OF_PEOPLE = ("month-people", "movers")  # left out of a display that shows teams only
NAMES = ("full", "initial", "nickname")
THEMES = ("dark", "light", "auto")
MARGINS = (5, 10)  # percent of the screen on each side that old televisions may cut off
SECONDS = range(5, 301)
TOP = range(3, 21)
LONG_LOOP_SECONDS = 120  # past it what matters stays unseen for too long
CODE_LETTERS = "346789ABCDEFGHJKMNPQRTUVWXY"  # none that looks like another: 0 O, 1 I L, 2 Z, 5 S
CODE_LENGTH = 8
LONGEST_NAME, LONGEST_NICKNAME, LONGEST_MESSAGE = 60, 40, 280


@dataclass(frozen=True)
class Slide:
    """One of SLIDES, and how many seconds it stays."""

    kind: str
    seconds: int = 15


@dataclass(frozen=True)
class Settings:
    """What a display shows and how.

    slides: in their order, each kind at most once, at least one. shows_people: False for teams only. names: `full`,
    `initial` (first name and initial) or `nickname` (else first name and initial). top: how many people at most (S2).
    side: None for both. language: None for the organisation's. moves, celebrates, has_sound: whether things move, a
    celebration interrupts, and is heard. margin: percent left free on each side. night: from when until when the
    screen is dark, by the organisation's clock, also past midnight; None: never.
    """

    slides: tuple[Slide, ...] = tuple(map(Slide, SLIDES))
    shows_people: bool = True
    names: str = "full"
    top: int = 10
    side: str | None = None
    language: str | None = None
    theme: str = "dark"
    moves: bool = True
    celebrates: bool = True
    has_sound: bool = False
    margin: int = 5
    night: tuple[time, time] | None = None

    def __post_init__(self) -> None:
        """Refuse what no display can do: DisplayRefused, in one sentence."""
        kinds = [slide.kind for slide in self.slides]
        if not kinds:
            raise DisplayRefused("slides", "A display needs at least one slide.")
        if len(set(kinds)) < len(kinds):
            raise DisplayRefused("slides", "Each slide can stand on a display once only.")
        for slide in self.slides:
            _check("slides", slide.kind, SLIDES)
            _check("seconds", slide.seconds, SECONDS)
        _check("names", self.names, NAMES)
        _check("top", self.top, TOP)
        _check("side", self.side, (None, *SIDES))
        _check("language", self.language, (None, *LANGUAGES))
        _check("theme", self.theme, THEMES)
        _check("margin", self.margin, MARGINS)
        if self.night is not None and self.night[0] == self.night[1]:
            raise DisplayRefused("night", "The night begins and ends at the same time; leave both empty for no night.")

    @property
    def shown(self) -> tuple[Slide, ...]:
        """The slides that may appear: those of people only where people are shown."""
        return tuple(slide for slide in self.slides if self.shows_people or slide.kind not in OF_PEOPLE)

    @property
    def of_contents(self) -> "Settings":
        """These settings without those that change nothing about what is to be read: displays share it."""
        return Settings(self.slides, self.shows_people, self.names, self.top, self.side)

    @property
    def of_page(self) -> "Settings":
        """These settings without those that slides follow: with others a screen has to load its page anew."""
        return Settings(
            language=self.language,
            theme=self.theme,
            moves=self.moves,
            has_sound=self.has_sound,
            margin=self.margin,
            night=self.night,
        )

    @property
    def loop_seconds(self) -> int:
        """How long it takes until every slide has been seen."""
        return sum(slide.seconds for slide in self.shown)


def _check(what: str, value: object, accepted: Sequence[object] | range) -> None:
    if value in accepted:
        return
    words = f"{accepted[0]} to {accepted[-1]}" if isinstance(accepted, range) else ", ".join(map(str, accepted))
    raise DisplayRefused(what, f"{what} is {value}; expected {words}.")


def to_text(settings: Settings) -> str:
    """Return settings as they are stored: JSON, the same for equal settings."""
    night = settings.night and [each.isoformat("minutes") for each in settings.night]
    slides = [[slide.kind, slide.seconds] for slide in settings.slides]
    return json.dumps({**vars(settings), "slides": slides, "night": night}, sort_keys=True, separators=(",", ":"))


def from_text(text: str) -> Settings:
    """Return the settings that `to_text` made; what a later version has added is as it is in new displays."""
    stored: Mapping[str, Any] = json.loads(text)
    known = {name: value for name, value in stored.items() if name in Settings.__dataclass_fields__}
    slides = tuple(Slide(kind, seconds) for kind, seconds in stored["slides"] if kind in SLIDES)
    night = known["night"] and tuple(map(time.fromisoformat, known["night"]))
    return Settings(**{**known, "slides": slides, "night": night})


def new_code(choose: Callable[[str], str]) -> str:
    """Return a pairing code; choose: picks one of some letters, as secrets.choice does."""
    return "".join(choose(CODE_LETTERS) for _ in range(CODE_LENGTH))


def code_of(typed: str) -> str | None:
    """Return the code that somebody typed, in any case, with blanks and hyphens; None if it can be none."""
    code = "".join(each for each in typed.upper() if not each.isspace() and each != "-")
    return code if len(code) == CODE_LENGTH and set(code) <= set(CODE_LETTERS) else None


def shown_name(name: str, nickname: str | None, style: str) -> str:
    """Return the name under which a display shows somebody; style: one of NAMES.

    An e-mail or an id that stands for a name, or for a nickname, is never shown whole: what is before the @.
    """
    if style == "nickname" and nickname and (words := _shown_words(nickname)):
        return " ".join(words)
    words = _shown_words(name)
    if style == "full" or len(words) < 2:
        return " ".join(words)
    return f"{words[0]} {words[-1][0]}."


def _shown_words(name: str) -> list[str]:
    """Return the words of a name, each without what stands after an @ in it."""
    parts = ([part for part in word.split("@") if part] for word in name.split())
    return [part[0] for part in parts if part]


def is_night(night: tuple[time, time] | None, local: datetime) -> bool:
    """Tell whether a screen is dark at a local time; the night's end is no longer night."""
    if night is None:
        return False
    start, end = night
    at = local.time()
    return start <= at < end if start < end else at >= start or at < end


def slide_at(slides: Sequence[Slide], at: datetime) -> int:
    """Return which of some slides, at least one, shows at an instant: they go round by the clock, on all alike."""
    position = int(at.timestamp()) % sum(slide.seconds for slide in slides)
    for index, slide in enumerate(slides):
        position -= slide.seconds
        if position < 0:
            return index
    raise AssertionError("a position within the loop lies in one of its slides")
