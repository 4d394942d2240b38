"""Where a page of a list begins: below an id that its address names."""

from flask import abort, request

LONGEST_ID = 18  # digits that every database takes
LONGEST_PAGE = 6  # digits


def older_than() -> int | None:
    """Return the id that `before` in the address names, None if there is none; 400 for what is no id."""
    text = request.args.get("before", "")
    if not text:
        return None
    return int(text) if is_id(text) else abort(400)


def is_id(text: str) -> bool:
    """Tell whether a text is a number that an id can have."""
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID


def page_number() -> int:
    """Return the page that the address asks for, from 1; 400 for what is none."""
    text = request.args.get("page", "1")
    return int(text) if is_page(text) else abort(400)


def is_page(text: str) -> bool:
    """Tell whether a text is the number of a page, from 1."""
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_PAGE and int(text) > 0
