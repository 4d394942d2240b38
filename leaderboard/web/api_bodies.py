"""Bodies of requests: read whole within a limit, and strictly; what is ambiguous or cannot be stored is refused."""

import json
import math
from collections import Counter
from decimal import Decimal
from typing import Any

from flask import current_app, request
from werkzeug.exceptions import ClientDisconnected

from leaderboard.domain.shown import quoted, shown
from leaderboard.web.api_problems import Problem

MOST_BYTES = 2 * 1024 * 1024
JSON, LINES, TOML = "application/json", "application/x-ndjson", "application/toml"
SMALLEST_EXPONENT = -400  # far below what a double can be


def body_of(types: tuple[str, ...]) -> tuple[str, bytes]:
    """Return the media type and bytes of the request's body; Problem for another type, and for what is too large."""
    if request.mimetype not in types or request.mimetype_params.get("charset", "utf-8").lower() not in (
        "utf-8",
        "utf8",
    ):
        raise Problem(
            "wrong-type", f"The Content-Type is {quoted(request.content_type or '')}; send {' or '.join(types)}."
        )
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Problem(
            "wrong-type", "The body is compressed; send it as it is.", headers={"Accept-Encoding": "identity"}
        )
    request.max_content_length = min(MOST_BYTES, current_app.config["MAX_CONTENT_LENGTH"])
    try:
        return request.mimetype, request.get_data(cache=False)
    except ClientDisconnected:
        raise Problem("timeout", "The body ended before its Content-Length; send it again.") from None


def text_of(data: bytes) -> str:
    """Return a body's text; Problem for what is not UTF-8, or begins with a byte order mark."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Problem("malformed", f"The body is not UTF-8 at byte {error.start}; send UTF-8.") from None
    if text.startswith("\ufeff"):
        raise Problem("malformed", "The body begins with a byte order mark; leave it out.")
    return text


def json_of(text: str, where: str = "The body") -> Any:
    """Return what a JSON text says, numbers with a point as Decimals.

    Problem for what is no JSON, a name that stands twice in an object, numbers that are none or beyond a double's
    range, and what is nested too deeply. where: what the problem calls it.
    """
    try:
        return json.loads(text, parse_float=_number, parse_constant=_no_number, object_pairs_hook=_once_each)
    except RecursionError:
        raise Problem("malformed", f"{where} is nested too deeply; send flat objects.") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, character {error.colno}"
        raise Problem("malformed", f"{where} is not JSON: {error.msg} at {place}.") from None
    except (ValueError, ArithmeticError) as error:
        raise Problem("malformed", f"{where} is not JSON that can be read: {shown(error, 200)}.") from None


def lines_of(text: str, most: int) -> list[Any]:
    """Return what the lines of a body say, each a JSON text; blank ones are passed over. Problem for more than most."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip(" \t\r"):
            found.append(json_of(line, f"Line {number}"))
        if len(found) > most:
            raise Problem("malformed", f"There are more than {most:,} lines; send them in batches.")
    return found


def _number(text: str) -> Decimal:
    if not math.isfinite(float(text)):
        raise ValueError(f"{shown(text)} is beyond the range of numbers")
    found = Decimal(text)
    if found.adjusted() < SMALLEST_EXPONENT:
        raise ValueError(f"{shown(text)} is beyond the range of numbers")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, number in Counter(name for name, _ in pairs).items() if number > 1)
        raise ValueError(f"{quoted(twice)} stands twice in an object; write each name once")
    return found
