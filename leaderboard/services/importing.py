"""Importing events from a file: well-formed rows are stored, and what they touch is scored."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import Refused
from leaderboard.domain.event_templates import EventTemplate
from leaderboard.domain.inbound import (
    COLUMNS,
    LONGEST_TEXT,
    REQUIRED,
    EventReader,
    InboundEvent,
    RowError,
    TimeReader,
    checked_source,
)
from leaderboard.domain.mapping import EventMapping
from leaderboard.domain.shown import quoted, shown
from leaderboard.domain.time_formats import ISO
from leaderboard.services.naming import Names, event_warnings
from leaderboard.services.reading import FileRow, JsonLines, Table, refuse_repeated
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scoring import Scoring, no_garbage_collection, score_what_is_due
from leaderboard.services.sheets import Rows, Sampled, fitted, open_rows
from leaderboard.storage import events, imports, trail
from leaderboard.storage.bulk import roomy
from leaderboard.storage.database import all_or_nothing
from leaderboard.storage.events import event_row

ROWS_A_BATCH = 20_000
MOST_KEPT = 1_000  # refusals and warnings kept for the report; all are counted


class Refusal(NamedTuple):
    """A row that was refused: where, what it said, and why."""

    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        if not self.column:
            return f"line {self.line}: {self.reason}"
        return f"line {self.line}, column {self.column}: {quoted(self.value)} {self.reason}"


@dataclass
class ImportReport:
    """What became of a file: its rows read and refused, its events new and duplicate.

    points_posted: ledger rows that scoring posted. anomalies: `to` events before every `from` (C6).
    corrections: attainments of closed months that came out otherwise (P5).
    """

    read: int = 0
    new: int = 0
    duplicate: int = 0
    refused: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    warned: int = 0
    created_members: int = 0
    created_teams: int = 0
    points_posted: int = 0
    corrections: int = 0
    anomalies: int = 0
    first_anomalies: list[str] = field(default_factory=list)
    is_dry_run: bool = False

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Its rows read, events new and duplicate, and rows refused."""
        return self.read, self.new, self.duplicate, self.refused

    def warn(self, line: int, text: str) -> None:
        """Note something that the reader of the report should know; the row is taken."""
        self.warned += 1
        if len(self.warnings) < MOST_KEPT:
            self.warnings.append(f"line {line}: {text}")


@dataclass(frozen=True)
class ImportOptions:
    """How to import. time_format: how the times of this file are written, where the mapping does not know.

    create_members: the side on which unknown members are created, or None; create_hint: how to ask for that.

    keep_header, keep_refused: told of the header and of each refused row as they stand in the file, with
    their line's end, to write the file that people mend.
    progress: told of work done: "read" with lines, "score" with subjects of a known total.
    """

    source: str | None = None
    mapping: EventMapping | None = None
    time_format: str | None = None
    create_members: str | None = None
    create_hint: str = ", or give --create-members"
    is_dry_run: bool = False
    is_json: bool = False
    file_name: str = ""
    keep_header: Callable[[bytes], None] = lambda _raw: None
    keep_refused: Callable[[bytes, Refusal], None] = lambda _raw, _refusal: None
    progress: Callable[[str, int, int], None] = lambda _stage, _done, _total: None

    @property
    def source_name(self) -> str:
        """Where the events come from, under whose name their ids are unique."""
        return self.source or (self.mapping and self.mapping.source) or "file"


def import_events(
    session: Session, stream: BinaryIO, options: ImportOptions, *, now: datetime, by: Actor
) -> ImportReport:
    """Import events, score what they touch, and report (design section 4).

    A bad row is refused alone. The same event id again in one source is a duplicate and is skipped.
    A dry run reports the same and changes nothing. Raises Refused if the file as a whole cannot be read;
    then nothing of it is stored.
    """
    with all_or_nothing(session):
        with no_garbage_collection(), roomy(session.connection()):
            report = _import(session, stream, options, now, by)
            _note(session, report, options, now, by)
        if options.is_dry_run:
            session.rollback()
    return report


def _note(session: Session, report: ImportReport, options: ImportOptions, now: datetime, by: Actor) -> None:
    about = f"file {options.file_name}" if options.file_name else f"source {options.source_name}"
    trail.note(session.connection(), by, "events.imported", about, at=now, after=counts_told(report))


def counts_told(report: ImportReport) -> str:
    """Return the counts of a report in one line."""
    counts = (f"{report.read} rows", f"{report.new} new", f"{report.duplicate} duplicate", f"{report.refused} refused")
    return "; ".join(counts)


def _import(session: Session, stream: BinaryIO, options: ImportOptions, now: datetime, by: Actor) -> ImportReport:
    connection = session.connection()
    book = rule_book(connection)
    report = ImportReport(is_dry_run=options.is_dry_run)
    names = Names(session, book, options.create_members, options.create_hint)
    last_id = events.last_event_id(connection)
    source = checked_source(options.source_name)
    rows = FileEvents(stream, options, source, book, names, report, now).read()
    while batch := list(islice(rows, ROWS_A_BATCH)):
        new = events.insert_events(connection, batch)
        report.new += new
        report.duplicate += len(batch) - new
        options.progress("read", report.read, 0)
    names.store_memberships()
    report.created_members, report.created_teams = names.created_members, names.created_teams
    new_ids = (last_id + 1, events.last_event_id(connection)) if report.new else None
    import_id = imports.begin_import(connection, source, options.file_name, now, by.name)
    imports.count_import(connection, import_id, report.counts, new_ids)
    touched = events.subjects_after(connection, last_id)
    scoring = Scoring(session, now, has_new_rules=names.has_created)
    if names.created:
        scoring.months.welcome(names.first_month)
    scoring.score(touched, lambda done: options.progress("score", done, len(touched)), scored_up_to=last_id)
    report.points_posted = score_what_is_due(scoring)
    report.corrections = scoring.poster.corrections
    report.anomalies, report.first_anomalies = scoring.anomalies, scoring.first_anomalies
    return report


Resolved = tuple[Any, ...]
"""An event as it is stored: events.COLUMNS."""


class FileEvents:
    """The events of a file, row by row; a row is taken whole or refused whole."""

    def __init__(
        self,
        stream: BinaryIO,
        options: ImportOptions,
        source: str,
        book: RuleBook,
        names: Names,
        report: ImportReport,
        now: datetime,
    ) -> None:
        self.options = options
        self.source = source
        self.names = names
        self.report = report
        self.now = now
        self.line = 0
        self.organisation = book.rules.organisation
        mapping = options.mapping
        if mapping and options.time_format:
            mapping = mapping.with_time_format(options.time_format)
        self.opened = open_rows(stream, options.file_name, mapping, is_json=options.is_json)
        self.table: Rows | Sampled = self.opened
        self.header = mapping.renamed(self.table.header) if mapping else self.table.header
        self.mapping = mapping and mapping.for_header(self.header)
        # Where each of our columns stands in their rows; the place past the end holds the empty text.
        places = {name: place for place, name in enumerate(self.header)}
        self._is_ours = tuple(self.header) == COLUMNS
        self._ours = itemgetter(*(places.get(name, len(self.header)) for name in COLUMNS))

    def _reader(self) -> EventReader:
        zone = (self.mapping and self.mapping.time_zone) or self.organisation.zone
        formats = self.mapping.all_time_formats if self.mapping else (ISO,)
        return EventReader(self.organisation.currency, TimeReader(zone, formats, self._warn))

    def _warn(self, text: str) -> None:
        self.report.warn(self.line, text)

    def read(self) -> Iterator[Resolved]:
        """Yield the events, their members and teams by id; refusals go to the report."""
        for found in self.by_rows():
            yield from found

    def by_rows(self, skipped: int = 0) -> Iterator[list[Resolved]]:
        """Yield the events of each row, none of a refused one; so many rows at the beginning are passed over."""
        self.check()
        if not skipped:
            self._warn_of_file()
        if self.mapping:
            self.table, self.mapping = fitted(self.opened, self.header, self.mapping)
        self.reader = self._reader()
        self.options.keep_header(self.table.raw_header)
        for row in islice(self.table.rows(), skipped, None):
            self.report.read += 1
            self.line = row.line
            try:
                found = self._events(row)
            except RowError as error:
                self._refuse(Refusal(row.line, error.column, _cut(error.value), error.reason))
                found = []
            yield found

    def check(self) -> None:
        """Refuse a file whose columns are not those that are read."""
        if self.mapping and isinstance(self.opened, JsonLines):
            raise Refused("A mapping reads CSV; JSON lines hold events under the names of our columns already.")
        if not isinstance(self.opened, JsonLines):
            refuse_repeated(self.header, self.mapping.reads if self.mapping else COLUMNS)
            self._check_header(self.header)

    def _check_header(self, header: list[str]) -> None:
        needed = sorted(self.mapping.columns) if self.mapping else REQUIRED
        missing = [name for name in needed if name not in header]
        if missing:
            what = f"the columns are {','.join(COLUMNS)}"
            if self.mapping:
                there = ", ".join(shown(name) for name in self.table.header[:30])
                what = f"the mapping reads it, and the file has {there}"
            raise Refused(f"line 1: column {shown(missing[0])} is missing; {what}{self._separated_by()}.")

    def _warn_of_file(self) -> None:
        strangers = () if self.mapping or isinstance(self.opened, JsonLines) else self.header
        for name in strangers:
            if name and name not in COLUMNS:
                self.report.warn(1, f"column {quoted(name)} is not known and is passed over")
        for note in self.table.notes:
            self.report.warn(1, note)

    def _separated_by(self) -> str:
        """Return a hint for a file that was read as one column."""
        if len(self.header) > 1 or not isinstance(self.opened, Table):
            return ""
        return f", and the file was read as one column: separate the cells by {quoted(self.opened.delimiter)}"

    def _events(self, row: FileRow) -> list[Resolved]:
        if self.mapping and self.mapping.has_footer and sum(map(bool, row.cells)) == 1 < len(self.header):
            return []  # a spreadsheet fills such a row up with empty cells
        if row.problem is not None:
            raise RowError("", "", row.problem)
        if self.mapping is None:
            cells = list(map(str.strip, row.cells))
            read = [self.reader.read(cells if self._is_ours else self._ours([*cells, ""]))]
        else:
            theirs = dict(zip(self.header, row.cells, strict=True))
            read = [self._mapped(template, ours) for template, ours in self.mapping.rows(theirs)]
        self.names.check(read)
        return [self._resolved(each) for each in read]

    def _mapped(self, template: EventTemplate, ours: dict[str, str]) -> InboundEvent:
        """Return the event of a mapped row; a fault is told with where the mapping took the text from."""
        try:
            return self.reader.read([ours.get(name, "") for name in COLUMNS])
        except RowError as error:
            reason = f"{error.reason} (the mapping says {template.origin(error.column)})"
            raise RowError(error.column, error.value, reason) from None

    def _resolved(self, event: InboundEvent) -> Resolved:
        """Find an event's member and team; warn if it will not count as one would think."""
        if event.occurred_at > self.now or event.type == "task.assigned":
            for warning in event_warnings(event, self.now):
                self._warn(warning)
        return event_row(self.source, event, *self.names.resolve(event))

    def _refuse(self, refusal: Refusal) -> None:
        self.report.refused += 1
        self.options.keep_refused(self.table.raw(), refusal)
        if len(self.report.refusals) < MOST_KEPT:
            self.report.refusals.append(refusal)


def _cut(value: str) -> str:
    """Return a value as the report keeps it: a cell may be as long as the report itself."""
    return value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT] + "…"
