"""What CRMs send by webhook: a body becomes flat rows of texts, by names that a mapping can use.

Names within are joined by dots, places of a list count from 0: `properties.owner.0.id`. Numbers stay as they are
written, true and false are these words, null is empty.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from leaderboard.domain.errors import Refused
from leaderboard.domain.shown import shown

MOST_BYTES = 1024 * 1024
MOST_DEPTH = 32
MOST_ROWS = 1_000
MOST_COLUMNS = 1_000  # of one row
LONGEST_NAME = 400
NOTHING: Any = object()
HUBSPOT_OBJECTS = {"0-1": "contact", "0-2": "company", "0-3": "deal", "0-5": "ticket", "0-136": "lead"}
PIPEDRIVE_ACTIONS = {"added": "create", "updated": "change", "deleted": "delete"}  # of version 1, as version 2 says


class PayloadRefused(Refused):
    """A body that cannot be read. status: what HTTP calls it, 400, 413 or 422."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


class Payload(NamedTuple):
    """A body as it was read. key: the sender's own name for this delivery, the same when it comes again, None for none.

    organisation: whose Salesforce it is; is_soap: it wants an answer in XML.
    """

    rows: Sequence[Mapping[str, str]]
    key: str | None = None
    organisation: str = ""
    is_soap: bool = False


def read_payload(kind: str, body: bytes) -> Payload:
    """Return what a body of a kind of hook says; PayloadRefused."""
    if len(body) > MOST_BYTES:
        raise PayloadRefused(f"The body is larger than {MOST_BYTES:,} bytes; send less at a time.", 413)
    if kind == "salesforce" and body.lstrip()[:1] == b"<":
        return _soap(body)
    return READERS[kind](_json(body))


def _hubspot(found: Any) -> Payload:
    rows = _rows(found)
    for row in rows:
        thing, _, what = row.get("subscriptionType", "").partition(".")
        row["event"] = (
            f"{HUBSPOT_OBJECTS.get(row.get('objectTypeId', ''), thing) if thing == 'object' else thing}.{what}"
        )
    names = ("portalId", "eventId", "subscriptionId", "objectId", "occurredAt", "propertyName", "propertyValue")
    return Payload(rows, _digest(["\0".join(row.get(name, "") for name in names) for row in rows]))


def _salesforce(found: Any) -> Payload:
    rows = _rows(found)
    return Payload(rows, organisation=rows[0].get("OrganizationId", "") if rows else "")


def _odoo(found: Any) -> Payload:
    return Payload(_rows(found))


def _pipedrive(found: Any) -> Payload:
    """Read version 2, and version 1 as if it were that: `current` is called `data`, and an owner `owner_id`."""
    rows = _rows(found)
    for row in rows:
        for name in [each for each in row if each.startswith("current.")]:
            row["data." + name.removeprefix("current.")] = row[name]
        action, entity = row.get("meta.action", ""), row.get("meta.entity") or row.get("meta.object", "")
        row["event"] = f"{entity}.{PIPEDRIVE_ACTIONS.get(action, action)}"
        for part in ("data", "previous"):
            row.setdefault(f"{part}.owner_id", row.get(f"{part}.user_id") or row.get(f"{part}.user_id.id", ""))
    names = ("event", "meta.webhook_id", "meta.id", "meta.timestamp", "meta.timestamp_micro")
    return Payload(rows, _digest(["\0".join(row.get(name, "") for name in names) for row in rows]))


def _generic(found: Any) -> Payload:
    """Read any JSON: an object is a row, a list has one each, and `events` alone holds such a list."""
    only = found.get("events") if isinstance(found, dict) and len(found) == 1 else None
    return Payload(_rows(only if isinstance(only, list) else found))


READERS = {
    "hubspot": _hubspot,
    "salesforce": _salesforce,
    "odoo": _odoo,
    "pipedrive": _pipedrive,
    "generic": _generic,
}


def _digest(texts: Sequence[str]) -> str | None:
    """Return one name for several things, whatever their order; None for nothing."""
    if not texts:
        return None
    content = "\n".join(sorted(texts)).encode("utf-8", "surrogatepass")
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"), parse_int=str, parse_float=str, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise PayloadRefused(f"Byte {error.start + 1:,} of the body is not UTF-8; send JSON as UTF-8.") from None
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        raise PayloadRefused(f"The body is not JSON: {error.msg} at character {error.pos + 1:,}.") from None
    except ValueError as error:
        raise PayloadRefused(f"The body is not JSON: {shown(error)}.") from None


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _too_deep() -> PayloadRefused:
    return PayloadRefused(f"The body is nested deeper than {MOST_DEPTH} levels; send it flatter.", 422)


def _rows(found: Any) -> list[dict[str, str]]:
    """Return the rows of a list of objects, or of one object."""
    objects = found if isinstance(found, list) else [found]
    if len(objects) > MOST_ROWS:
        raise PayloadRefused(f"The body holds more than {MOST_ROWS:,} rows; send fewer at a time.", 422)
    for number, each in enumerate(objects, 1):
        if not isinstance(each, dict):
            raise PayloadRefused(f"Row {number:,} of the body is not a JSON object; send objects.", 422)
    return [_flat(each) for each in objects]


def _flat(found: Mapping[str, Any]) -> dict[str, str]:
    row: dict[str, str] = {}
    for name, text in _cells(found, "", 2):
        _add(row, name, text)
    return row


def _add(row: dict[str, str], name: str, text: str) -> None:
    if len(name) > LONGEST_NAME:
        raise PayloadRefused(f"A name in the body is longer than {LONGEST_NAME} characters; send shorter ones.", 422)
    if len(row) == MOST_COLUMNS:
        raise PayloadRefused(f"A row of the body holds more than {MOST_COLUMNS:,} values; send fewer.", 422)
    row[fit(name)] = fit(text)


def _cells(found: Any, name: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield name and text of all that is within, depth first. depth: of what is within, the body's own being 1."""
    if not isinstance(found, dict | list):
        yield name, _text(found)
        return
    if depth > MOST_DEPTH + 1:
        raise _too_deep()
    for key, value in found.items() if isinstance(found, dict) else enumerate(found):
        if len(name) > LONGEST_NAME:
            yield name, ""  # said to be too long, before it is made longer once for each value within
        yield from _cells(value, f"{name}.{key}" if name else str(key), depth + 1)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def fit(text: str) -> str:
    """Return a text that can be stored: what cannot, NUL and halves of characters, is replaced."""
    if text.isprintable():
        return text
    return "".join("\ufffd" if each == "\0" or "\ud800" <= each <= "\udfff" else each for each in text)


class _Builder(TreeBuilder):
    """Builds a tree that is not too deep."""

    depth = 0

    def start(self, tag: Any, attrs: Any) -> Element:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise _too_deep()
        return super().start(tag, attrs)

    def end(self, tag: Any) -> Element:
        self.depth -= 1
        return super().end(tag)


def _soap(body: bytes) -> Payload:
    """Read an outbound message of Salesforce: a row for each notification, its fields by their own names."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise PayloadRefused(f"Byte {error.start + 1:,} of the body is not UTF-8; send XML as UTF-8.") from None
    found = [each for each in _xml(body).iter() if _local(each) == "notifications"]
    if len(found) != 1:
        raise PayloadRefused("The body is no outbound message of Salesforce: it holds no notifications.", 422)
    head = {_local(each): fit(each.text or "") for each in found[0] if _local(each) in ("OrganizationId", "ActionId")}
    notifications = [each for each in found[0] if _local(each) == "Notification"]
    if len(notifications) > MOST_ROWS:
        raise PayloadRefused(f"The body holds more than {MOST_ROWS:,} notifications; send fewer at a time.", 422)
    rows = [{**head, **_notification(each)} for each in notifications]
    key = _digest([row["notification"] for row in rows])
    return Payload(rows, key, head.get("OrganizationId", ""), is_soap=True)


def _xml(body: bytes) -> Element:
    parser = XMLParser(target=_Builder(), forbid_dtd=True)
    try:
        parser.feed(body)
        root: Element = parser.close()
    except ParseError as error:
        raise PayloadRefused(f"The body is not XML: {shown(error)}.") from None
    except (DefusedXmlException, LookupError, ValueError):
        raise PayloadRefused(
            "The body is XML of a kind that is not taken: it declares types, entities or an odd encoding."
        ) from None
    return root


def _notification(found: Element) -> dict[str, str]:
    row = {"notification": "", "object": ""}
    for part in found:
        if _local(part) == "Id":
            row["notification"] = fit(part.text or "")
        elif _local(part) == "sObject":
            kind = next((value for name, value in part.attrib.items() if name.endswith("}type")), "")
            row["object"] = fit(kind.rpartition(":")[2])
            for name, text in _fields(part, ""):
                _add(row, name, text)
    return row


def _fields(found: Element, before: str) -> Iterator[tuple[str, str]]:
    for each in found:
        name = f"{before}{_local(each)}"
        if len(each) and len(name) <= LONGEST_NAME:
            yield from _fields(each, f"{name}.")
        else:
            yield name, (each.text or "").strip()


def _local(found: Element) -> str:
    return str(found.tag).rpartition("}")[2]
