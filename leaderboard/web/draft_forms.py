"""Forms of a draft: what was filled in becomes tables of the agreement's file, and the other way round."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import NumberFormatError, format_decimal, parse_decimal
from flask_babel import get_locale
from werkzeug.datastructures import MultiDict

from leaderboard.domain.toml_table import LONGEST_KEY
from leaderboard.web.event_words import event_words, events_in_order

KINDS = ("response_time", "count", "sum", "rate_of_sla", "rate_of_events", "completion")
EVENT_FIELDS = {
    "response_time": ("from", "to", "pause", "resume", "void_by"),
    "count": ("of",),
    "sum": ("of",),
    "rate_of_events": ("of", "in"),
}
WITH_DEADLINE = ("response_time", "completion")
UNITS = ("m", "h", "d")
PLACES = 5
FIGURES = re.compile(r"[0-9.,'\s]{1,40}")
Filled = MultiDict[str, str]


def kind_of(entry: Mapping[str, Any]) -> str:
    """Return which of KINDS an SLA's table measures."""
    measure = entry["measure"]
    if measure["kind"] != "rate":
        return str(measure["kind"])
    return "rate_of_sla" if "of_sla" in measure else "rate_of_events"


def entry_of_form(part: str, filled: Filled, taken: Collection[str]) -> dict[str, Any]:
    """Return the entry of a part that was filled in. taken: the keys of the others."""
    if part == "definitions":
        return definition_of(filled)
    return sla_of(filled, taken) if part == "sla" else bonus_of(filled, taken)


def blank(part: str, kind: str) -> Filled:
    """Return what the form of a new entry shows. kind: what an SLA is to measure."""
    if part == "definitions":
        return MultiDict()
    if part == "bonus":
        return MultiDict({"period": "quarter", "participant": "team", "tie": "split", "divide": "equally"})
    return MultiDict({"kind": kind, "participant": "member", "clock": "working", "credit": "owner"})


def sla_choices(types: Iterable[str], filled: Filled) -> dict[str, Any]:
    """Return what the form of an SLA lets one choose from. types: the event types that are known or were seen."""
    kind = filled.get("kind", "")
    ticked = {field: set(filled.getlist(field)) for field in EVENT_FIELDS.get(kind, ())}
    named = [(each, event_words(each)) for each in events_in_order(types)]
    return {"kind": kind if kind in KINDS else "", "kinds": KINDS, "types": named, "ticked": ticked}


def definition_of(filled: Filled) -> dict[str, Any]:
    """Return the definition that was filled in."""
    return {"word": filled.get("word", "").strip(), "meaning": filled.get("meaning", "").strip()}


def head_of(filled: Filled) -> dict[str, Any]:
    """Return the table [agreement] that was filled in, but for its first day."""
    head: dict[str, Any] = {"title": filled.get("title", "").strip()}
    if filled.get("review_every_months", "").strip():
        head["review_every_months"] = _whole(filled["review_every_months"])
    return head


def sla_of(filled: Filled, taken: Collection[str]) -> dict[str, Any]:
    """Return the SLA's table that was filled in; without a key it gets one from its title, which is not taken."""
    kind, title = filled.get("kind", ""), filled.get("title", "").strip()
    is_monthly = kind not in WITH_DEADLINE
    targets = {name: _target(filled, name, kind) for name in ("met", "exceeded")}
    points = {name: _whole(filled.get(f"{name}_points", "")) for name in ("met", "exceeded")}
    return {
        "key": filled.get("key", "").strip() or new_key(title, taken),
        "title": title,
        "side": filled.get("side", ""),
        "participant": filled.get("participant", ""),
        "measure": _measure(filled, kind),
        "levels": {name: target for name, target in targets.items() if target != ""},
        "points": {
            "per": "month" if is_monthly else "occurrence",
            **{name: each for name, each in points.items() if each != ""},
        },
        **_remind(filled, kind),
    }


def bonus_of(filled: Filled, taken: Collection[str]) -> dict[str, Any]:
    """Return the bonus's table that was filled in; without a key it gets one from what it is for."""
    title = "-".join(filled.get(name, "") for name in ("period", "participant", "side"))
    bonus: dict[str, Any] = {"key": filled.get("key", "").strip() or new_key(title, taken)}
    bonus |= {name: filled.get(name, "") for name in ("period", "participant")}
    given = [each.strip() for each in filled.getlist("place") if each.strip()]
    prizes = [each.strip() for each in filled.getlist("prize") if each.strip()]
    if given:
        bonus["places"] = [_plain(each) for each in given]
    if prizes:
        bonus["prizes"] = prizes
    bonus |= {name: filled[name] for name in ("side", "tie", "divide") if filled.get(name)}
    return bonus


def filled_of(part: str, entry: Mapping[str, Any]) -> Filled:
    """Return what the form shows of a definition, an SLA or a bonus: what the readers above read it from."""
    if part == "definitions":
        return MultiDict(entry)
    return _filled_sla(entry) if part == "sla" else _filled_bonus(entry)


def filled_head(head: Mapping[str, Any]) -> Filled:
    """Return what the form shows of the head."""
    return MultiDict({name: str(value) for name, value in head.items()})


def new_key(title: str, taken: Collection[str]) -> str:
    """Return a key made of a title that none of the others has."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    stem = "-".join(re.findall("[a-z0-9]+", plain))[: LONGEST_KEY - 4].strip("-") or "sla"
    numbered = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(taken) + 2))
    return next(each for each in numbered if each not in taken)


def types_of(filled: Filled, field: str) -> list[str]:
    """Return the event types that are ticked for a field or written beside it, each once."""
    written = re.split(r"[\s,;]+", filled.get(f"{field}_more", ""))
    return list(dict.fromkeys(each for each in [*filled.getlist(field), *written] if each))


def _measure(filled: Filled, kind: str) -> dict[str, Any]:
    measure: dict[str, Any] = {"kind": kind.split("_of_")[0]}
    for field in EVENT_FIELDS.get(kind, ()):
        types = types_of(filled, field)
        if types or field in ("from", "to", "of", "in"):
            measure[field] = types
    if kind == "response_time":
        measure["void_within"] = _duration(filled, "void_within") or "14d"
        measure |= {name: filled.get(name, "") for name in ("clock", "credit")}
    if kind == "rate_of_sla":
        measure["of_sla"] = filled.get("of_sla", "")
    if kind.startswith("rate") and filled.get("at_least", "").strip():
        measure["at_least"] = _whole(filled["at_least"])
    return measure


def _target(filled: Filled, name: str, kind: str) -> Any:
    """Return a target as the file has it; what is no number stays as it was typed, for the reader to refuse."""
    text = filled.get(name, "").strip()
    if not text:
        return ""
    if kind in ("response_time", "completion"):
        return _duration(filled, name)
    if kind == "count":
        return _whole(text)
    return _plain(text) if kind == "sum" else _share(text)


def _remind(filled: Filled, kind: str) -> dict[str, str]:
    """Return how long before the deadline to remind, where that was filled in for what has one."""
    remind = "" if kind not in WITH_DEADLINE else _duration(filled, "remind")
    return {"remind": remind} if remind else {}


def _duration(filled: Filled, name: str) -> str:
    text = filled.get(name, "").strip()
    return f"{text}{filled.get(f'{name}_unit', '')}" if text else ""


def _whole(text: str) -> int | str:
    plain = _plain(text)
    return int(plain) if plain.isdecimal() and plain.isascii() and len(plain) <= 18 else plain


def _share(text: str) -> Decimal | str:
    try:
        return (Decimal(_plain(text.removesuffix("%").strip())) / 100).normalize() + 0
    except InvalidOperation:
        return text


def _plain(text: str) -> str:
    """Return a number written as in the reader's language in the way of files; other texts as they are."""
    text = text.strip()
    if not FIGURES.fullmatch(text):
        return text
    try:
        return f"{parse_decimal(text, locale=get_locale(), strict=True):f}"
    except NumberFormatError:
        return text


def _shown(value: int | Decimal) -> str:
    return format_decimal(value, "0.######", locale=get_locale())


def _filled_sla(entry: Mapping[str, Any]) -> Filled:
    kind, measure = kind_of(entry), entry["measure"]
    filled: Filled = MultiDict({name: entry[name] for name in ("key", "title", "side", "participant")})
    filled["kind"] = kind
    for field in EVENT_FIELDS.get(kind, ()):
        filled.setlist(field, measure.get(field, []))
    for name in ("clock", "credit", "of_sla", "at_least"):
        if name in measure:
            filled[name] = str(measure[name])
    if kind == "response_time":
        _fill_duration(filled, "void_within", measure["void_within"])
    for name, target in entry["levels"].items():
        _fill_target(filled, name, kind, target)
    if "remind" in entry:
        _fill_duration(filled, "remind", entry["remind"])
    for name in ("met", "exceeded"):
        filled[f"{name}_points"] = str(entry["points"].get(name, entry["points"]["met"]))
    return filled


def _fill_target(filled: Filled, name: str, kind: str, target: Any) -> None:
    if kind in ("response_time", "completion"):
        _fill_duration(filled, name, target)
    elif kind == "count":
        filled[name] = str(target)
    else:
        filled[name] = _shown(Decimal(target) if kind == "sum" else target * 100)


def _fill_duration(filled: Filled, name: str, text: str) -> None:
    filled[name], filled[f"{name}_unit"] = text[:-1], text[-1]


def _filled_bonus(entry: Mapping[str, Any]) -> Filled:
    filled: Filled = MultiDict({name: entry[name] for name in ("key", "period", "participant", "tie", "divide")})
    filled["side"] = entry.get("side", "")
    filled.setlist("place", [_shown(Decimal(each)) for each in entry.get("places", ())])
    filled.setlist("prize", list(entry.get("prizes", ())))
    return filled


def rows_of(filled: Filled, name: str) -> list[str]:
    """Return the lines of a list that a form shows: what is filled in, and room for more."""
    given: Iterable[str] = [each for each in filled.getlist(name) if each.strip()]
    return [*given, *[""] * max(PLACES - len(list(given)), 1)]
