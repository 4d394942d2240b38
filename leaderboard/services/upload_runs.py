"""Imports of files that came in by the browser: batch after batch, so that others write in between, and one that was
killed goes on where its last batch ended.

Each batch is a transaction that also says how far it has come. Whoever works on a file renews its sign of life in that
transaction, and only if the last one is its own: two can never import the same rows.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import Refused
from leaderboard.domain.inbound import checked_source
from leaderboard.domain.mapping import parse_mapping
from leaderboard.services.import_reports import read_report, write_report
from leaderboard.services.importing import MOST_KEPT, FileEvents, ImportOptions, ImportReport, Resolved, counts_told
from leaderboard.services.naming import Names
from leaderboard.services.refused_parts import RefusedParts
from leaderboard.services.rules import rule_book
from leaderboard.services.scoring import Scoring, no_garbage_collection, score_what_is_due
from leaderboard.services.scouting import ScoutNames, count_new
from leaderboard.services.upload_streams import open_upload
from leaderboard.storage import events, imports, trail, uploads
from leaderboard.storage.database import DOOR_LOCK, WRITE_LOCK, all_or_nothing, write_at_once
from leaderboard.storage.seen_ids import SeenIds
from leaderboard.storage.uploads import UploadRow

ROWS_A_BATCH = 5_000
GAP_SECONDS = 0.11  # on SQLite, whose waiting writers look again at least every 0.1 s
GAP_EVERY_SECONDS = 1.0
SILENT = timedelta(seconds=60)  # without a sign of life others may take a file over
PEOPLE = "people"  # what `told` says while unknown people are looked for
HINT = ", or choose to create unknown people"


class _Lost(Exception):
    """The file is somebody else's by now, or its import was cancelled."""


def is_work_waiting(session: Session, *, now: datetime) -> bool:
    """Tell whether a file waits to be worked on; one cheap statement."""
    return uploads.next_waiting(session.connection(), now - SILENT) is not None


def run_waiting(session: Session, *, now: datetime, is_stopping: Callable[[], bool] = lambda: False) -> Iterator[str]:
    """Work on the files that wait, oldest first, and yield what became of each.

    is_stopping: asked between batches; if so, what is under way is left to whoever looks next.
    """
    begun = monotonic()

    def clock() -> datetime:
        return now + timedelta(seconds=monotonic() - begun)

    while not is_stopping() and (upload := _claimed(session, clock())) is not None:
        if told := _Run(session, upload, clock, is_stopping).run():
            yield told


def _claimed(session: Session, now: datetime) -> UploadRow | None:
    """Return the oldest file that waits, taken; None if there is none or somebody else was faster."""
    upload_id = uploads.next_waiting(session.connection(), now - SILENT)
    if upload_id is None:
        return None
    with all_or_nothing(session, DOOR_LOCK):
        connection = session.connection()
        return (
            uploads.find_upload(connection, upload_id)
            if uploads.claim(connection, upload_id, now - SILENT, now)
            else None
        )


class _Run:
    """The work on one file that is taken."""

    def __init__(
        self, session: Session, upload: UploadRow, clock: Callable[[], datetime], is_stopping: Callable[[], bool]
    ) -> None:
        assert upload.beat_at is not None
        self.session, self.upload, self.clock, self.is_stopping = session, upload, clock, is_stopping
        self.beat_at = upload.beat_at
        self.by = Actor(upload.by, upload.user_id)
        self.gap_at = monotonic()
        self.import_id = upload.import_id
        self.report = read_report(upload.report)
        self.report.is_dry_run = bool(upload.is_dry_run)
        self.refused = RefusedParts(session, upload.id)

    def run(self) -> str | None:
        """Work to the end, and return what became of it; None if it is left to somebody else."""
        try:
            self._work()
        except _Lost:
            self.session.rollback()
            return None
        except (Refused, OSError) as error:
            return self._failed(str(error))
        except (OperationalError, sqlite3.OperationalError):
            raise  # the database is away or busy: tried again once this is silent
        except Exception:
            self._failed("It failed for a reason that is not the file's; the log says more.")
            raise
        return f"{self.upload.file_name}: {counts_told(self.report)}"

    def _work(self) -> None:
        if self.upload.is_dry_run:
            with SeenIds() as seen:
                self._scout(self.report, seen)
            with self._writing(DOOR_LOCK) as (connection, now):
                self._save(connection, state=uploads.DONE, changed_at=now)
            return
        rows = self._rows(self.report, Names)
        rows.check()
        if self.import_id is None:
            self._begin()
            if self.upload.create_members:  # the file was read through to find them: `place` is of that reading
                rows = self._rows(self.report, Names)
        found = rows.by_rows(self.report.read)
        while not self._batch(rows, found):
            if self.is_stopping():
                self._leave()
            self._let_others_write()

    def _let_others_write(self) -> None:
        """Leave SQLite alone for a moment now and then; PostgreSQL gives those who wait for the lock their turn."""
        if self.session.get_bind().dialect.name == "sqlite" and monotonic() - self.gap_at >= GAP_EVERY_SECONDS:
            sleep(GAP_SECONDS)
            self.gap_at = monotonic()

    def _rows(self, report: ImportReport, names: type[Names]) -> FileEvents:
        """Return the file's events, from its first row on."""
        upload, session = self.upload, self.session
        mapping = None if upload.mapping is None else parse_mapping(upload.mapping)
        self.place, stream = open_upload(session, upload)
        options = ImportOptions(source=upload.source, mapping=mapping, file_name=upload.file_name)
        if report is self.report and not report.is_dry_run:
            options = replace(options, keep_header=self.refused.keep_header, keep_refused=self.refused.keep)
        self.source = checked_source(options.source_name)
        book = rule_book(session.connection())
        side = upload.create_members if names is ScoutNames else None
        rows = FileEvents(stream, options, self.source, book, names(session, book, side, HINT), report, self.clock())
        session.rollback()
        return rows

    def _scout(self, report: ImportReport, seen: SeenIds | None) -> ScoutNames:
        """Read the file through; count what is new if it is asked for. Return whom nobody knows yet."""
        rows = self._rows(report, ScoutNames)
        assert isinstance(rows.names, ScoutNames)
        found = rows.by_rows()
        while batch := list(islice(found, ROWS_A_BATCH)):
            ids = [event[1] for each in batch for event in each]
            if seen is not None:
                new = count_new(self.session, self.source, ids, seen)
                report.new += new
                report.duplicate += len(ids) - new
            self.session.rollback()
            self._tell_progress()
            if self.is_stopping():
                self._leave()
        report.created_members, report.created_teams = rows.names.created_members, rows.names.created_teams
        if rows.names.created and rows.names.needs_default_team:
            report.created_teams += 1
        return rows.names

    def _begin(self) -> None:
        """Note that an import begins, and create the people whom its file names and nobody knows."""
        scout = None
        if self.upload.create_members:
            self._tell_progress(PEOPLE)
            scout = self._scout(ImportReport(), None)
        with self._writing() as (connection, now):
            names = Names(self.session, rule_book(connection), self.upload.create_members)
            if scout is not None and scout.has_created:
                names.create(scout.found, scout.teams_found)
                names.store_memberships()
                scoring = Scoring(self.session, now, has_new_rules=True)
                if names.created:
                    scoring.months.welcome(names.first_month)
                scoring.finish()
            self.report.created_members, self.report.created_teams = names.created_members, names.created_teams
            self.import_id = imports.begin_import(connection, self.source, self.upload.file_name, now, self.by.name)
            self._save(connection, told=None, import_id=self.import_id, bytes_done=0)

    def _batch(self, rows: FileEvents, found: Iterator[list[Resolved]]) -> bool:
        """Import the next rows in one transaction; tell whether they were the last."""
        with self._writing() as (connection, now), no_garbage_collection():
            rows.names = Names(self.session, rule_book(connection), hint=HINT)
            last_id = events.last_event_id(connection)
            batch = list(islice(found, ROWS_A_BATCH))
            taken = [event for each in batch for event in each]
            new = events.insert_events(connection, taken)
            self.report.new += new
            self.report.duplicate += len(taken) - new
            is_last = len(batch) < ROWS_A_BATCH
            self._score(now, last_id, is_last, has_new=new > 0)
            self.refused.flush()
            self._count(connection, (last_id + 1, events.last_event_id(connection)) if new else None)
            self._save(connection, **(self._over(connection, now) if is_last else {}))
        return is_last

    def _score(self, now: datetime, last_id: int, is_last: bool, *, has_new: bool) -> None:
        """Score what the batch has touched, and at the end what has fallen due meanwhile."""
        if not has_new and not is_last:
            return
        scoring = Scoring(self.session, now)
        if has_new:
            scoring.score(events.subjects_after(scoring.connection, last_id), scored_up_to=last_id)
        self.report.points_posted += score_what_is_due(scoring) if is_last else scoring.finish()
        self.report.corrections += scoring.poster.corrections

    def _count(self, connection: Connection, new_ids: tuple[int, int] | None) -> None:
        assert self.import_id is not None
        imports.count_import(connection, self.import_id, self.report.counts, new_ids)

    def _over(self, connection: Connection, now: datetime) -> dict[str, Any]:
        """Note that the import is over, and forget the file: what is left to mend lies apart."""
        assert self.import_id is not None
        number, first = imports.anomalies_of(connection, self.import_id, MOST_KEPT)
        self.report.anomalies = number
        self.report.first_anomalies = [
            f"{each.subject}: {each.event_id}, {each.occurred_at.isoformat()}, is before any start of {each.sla}"
            for each in first
        ]
        uploads.delete_parts(connection, self.upload.id, uploads.SENT)
        about, after = f"file {self.upload.file_name}", counts_told(self.report)
        trail.note(connection, self.by, "events.imported", about, at=now, after=after)
        return {"state": uploads.DONE, "changed_at": now, "bytes_done": self.upload.size}

    def _change(self, connection: Connection, values: dict[str, Any]) -> bool:
        """Change what the database says of the file, and tell whether it is still ours."""
        return uploads.change_upload(connection, self.upload.id, [uploads.RUNNING], values, beat_at=self.beat_at)

    @contextmanager
    def _writing(self, lock: int = WRITE_LOCK) -> Iterator[tuple[Connection, datetime]]:
        """Write in one transaction that begins with a sign of life; _Lost if the file is not ours any more."""
        before = self.beat_at
        try:
            with all_or_nothing(self.session, lock):
                connection, now = self.session.connection(), self.clock()
                if not self._change(connection, {"beat_at": now}):
                    raise _Lost
                self.beat_at = now
                yield connection, now
        except BaseException:
            self.beat_at = before
            raise

    def _save(self, connection: Connection, **values: Any) -> None:
        """Store how far it has come, in the transaction under way."""
        values = {"bytes_done": min(self.place.tell(), self.upload.size), **values}
        values |= {"rows_done": self.report.read, "report": write_report(self.report)}
        self._change(connection, values)

    def _tell_progress(self, told: str | None = None) -> None:
        """Tell how far a reading has come; as good as it can while others write."""
        is_ours = True
        with write_at_once(self.session) as connection:
            now, done = self.clock(), 0 if told else self.place.tell()
            change = {"beat_at": now, "bytes_done": min(done, self.upload.size), **({"told": told} if told else {})}
            is_ours = self._change(connection, change)
            self.beat_at = now
        if not is_ours:
            raise _Lost

    def _leave(self) -> None:
        """Leave the file to whoever looks next."""
        with all_or_nothing(self.session, DOOR_LOCK):
            self._change(self.session.connection(), {"state": uploads.WAITING})
        raise _Lost

    def _failed(self, why: str) -> str:
        """Store why it went no further; what came before is in."""
        self.session.rollback()
        with all_or_nothing(self.session, DOOR_LOCK):
            failed = {"state": uploads.FAILED, "told": why, "changed_at": self.clock()}
            self._change(self.session.connection(), failed)
        return f"{self.upload.file_name}: {why}"
