"""How a stored row differs from what it should be, in words."""

from typing import Any


def field_differences(stored: Any, expected: Any) -> str:
    """Return which fields of two named tuples of one kind differ, and what each is and should be."""
    return "; ".join(
        f"{name} is {getattr(stored, name)}, should be {getattr(expected, name)}"
        for name in stored._fields
        if getattr(stored, name) != getattr(expected, name)
    )
