"""What the first rows of a file would become: the events, what is refused and why, and whom nobody knows."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from sqlalchemy.orm import Session

from leaderboard.domain.errors import Refused
from leaderboard.domain.inbound import checked_source
from leaderboard.domain.instants import from_micros
from leaderboard.domain.mapping import parse_mapping
from leaderboard.services.importing import FileEvents, ImportOptions, ImportReport, Refusal, Resolved
from leaderboard.services.rules import rule_book
from leaderboard.services.scouting import ScoutNames
from leaderboard.services.upload_starting import Choice
from leaderboard.services.upload_streams import open_upload
from leaderboard.storage.uploads import UploadRow

ROWS_TRIED = 300
ROWS_SHOWN = 8
MOST_UNKNOWN = 50


class ShownEvent(NamedTuple):
    """An event as it would be stored. is_unknown: nobody knows its member or team yet."""

    type: str
    occurred_at: datetime
    subject: str
    member: str
    team: str
    outcome: str | None
    amount_minor: int | None
    due_at: datetime | None
    is_unknown: bool


class ShownRow(NamedTuple):
    """A row and what it gives: events, or why it is refused, or neither."""

    line: int
    events: tuple[ShownEvent, ...]
    refusal: Refusal | None


@dataclass(frozen=True)
class Preview:
    """What the first rows would become. unknown_rows: how many name an unknown; fault: why none can be read."""

    rows: tuple[ShownRow, ...] = ()
    tried: int = 0
    events: int = 0
    refusals: tuple[Refusal, ...] = ()
    refused: int = 0
    warnings: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    unknown_rows: int = 0
    fault: str | None = None


def preview(session: Session, upload: UploadRow, choice: Choice, *, now: datetime) -> Preview:
    """Return what the first rows of a file would become by a choice; nothing is stored, and nothing raised."""
    try:
        return _preview(session, upload, choice, now)
    except Refused as error:
        return Preview(fault=str(error))


def _preview(session: Session, upload: UploadRow, choice: Choice, now: datetime) -> Preview:
    mapping = None if choice.mapping is None else parse_mapping(choice.mapping)
    _place, stream = open_upload(session, upload)
    report = ImportReport()
    options = ImportOptions(source=choice.source, mapping=mapping, file_name=upload.file_name)
    book = rule_book(session.connection())
    names = ScoutNames(session, book, choice.create_members or "sales")  # whom nobody knows is told of, not refused
    source = checked_source(options.source_name)
    table = FileEvents(stream, options, source, book, names, report, now)
    shown: list[ShownRow] = []
    events = unknown_rows = 0
    for found in islice(table.by_rows(), ROWS_TRIED):
        events += len(found)
        unknown_rows += any(map(_is_unknown, found))
        if len(shown) < ROWS_SHOWN:
            refusal = report.refusals[-1] if report.refusals and report.refusals[-1].line == table.line else None
            shown.append(ShownRow(table.line, tuple(map(_Shown(names).event, found)), refusal))
    unknown = (*names.found, *names.teams_found)[:MOST_UNKNOWN]
    refusals, warnings = tuple(report.refusals[:ROWS_SHOWN]), tuple(report.warnings[:ROWS_SHOWN])
    return Preview(tuple(shown), report.read, events, refusals, report.refused, warnings, unknown, unknown_rows)


def _is_unknown(row: Resolved) -> bool:
    *_event, member_id, team_id, _outcome, _amount, _due = row
    return min(member_id or 0, team_id or 0) < 0


class _Shown:
    """Tells events by names instead of numbers."""

    def __init__(self, names: ScoutNames) -> None:
        self._members = {member_id: key for key, member_id in names.members.items()}
        self._members |= {member_id: name for member_id, (_key, name) in names.book.members.items()}
        self._teams = {team_id: name for name, team_id in names.teams.items()}

    def event(self, row: Resolved) -> ShownEvent:
        _source, _id, at, kind, subject, member_id, team_id, outcome, amount, due = row
        member, team = self._members.get(member_id, ""), self._teams.get(team_id, "")
        due_at = None if due is None else from_micros(due)
        return ShownEvent(kind, from_micros(at), subject, member, team, outcome, amount, due_at, _is_unknown(row))
