"""How stored rows differ from what they should be, in words."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def row_differences(
    kind: str,
    stored: Iterable[Any],
    expected: Iterable[Any],
    name: Callable[[Any], str],
    worth: Callable[[Any], str],
) -> Iterator[str]:
    """Yield one sentence for each row that is missing, that differs, or that has no ground.

    stored, expected: named tuples of one kind, matched by their `identity`. name, worth: what tells a row, and what
    it comes to.
    """
    left = {each.identity: each for each in stored}
    for each in expected:
        found = left.pop(each.identity, None)
        if found is None:
            yield f"{kind} missing: {name(each)} should be {worth(each)}."
        elif found != each:
            yield f"{kind} differs: {name(each)}: {field_differences(found, each)}."
    for each in left.values():
        yield f"{kind} without ground: {name(each)} is {worth(each)}."


def field_differences(stored: Any, expected: Any) -> str:
    """Return which fields of two named tuples of one kind differ, and what each is and should be."""
    return "; ".join(
        f"{name} is {getattr(stored, name)}, should be {getattr(expected, name)}"
        for name in stored._fields
        if getattr(stored, name) != getattr(expected, name)
    )
