"""What others are told of by webhook, and in which forms: ours, Slack's, Microsoft Teams'.

What people wrote, such as names, stands only where the receiver takes it literally: nobody is called with @channel,
and no link leads elsewhere.
"""

from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

PERIOD_CLOSED, BADGE_AWARDED, BONUS_APPROVED, LEAD_FALLING_DUE = KINDS = (
    "period.closed",
    "badge.awarded",
    "bonus.approved",
    "lead.falling_due",
)
TEST = "test"
JSON, SLACK, TEAMS = FORMATS = ("json", "slack", "teams")
VERSION = 1  # of our own form: a field may be added to it, and none changes
LONGEST_HEADER = 150  # of Slack's header block
LONGEST_SECTION = 3_000  # of its section block
LONGEST_LINE = 1_000
SLACK_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class Told(NamedTuple):
    """An announcement in words. url: the page that says more, "" for none; open: what the link to it is called."""

    title: str
    lines: tuple[str, ...]
    url: str
    open: str


def delivery_id(target_id: int, occasion: str) -> str:
    """Return by what a target knows a message again: a UUID, the same for each try."""
    return str(uuid5(NAMESPACE_URL, f"sla-leaderboard:{target_id}:{occasion}"))


def slack_message(told: Told) -> dict[str, Any]:
    """Return an announcement as Slack's incoming webhooks take it (Block Kit)."""
    lines = "\n".join(line[:LONGEST_LINE] for line in told.lines)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _slack_text(told.title, LONGEST_HEADER)},
        *([{"type": "section", "text": _slack_text(lines, LONGEST_SECTION)}] if lines else []),
    ]
    if told.url:
        link = f"<{slack_escaped(told.url, LONGEST_SECTION)}|{slack_escaped(told.open, LONGEST_HEADER)}>"
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": link, "verbatim": True}})
    return {"text": slack_escaped(told.title, LONGEST_SECTION), "mrkdwn": False, "blocks": blocks}


def _slack_text(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": slack_escaped(text, most), "emoji": False}


def slack_escaped(text: str, most: int) -> str:
    """Return a text as Slack takes it literally, cut to so many characters but never within an escape."""
    escaped = [SLACK_ESCAPES.get(each, each) for each in text]
    if sum(map(len, escaped)) <= most:
        return "".join(escaped)
    kept, length = [], 0
    for each in escaped:
        length += len(each)
        if length >= most:
            break
        kept.append(each)
    return "".join(kept) + "…"


def teams_message(told: Told) -> dict[str, Any]:
    """Return an announcement as a Teams workflow takes it: an Adaptive Card in a message.

    Its texts are runs of rich text, in which Teams reads no Markdown.
    """
    title = {"type": "TextRun", "text": told.title[:LONGEST_LINE], "weight": "Bolder", "size": "Medium"}
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "RichTextBlock", "inlines": [title]},
            *(
                {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": line[:LONGEST_LINE]}]}
                for line in told.lines
            ),
        ],
    }
    if told.url:
        card["actions"] = [{"type": "Action.OpenUrl", "title": told.open, "url": told.url}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}
