"""What a target is sent of an announcement: people named as they want to be shown, in its form and language."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from leaderboard.domain.announcements import (
    JSON,
    LEAD_FALLING_DUE,
    SLACK,
    TEAMS,
    VERSION,
    Told,
    delivery_id,
    slack_message,
    teams_message,
)
from leaderboard.domain.displays import shown_name
from leaderboard.domain.money import format_amount
from leaderboard.services.display_names import Choices, read_choices
from leaderboard.services.means import Means
from leaderboard.services.rules import RuleBook, known_rules

UNNAMED_WITHOUT = (LEAD_FALLING_DUE,)  # tells something also where nobody is named
TOO_LATE = "It fell due before it could be sent."
NOT_SHOWN = "It is about somebody who chose not to be shown."
GONE = "It is about somebody, or a team, who is not there any more."


@dataclass(frozen=True)
class News:
    """An announcement to be sent. occasion: names it; document: the facts, with ids of members and teams."""

    kind: str
    occasion: str
    at: datetime
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Message:
    """What goes out. delivery: its id; body: what is sent; drop: why nothing is sent, None to send it."""

    kind: str
    delivery: str
    body: bytes = b""
    drop: str | None = None


class Naming:
    """Names members and teams for one target. is_public: as displays do, in channels that many read."""

    def __init__(self, book: RuleBook | None, choices: Choices, *, is_public: bool) -> None:
        self._book, self._choices, self._is_public = book, choices, is_public

    def name_of(self, facts: Mapping[str, Any]) -> str | None:
        """Return the name of the member or team of some facts; None for nobody, or who is not to be shown."""
        member, team = facts.get("member"), facts.get("team")
        if self._book is None:
            return None
        if member is not None:
            return self._member(member)
        found = self._book.rules.teams.get(team) if team is not None else None
        return None if found is None else found.name

    def in_full(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return facts with keys and names in place of ids, as other programs are told them."""
        named = dict(facts)
        members, teams = (self._book.members, self._book.rules.teams) if self._book else ({}, {})
        if (member := facts.get("member")) is not None:
            key, name = members.get(member, (None, None))
            named["member"] = {"key": key, "name": name}
        if (team := facts.get("team")) is not None:
            known = teams.get(team)
            named["team"] = {"name": known and known.name, "side": known and known.side}
        return named

    def _member(self, member_id: int) -> str | None:
        found = self._book.members.get(member_id) if self._book else None
        if found is None or not self._is_public:
            return found and found[1]
        if member_id in self._choices.hidden:
            return None
        return self._choices.nicknames.get(member_id) or shown_name(found[1], None, "full")


def message_for(connection: Connection, means: Means, target: Any, news: News, *, now: datetime) -> Message:
    """Return what a target is sent. target: with id, format, language and has_amounts. Refused without words."""
    message = Message(news.kind, delivery_id(target.id, news.occasion))
    due_at = news.document.get("due_at")
    if news.kind == LEAD_FALLING_DUE and due_at and datetime.fromisoformat(due_at) <= now:
        return replace(message, drop=TOO_LATE)
    book = known_rules(connection)
    naming = Naming(book, read_choices(connection), is_public=target.format != JSON)
    document = dict(news.document)
    if not target.has_amounts:
        document.pop("amount_minor", None)
    name = naming.name_of(document)
    if name is None and news.kind not in UNNAMED_WITHOUT and {"member", "team"} & {*document}:
        return replace(message, drop=NOT_SHOWN if document.get("member") in (book.members if book else ()) else GONE)
    told = _told(means, news.kind, _facts(naming, document, name), target.language)
    chat = {SLACK: slack_message, TEAMS: teams_message}.get(target.format)
    content = chat(told) if chat else _ours(message, news, naming, document, told, book)
    return replace(message, body=json.dumps(content, ensure_ascii=False).encode())


def _facts(naming: Naming, document: Mapping[str, Any], name: str | None) -> dict[str, Any]:
    """Return what the words are made of: documents with names and instants, as templates take them."""
    winners = [(each, naming.name_of(each)) for each in document.get("winners", ())]
    first = {
        scope: [{"name": named, "points": each.get("points")} for each, named in winners if named and scope in each]
        for scope in ("member", "team")
    }
    due_at = document.get("due_at")
    return {
        **dict.fromkeys(("amount_minor", "currency", "prize", "subject", "title", "period", "badge"), None),
        **document,
        "name": name,
        "is_of_team": "team" in document,
        "reps": first["member"],
        "teams": first["team"],
        "due_at": datetime.fromisoformat(due_at) if due_at else None,
    }


def _told(means: Means, kind: str, facts: Mapping[str, Any], language: str) -> Told:
    filled = means.wording.fill(f"announcements/{kind.replace('.', '_')}.txt", facts, language=language)
    words = json.loads(filled)
    return Told(words["title"], tuple(line for line in words["lines"] if line), words["url"], words["open"])


def _ours(
    message: Message, news: News, naming: Naming, document: Mapping[str, Any], told: Told, book: RuleBook | None
) -> dict[str, Any]:
    """Return our own form (docs/webhooks-out.md)."""
    data = naming.in_full(document)
    if "winners" in data:
        data["winners"] = [naming.in_full(each) for each in data["winners"]]
    if data.get("amount_minor") is not None:
        data["amount"] = format_amount(data["amount_minor"], data["currency"])
    return {
        "version": VERSION,
        "id": message.delivery,
        "kind": news.kind,
        "at": news.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "organisation": book.rules.organisation.name if book else None,
        "text": told.title,
        "url": told.url or None,
        "data": data,
    }
