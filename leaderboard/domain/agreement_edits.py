"""Edits of an agreement's tables, one definition, SLA or bonus at a time; whether it still is one, its reader tells."""

from collections.abc import Mapping
from typing import Any

from leaderboard.domain.agreement_text import Document
from leaderboard.domain.errors import AgreementRefused
from leaderboard.domain.shown import quoted
from leaderboard.domain.toml_table import LONGEST_TEXT, Problem, Where, is_text

PARTS = ("definitions", "sla", "bonus")


def keys_of(document: Mapping[str, Any], part: str) -> list[str]:
    """Return the keys of a part's entries, in their order: of a definition its word."""
    if part == "definitions":
        return list(document[part])
    return [each["key"] for each in document[part]]


def entry_of(document: Mapping[str, Any], part: str, key: str) -> dict[str, Any] | None:
    """Return the entry with a key, None if there is none; a definition as its word and meaning."""
    if part == "definitions":
        return {"word": key, "meaning": document[part][key]} if key in document[part] else None
    return next((each for each in document[part] if each["key"] == key), None)


def put(document: Document, part: str, key: str | None, entry: Mapping[str, Any]) -> None:
    """Put an entry in the place of the one with a key, or after all others; its own key may be another.

    Rates of an SLA that gets another key follow it. Raises AgreementRefused for a definition that is blank, or whose
    word another one has.
    """
    if part == "definitions":
        _define(document, key, entry["word"], entry["meaning"])
        return
    entries = document[part]
    place = len(entries) if key is None else keys_of(document, part).index(key)
    entries[place : place + 1] = [dict(entry)]
    if part == "sla" and key is not None and entry["key"] != key:
        for each in entries:
            if each["measure"].get("of_sla") == key:
                each["measure"] = {**each["measure"], "of_sla": entry["key"]}


def remove(document: Document, part: str, key: str) -> None:
    """Take an entry out."""
    if part == "definitions":
        del document[part][key]
    else:
        document[part] = [each for each in document[part] if each["key"] != key]


def move(document: Document, part: str, key: str, by: int) -> None:
    """Move an entry by so many places, up if negative; at the end of the list it stays."""
    order = keys_of(document, part)
    place = order.index(key)
    order.insert(min(max(place + by, 0), len(order) - 1), order.pop(place))
    if part == "definitions":
        document[part] = {each: document[part][each] for each in order}
    else:
        document[part].sort(key=lambda each: order.index(each["key"]))


def add_missing(document: Document, other: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Add what another agreement has and this one has not, by key; return what was added as part and key."""
    added = []
    for part in PARTS:
        known = set(keys_of(document, part))
        for key in keys_of(other, part):
            if key not in known:
                put(document, part, None, entry_of(other, part, key) or {})
                added.append((part, key))
    return added


def _define(document: Document, old: str | None, word: str, meaning: str) -> None:
    definitions, problems = document["definitions"], []
    if not is_text(word):
        expected = f"a text of at most {LONGEST_TEXT} characters on one line"
        problems.append(_problem("word", "missing", f"the word is missing; expected {expected}."))
    elif word != old and word in definitions:
        problems.append(_problem("word", "twice", f"{quoted(word)} stands twice; define each word once."))
    if not meaning.strip():
        problems.append(_problem("meaning", "missing", "the meaning is missing; expected a text."))
    if problems:
        raise AgreementRefused(problems)
    document["definitions"] = {
        (word if each == old else each): (meaning if each == old else text) for each, text in definitions.items()
    } | ({} if old is not None else {word: meaning})


def _problem(field: str, why: str, what: str) -> str:
    return Problem.at(Where("definitions"), field, why, f"definitions: {what}")
