"""Compares two agreements: what is new, what is gone, and what changed from what to what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from leaderboard.domain.agreement import Agreement, BonusProgramme, Sla


class Change(NamedTuple):
    """A value that changed. what: its name, such as `met` or `measure.credit`."""

    what: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Entry:
    """A definition, SLA or bonus of either agreement. before, after: as each has it, None where it has none."""

    key: str
    before: Any
    after: Any
    changes: tuple[Change, ...] = ()

    @property
    def status(self) -> str:
        """What became of it: new, gone, changed or same."""
        if self.before is None:
            return "new"
        if self.after is None:
            return "gone"
        return "changed" if self.changes else "same"


@dataclass(frozen=True)
class Comparison:
    """What differs between two agreements, in the order of the later one; what is gone comes last.

    reordered: which of definitions, slas and bonuses have what both agreements hold in another order.
    """

    head: tuple[Change, ...]
    definitions: tuple[Entry, ...]
    slas: tuple[Entry, ...]
    bonuses: tuple[Entry, ...]
    reordered: tuple[str, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All of definitions, SLAs and bonuses."""
        return (*self.definitions, *self.slas, *self.bonuses)

    @property
    def is_same(self) -> bool:
        """Whether the two say the same, in the same order."""
        return not self.head and not self.reordered and all(each.status == "same" for each in self.entries)

    def count(self, status: str) -> int:
        """Return how many entries are new, gone, changed or same."""
        return sum(each.status == status for each in self.entries)


def compare(before: Agreement, after: Agreement) -> Comparison:
    """Return what differs between two agreements."""
    head = ("title", "effective_from", "review_every_months")
    parts = {
        "definitions": (before.definitions, after.definitions),
        "slas": (_by_key(before.slas), _by_key(after.slas)),
        "bonuses": (_by_key(before.bonuses), _by_key(after.bonuses)),
    }
    entries = {name: tuple(_entries(*sides)) for name, sides in parts.items()}
    reordered = tuple(name for name, (old, new) in parts.items() if _common(old, new) != _common(new, old))
    changes = _changes({each: getattr(before, each) for each in head}, {each: getattr(after, each) for each in head})
    return Comparison(changes, entries["definitions"], entries["slas"], entries["bonuses"], reordered)


def _by_key(each: Iterable[Any]) -> dict[str, Any]:
    return {one.key: one for one in each}


def _common(these: Iterable[str], those: Mapping[str, Any]) -> Sequence[str]:
    return [key for key in these if key in those]


def _entries(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[Entry]:
    for key, new in after.items():
        old = before.get(key)
        yield Entry(key, old, new, () if old is None else _changes(_values(old), _values(new)))
    yield from (Entry(key, old, None) for key, old in before.items() if key not in after)


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what differs; where it is measured otherwise, the measure as a whole."""
    if before.get("measure") != after.get("measure"):
        before, after = _without_details(before), _without_details(after)
    names = dict.fromkeys((*after, *before))
    pairs = ((name, before.get(name), after.get(name)) for name in names)
    return tuple(Change(name, old, new) for name, old, new in pairs if old != new)


def _without_details(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not name.startswith("measure.")}


def _values(entry: Any) -> dict[str, Any]:
    """Return the values of an entry by name; of a measure its type, and each of its details."""
    if isinstance(entry, Sla):
        details = {f"measure.{each.name}": getattr(entry.measure, each.name) for each in fields(entry.measure)}
        return {
            "title": entry.title,
            "side": entry.side,
            "participant": entry.participant,
            "measure": type(entry.measure).__name__,
            **details,
            "met": entry.levels.met,
            "exceeded": entry.levels.exceeded,
            "met_points": entry.met_points,
            "exceeded_points": entry.exceeded_points,
            "remind": entry.remind,
        }
    if isinstance(entry, BonusProgramme):
        return {each.name: getattr(entry, each.name) for each in fields(entry) if each.name != "key"}
    return {"meaning": entry}
