"""Pages of lists for programs: each names the next one by a cursor that says nothing to anybody but us."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import request

from leaderboard.web.api_problems import Problem

USUAL_LIMIT, MOST_LIMIT = 100, 500
LONGEST_CURSOR = 2_000
MOST_INTEGER = 2**63


def place_of(cursor: str | None, shape: tuple[type, ...], filters: Mapping[str, Any]) -> Any:
    """Return where a page begins: of one value itself, of several a list; None for the first.

    shape: the types of its values. filters: what the list was asked for. Problem for a cursor that is of no such list.
    """
    if cursor is None:
        return None
    try:
        digest, *place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        digest, place = None, []
    is_whole = len(place) == len(shape) and all(map(_is_of, place, shape))
    if digest != _digest(filters) or not is_whole:
        raise Problem("not-found", "This cursor leads to no page of this list; begin again without one.")
    return place if len(shape) > 1 else place[0]


def _is_of(value: Any, kind: type[Any]) -> bool:
    if type(value) is not kind:
        return False
    return value.isprintable() if isinstance(value, str) else -MOST_INTEGER <= value < MOST_INTEGER


def address_of_next(place: Any, filters: Mapping[str, Any], limit: int) -> str | None:
    """Return the address of the page that begins at a place; None for none."""
    if place is None:
        return None
    values = list(place) if isinstance(place, list | tuple) else [place]
    told = json.dumps([_digest(filters), *values], separators=(",", ":")).encode()
    cursor = base64.urlsafe_b64encode(told).decode().rstrip("=")
    asked = {name: value for name, value in filters.items() if value is not None}
    return f"{request.path}?{urlencode({**asked, 'limit': limit, 'cursor': cursor})}"


def _digest(filters: Mapping[str, Any]) -> str:
    told = json.dumps([request.path, sorted((name, value) for name, value in filters.items() if value is not None)])
    return hashlib.sha256(told.encode()).hexdigest()[:12]
