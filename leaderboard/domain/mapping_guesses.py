"""What the columns of an unknown file probably mean: where somebody begins who maps them by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from leaderboard.domain.mapping_forms import made_id
from leaderboard.domain.time_guesses import guess_amounts, guess_formats

RECEIVED = "lead.received"  # what a time is that no name tells the meaning of
MOST_TIMES, MOST_LOOKED_AT = 4, 100  # columns
# What is in a column's name, whatever its case: in English, Portuguese, Spanish, French and German.
SUBJECTS = ("record id", "lead id", "deal id", "opportunity id", "mql_id", "number", "nº", "número", "código", "lead",
            "id")  # fmt: skip
MEMBERS = ("owner", "assigned to", "assignee", "salesperson", "responsible", "rep", "agent", "user", "vendedor",
           "responsável", "proprietário", "responsable", "besitzer", "verantwortlich", "propriétaire")  # fmt: skip
AMOUNTS = ("amount", "value", "revenue", "valor", "importe", "montant", "betrag")
TYPES = (
    ("lead.disposed", ("dispos", "closed", "close date", "resolved", "fech", "cerrad")),
    ("lead.converted", ("convert",)),
    ("lead.qualified", ("qualif",)),
    ("opportunity.won", ("won", "ganh", "ganad")),
    ("opportunity.lost", ("lost", "perd")),
    ("lead.followed_up", ("contact", "activity", "follow", "call", "atend")),
    ("lead.assigned", ("assign", "atribu", "asign")),
)


def guess_mapping(header: Sequence[str], columns: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the tables of a mapping that is a first guess. columns: the texts of each column, "" where it is empty."""
    formats = {name: guess_formats(columns[name]) for name in header[:MOST_LOOKED_AT] if columns.get(name)}
    times = [name for name in formats if formats[name] and not _names(name, ("phone", "zip", "id"))][:MOST_TIMES]
    shared = [each for each in (formats[times[0]] if times else []) if all(each in formats[name] for name in times)]
    subject, member, amount = (_named(header, words) for words in (SUBJECTS, MEMBERS, AMOUNTS))
    guessed = [_event(name, subject, member, columns) for name in times] or [_event("", subject, member, columns)]
    # A lead comes in once: a second time that no name tells the meaning of, such as a target, gives no event.
    first = next((each for each in guessed if each["type"] == RECEIVED), None)
    events = [each for each in guessed if each["type"] != RECEIVED or each is first]
    document: dict[str, Any] = {"time_format": shared[0]} if shared and shared[0] != "iso" else {}
    if amount and (marks := guess_amounts(columns.get(amount, ()))):
        for event in events:
            if event["type"].startswith("opportunity."):
                event["amount"] = f"{{{amount}}}"
        if any("amount" in event for event in events) and marks != (".", ""):
            document |= {"decimal_mark": marks[0]} | ({"thousands_mark": marks[1]} if marks[1] else {})
    return {**document, "event": events}


def _event(time: str, subject: str, member: str, columns: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    kind = next((each for each, words in TYPES if time and _names(time, words)), RECEIVED)
    texts = {"type": kind, "subject": subject, "occurred_at": time, "member": member}
    event: dict[str, Any] = {"type": kind, "event_id": ""}
    event |= {name: f"{{{text}}}" for name, text in texts.items() if text and name != "type"}
    event["event_id"] = made_id(event)
    if time and not all(columns.get(time, ())):
        event["when"] = {time: "*"}
    return event


def _named(header: Sequence[str], words: Sequence[str]) -> str:
    """Return the column whose name is one of the words or, failing that, has one in it; "" for none."""
    plain = {name: name.lower().replace("_", " ").strip() for name in header if name and not set("{}") & set(name)}
    for word in words:
        if found := next((name for name, text in plain.items() if text == word.replace("_", " ")), ""):
            return found
    return next((name for word in words for name, text in plain.items() if word in text.split()), "")


def _names(column: str, words: Sequence[str]) -> bool:
    text = column.lower().replace("_", " ")
    return any(word in text.split() if len(word) < 3 else word in text for word in words)
