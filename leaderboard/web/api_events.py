"""Events from programs: in batches, each row answered."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from leaderboard.domain.inbound import COLUMNS
from leaderboard.domain.shown import shown
from leaderboard.services.intake import MOST_ROWS, Outcome, RowResult, take_events
from leaderboard.web.api_answers import EventResult, EventsTaken
from leaderboard.web.api_bodies import JSON, LINES, json_of, lines_of, text_of
from leaderboard.web.api_models import SOURCE, EventsQuery
from leaderboard.web.api_operations import Answer, Call, operation
from leaderboard.web.api_problems import Problem
from leaderboard.web.patterns import matches

SOURCE_UNSAID = "api"
LONGEST_SHOWN = 100
MOST_UNKNOWN = 5
OURS = frozenset(COLUMNS)


@operation(
    "POST",
    "/events",
    tag="events",
    scope="events:write",
    query=EventsQuery,
    takes={JSON: "EventsSent", LINES: "EventLines"},
    answer=EventsTaken,
)
def send_events(call: Call) -> Answer:
    """Send events, up to 1,000 at a time.

    A batch is a JSON array of events, an object with `events` and `source`, or lines of JSON (`application/x-ndjson`).
    It is one transaction: when the answer comes, what is `new` is on disk and scored. Each row is answered in its
    place; a refused row keeps none of the others out. Send a batch again whenever the answer did not come: what is
    stored already is a `duplicate`, known by `event_id` and `source`. Fields that are not known are passed over with a
    warning.
    """
    rows, source = _batch(call)
    results, texts, places = _read(rows)
    for place, result in zip(places, take_events(call.session, texts, source=source, now=call.now), strict=True):
        results[place] = result
    told = [_told(number, row, results[number - 1]) for number, row in enumerate(rows, 1)]
    counts = {outcome: sum(each.outcome == outcome for each in told) for outcome in ("new", "duplicate", "refused")}
    return EventsTaken(**counts, results=told)


def _batch(call: Call) -> tuple[list[dict[str, Any]], str]:
    """Return the rows and the source of a batch; Problem for what is none."""
    text, source = text_of(call.body), call.query.source
    if call.media_type == LINES:
        sent = lines_of(text, MOST_ROWS)
    else:
        sent = json_of(text)
        if isinstance(sent, dict):
            sent, source = _of_object(sent, source)
    if not isinstance(sent, list):
        raise Problem("malformed", 'The body is no batch; send an array of events, or {"events": […]}.')
    if not 1 <= len(sent) <= MOST_ROWS:
        raise Problem("malformed", f"The batch has {len(sent):,} rows; send 1 to {MOST_ROWS:,}.")
    for number, row in enumerate(sent, 1):
        if not isinstance(row, dict):
            raise Problem("malformed", f"Row {number} is not an object; send an object for each event.")
    return sent, source or SOURCE_UNSAID


def _of_object(sent: dict[str, Any], asked: str | None) -> tuple[Any, str | None]:
    if unknown := sorted(sent.keys() - {"events", "source"}):
        raise Problem("malformed", f"The batch has a field {shown(unknown[0])}; it may have events and source.")
    if "events" not in sent:
        raise Problem("malformed", 'The batch has no events; send {"events": […]}.')
    source = sent.get("source", asked)
    if source is not None and not (isinstance(source, str) and matches(SOURCE, source)):
        raise Problem("malformed", "The source is no name; give 1 to 100 letters, digits, blanks and . _ : / @ + -")
    if "source" in sent and source is None:
        raise Problem("malformed", "The source is null; leave it out, or give a name.")
    return sent["events"], source


def _read(rows: Sequence[dict[str, Any]]) -> tuple[list[Any], list[dict[str, str]], list[int]]:
    """Return the results of the rows that cannot be read, the texts of the others, and where these stand."""
    results: list[Any] = [None] * len(rows)
    texts, places = [], []
    for place, row in enumerate(rows):
        read = {name: _text(row[name]) for name in COLUMNS if name in row}
        odd = next((name for name, text in read.items() if text is None), None)
        if odd is not None:
            reason = "is neither a text nor a number; send one of these"
            results[place] = RowResult(Outcome.REFUSED, odd, shown(row[odd], LONGEST_SHOWN), reason)
            continue
        texts.append({name: text for name, text in read.items() if text is not None})
        places.append(place)
    return results, texts, places


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return None
    return str(value) if isinstance(value, int) else f"{value:f}" if isinstance(value, Decimal) else None


def _told(number: int, row: dict[str, Any], result: RowResult) -> EventResult:
    is_refused = result.outcome is Outcome.REFUSED
    warnings = list(result.warnings)
    if not is_refused and row.keys() - OURS:
        unknown = [name for name in row if name not in OURS][:MOST_UNKNOWN]
        warnings += [f"{shown(name)} is not a field of events and is passed over" for name in unknown]
    event_id = row.get("event_id")
    about = (result.column, shown(result.value, LONGEST_SHOWN), result.reason) if is_refused else (None, None, None)
    told: Any = dict(zip(("column", "value", "reason"), about, strict=True))
    shown_id = "" if event_id is None else shown(event_id, 400)
    told |= {"row": number, "event_id": shown_id, "outcome": result.outcome.value}
    return EventResult(**told, warnings=warnings)
