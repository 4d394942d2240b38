"""Importing events from a file: well-formed rows are stored, and what they touch is scored."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.anonymous import PREFIX, fingerprint
from leaderboard.domain.errors import Refused
from leaderboard.domain.inbound import COLUMNS, LONGEST_TEXT, REQUIRED, EventReader, InboundEvent, RowError, TimeReader
from leaderboard.domain.mapping import EventMapping, EventTemplate
from leaderboard.domain.people import Membership, is_email
from leaderboard.domain.periods import Month
from leaderboard.domain.shown import has_controls, quoted, shown
from leaderboard.domain.time_formats import ISO
from leaderboard.services.reading import FileRow, JsonLines, Table
from leaderboard.services.rules import RuleBook, rule_book
from leaderboard.services.scoring import Scoring, no_garbage_collection, score_what_is_due
from leaderboard.storage import accounts, events, people, trail
from leaderboard.storage.bulk import roomy
from leaderboard.storage.database import all_or_nothing, to_micros

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

    def warn(self, line: int, text: str) -> None:
        """Note something that the reader of the report should know; the row is taken."""
        self.warned += 1
        if len(self.warnings) < MOST_KEPT:
            self.warnings.append(f"line {line}: {text}")


@dataclass(frozen=True)
class ImportOptions:
    """How to import. create_members: the side on which unknown members are created, or None.

    keep_header, keep_refused: told of the header and of each refused row as they stand in the file, with
    their line's end, to write the file that people mend.
    progress: told of work done: "read" with lines, "score" with subjects of a known total.
    """

    source: str | None = None
    mapping: EventMapping | None = None
    create_members: str | None = None
    is_dry_run: bool = False
    is_json: bool = False
    file_name: str = ""
    keep_header: Callable[[bytes], None] = lambda _raw: None
    keep_refused: Callable[[bytes, Refusal], None] = lambda _raw, _refusal: None
    progress: Callable[[str, int, int], None] = lambda _stage, _done, _total: None


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
            report = _import(session, stream, options, now)
            _note(session, report, options, now, by)
        if options.is_dry_run:
            session.rollback()
    return report


def _note(session: Session, report: ImportReport, options: ImportOptions, now: datetime, by: Actor) -> None:
    counts = (f"{report.read} rows", f"{report.new} new", f"{report.duplicate} duplicate", f"{report.refused} refused")
    about = f"file {options.file_name}" if options.file_name else f"source {_source(options)}"
    trail.note(session.connection(), by, "events.imported", about, at=now, after="; ".join(counts))


def _import(session: Session, stream: BinaryIO, options: ImportOptions, now: datetime) -> ImportReport:
    connection = session.connection()
    book = rule_book(connection)
    report = ImportReport(is_dry_run=options.is_dry_run)
    names = _Names(session, book, options.create_members, report)
    last_id = events.last_event_id(connection)
    source = _source(options)
    rows = _FileEvents(stream, options, source, book, names, report, now).read()
    while batch := list(islice(rows, ROWS_A_BATCH)):
        new = events.insert_events(connection, batch)
        report.new += new
        report.duplicate += len(batch) - new
        options.progress("read", report.read, 0)
    names.store_memberships()
    counts = (report.read, report.new, report.duplicate, report.refused)
    new_ids = (last_id + 1, events.last_event_id(connection)) if report.new else None
    events.note_import(connection, source, options.file_name, now, *counts, new_ids)
    touched = events.subjects_after(connection, last_id)
    scoring = Scoring(session, now, has_new_rules=names.has_created)
    if names.created:
        scoring.months.welcome(names.first_month)
    scoring.score(touched, lambda done: options.progress("score", done, len(touched)), scored_up_to=last_id)
    report.points_posted = score_what_is_due(scoring)
    report.corrections = scoring.poster.corrections
    report.anomalies, report.first_anomalies = scoring.anomalies, scoring.first_anomalies
    return report


def _source(options: ImportOptions) -> str:
    source = options.source or (options.mapping and options.mapping.source) or "file"
    if len(source) > LONGEST_TEXT or has_controls(source):
        raise Refused(f"The source {quoted(source)} is not a name; give one line of at most {LONGEST_TEXT} characters.")
    return source


_Resolved = tuple[Any, ...]
"""An event as it is stored: events.COLUMNS."""


class _FileEvents:
    """The events of a file, row by row; a row is taken whole or refused whole."""

    def __init__(
        self,
        stream: BinaryIO,
        options: ImportOptions,
        source: str,
        book: RuleBook,
        names: "_Names",
        report: ImportReport,
        now: datetime,
    ) -> None:
        self.options = options
        self.source = source
        self.names = names
        self.report = report
        self.now = now
        self.line = 0
        organisation = book.rules.organisation
        mapping = options.mapping
        zone = (mapping and mapping.time_zone) or organisation.zone
        time = TimeReader(zone, mapping.time_formats if mapping else (ISO,), self._warn)
        self.reader = EventReader(organisation.currency, time)
        self.table = JsonLines(stream) if options.is_json else Table(stream, mapping.delimiter if mapping else None)
        self.header = self.table.header
        self.mapping = mapping and mapping.for_header(self.header)
        # Where each of our columns stands in their rows; the place past the end holds the empty text.
        places = {name: place for place, name in enumerate(self.header)}
        self._is_ours = tuple(self.header) == COLUMNS
        self._ours = itemgetter(*(places.get(name, len(self.header)) for name in COLUMNS))

    def _warn(self, text: str) -> None:
        self.report.warn(self.line, text)

    def read(self) -> Iterator[_Resolved]:
        """Yield the events, their members and teams by id; refusals go to the report."""
        if self.mapping and not isinstance(self.table, Table):
            raise Refused("A mapping reads CSV; JSON lines hold events under the names of our columns already.")
        if isinstance(self.table, Table):
            self.table.refuse_repeated(self.mapping.columns if self.mapping else COLUMNS)
            self._check_header(self.header)
        self.options.keep_header(self.table.raw_header)
        for row in self.table.rows():
            self.report.read += 1
            self.line = row.line
            try:
                found = self._events(row)
            except RowError as error:
                self._refuse(Refusal(row.line, error.column, _cut(error.value), error.reason))
                continue
            yield from found

    def _check_header(self, header: list[str]) -> None:
        needed = sorted(self.mapping.columns) if self.mapping else REQUIRED
        missing = [name for name in needed if name not in header]
        if missing:
            what = f"the columns are {','.join(COLUMNS)}"
            if self.mapping:
                what = f"the mapping reads it, and the file has {', '.join(shown(name) for name in header[:30])}"
            raise Refused(f"line 1: column {shown(missing[0])} is missing; {what}{self._separated_by()}.")
        if not self.mapping:
            for name in header:
                if name and name not in COLUMNS:
                    self.report.warn(1, f"column {quoted(name)} is not known and is passed over")

    def _separated_by(self) -> str:
        """Return a hint for a file that was read as one column."""
        if len(self.header) > 1 or not isinstance(self.table, Table):
            return ""
        return f", and the file was read as one column: separate the cells by {quoted(self.table.delimiter)}"

    def _events(self, row: FileRow) -> list[_Resolved]:
        if self.mapping and self.mapping.has_footer and len(row.cells) == 1 < len(self.header):
            return []
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

    def _resolved(self, event: InboundEvent) -> _Resolved:
        """Find an event's member and team; warn if it will not count as one would think."""
        if event.occurred_at > self.now:
            self._warn(f"{event.occurred_at.isoformat()} lies in the future; the event counts from then on")
        if event.type == "task.assigned" and event.due_at is None:
            self._warn("task.assigned without due_at is never due, so completing it earns nothing")
        event_id, at, event_type, subject, _, _, outcome, amount, due_at = event
        member_id, team_id = self.names.resolve(event)
        due = None if due_at is None else to_micros(due_at)
        return self.source, event_id, to_micros(at), event_type, subject, member_id, team_id, outcome, amount, due

    def _refuse(self, refusal: Refusal) -> None:
        self.report.refused += 1
        self.options.keep_refused(self.table.raw(), refusal)
        if len(self.report.refusals) < MOST_KEPT:
            self.report.refusals.append(refusal)


def _cut(value: str) -> str:
    """Return a value as the report keeps it: a cell may be as long as the report itself."""
    return value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT] + "…"


class _Created(NamedTuple):
    """Where a new member begins: the earliest event that names them decides."""

    first: datetime
    team: str


class _Names:
    """Finds the members and teams that a file names, and creates them if that is asked for."""

    def __init__(self, session: Session, book: RuleBook, side: str | None, report: ImportReport) -> None:
        self.connection = session.connection()
        self.book = book
        self.side = side
        self.report = report
        self.members = people.external_ids(self.connection)
        self.gone = {known: member_id for known, member_id in self.members.items() if known.startswith(PREFIX)}
        kept = ((key, member_id) for member_id, (key, _) in book.members.items() if member_id not in book.anonymised)
        self.members = {known: member_id for known, member_id in self.members.items() if known not in self.gone}
        self.members.update(kept)
        self.teams = {team.name: team.id for team in book.rules.teams.values()}
        self.created: dict[int, _Created] = {}

    @property
    def has_created(self) -> bool:
        """Whether the rules have changed by it."""
        return bool(self.report.created_members or self.report.created_teams)

    @property
    def first_month(self) -> Month:
        """The earliest month in which a new member stands."""
        return self.book.rules.months.month_of(min(each.first for each in self.created.values()))

    def check(self, events: Iterable[InboundEvent]) -> None:
        """Refuse a row by RowError, before anything of it is created, that names what must not be a name."""
        for event in events if self.side is not None else ():
            for column, name in (("member", event.member), ("team", event.team)):
                if has_controls(name):
                    raise RowError(column, name, "holds a control character; remove it")

    def resolve(self, event: InboundEvent) -> tuple[int | None, int | None]:
        """Return the ids of an event's member and team; RowError for unknown ones that are not to be created."""
        team_id = self._team(event.team) if event.team else None
        if not event.member:
            return None, team_id
        member_id = self.members.get(event.member)
        if member_id is None and "@" in event.member:  # e-mails are the same in any case, ids are not
            member_id = self.members.get(event.member.lower())
        if member_id is None and self.gone and fingerprint(event.member) in self.gone:
            raise RowError(
                "member", event.member, "is somebody who was made anonymous; take what names them out of the file"
            )
        if member_id is None:
            member_id = self._create(event)
        if member_id in self.created:
            self._begin(member_id, event)
        return member_id, team_id

    def _team(self, name: str) -> int:
        team_id = self.teams.get(name)
        if team_id is None:
            if self.side is None:
                raise RowError("team", name, "is not a known team; load it with its people, or give --create-members")
            team_id = self.teams[name] = people.add_team(self.connection, name, self.side)
            self.report.created_teams += 1
        return team_id

    def _create(self, event: InboundEvent) -> int:
        if self.side is None:
            raise RowError(
                "member",
                event.member,
                "is not a known e-mail or external id; load people first, or give --create-members",
            )
        email = event.member.lower() if is_email(event.member) else None
        key = email or event.member
        member_id = self.members[key] = people.add_member(self.connection, key, email, key)
        if email is None:
            people.add_external_ids(self.connection, [(key, member_id)])
        self.created[member_id] = _Created(event.occurred_at, event.team)
        self.report.created_members += 1
        return member_id

    def _begin(self, member_id: int, event: InboundEvent) -> None:
        known = self.created[member_id]
        if event.occurred_at < known.first or not known.team:
            first = min(event.occurred_at, known.first)
            self.created[member_id] = _Created(first, event.team or known.team)

    def store_memberships(self) -> None:
        """Put new members into their team from the first day of the month that first names them.

        One that no row gives a team is put into a team named after the side.
        """
        if not self.has_created:
            return
        rows = []
        for member_id, created in self.created.items():
            month = self.book.rules.months.month_of(created.first)
            rows.append(Membership(member_id, self._team(created.team or self._default_team()), month.first_day))
        people.replace_memberships(self.connection, list(self.created), rows)
        accounts.link_members(self.connection)  # else one could approve an award that they share in (B4)
        people.raise_rules_version(self.connection)

    def _default_team(self) -> str:
        return str(self.side).capitalize()
