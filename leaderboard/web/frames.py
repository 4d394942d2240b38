"""What a stream carries: fragments as lines, what changed between two of them, and how events are written.

A page that is open holds the lines of what it shows. A change is sent as the few lines that differ, so that a point for
one person costs some hundred bytes and not a whole board.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

TAG_LENGTH = 24
Change = tuple[int, int, list[str]]
"""From which line on, how many lines go, and the lines that come in their place."""


class Frame(NamedTuple):
    """A fragment as a stream knows it. tag: changes with its text."""

    tag: str
    lines: list[str]


def frame_of(html: str) -> Frame:
    """Return a fragment's frame."""
    return Frame(tag_of(html), html.split("\n"))


def tag_of(html: str) -> str:
    """Return what tells a fragment from others."""
    return hashlib.sha256(html.encode()).hexdigest()[:TAG_LENGTH]


def changes_between(before: Sequence[str], after: Sequence[str]) -> list[Change]:
    """Return what turns some lines into others; applied from the last to the first, each finds its place."""
    start, most = 0, min(len(before), len(after))
    while start < most and before[start] == after[start]:
        start += 1
    end = 0
    while end < most - start and before[-1 - end] == after[-1 - end]:
        end += 1
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    codes = SequenceMatcher(None, old, new, autojunk=len(old) > 200).get_opcodes()
    return [(start + a, b - a, list(new[c:d])) for kind, a, b, c, d in codes if kind != "equal"]


def whole(frame: Frame) -> bytes:
    """Return the event that brings a fragment."""
    return event("frame", {"tag": frame.tag, "lines": frame.lines})


def patch(before: Frame, after: Frame) -> bytes:
    """Return the event that turns one fragment into another."""
    changes = changes_between(before.lines, after.lines)
    return event("patch", {"from": before.tag, "tag": after.tag, "patch": changes})


def event(name: str, data: Mapping[str, Any]) -> bytes:
    """Return an event as text/event-stream writes it (WHATWG HTML, 9.2); its data is one line of JSON."""
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'), ensure_ascii=False)}\n\n".encode()
