"""What a command shows: reports, tables, progress bars."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click

from leaderboard.services.importing import ImportReport, Refusal

MOST_SHOWN = 20
FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # the last four: full-width = + - @


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int], None]]:
    """Show a bar of unknown length on a terminal, nothing elsewhere."""
    done = 0

    def advance(number: int) -> None:
        nonlocal done
        done += number
        if sys.stderr.isatty():
            click.echo(f"\r{label}: {done:,}", err=True, nl=False)

    yield advance
    if done and sys.stderr.isatty():
        click.echo(err=True)


class RefusedRows:
    """Writes refused rows under their header, ready to be mended and imported again."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.file: IO[str] | None = None
        self.head: list[str] = []
        self.delimiter = ","

    def header(self, names: list[str], delimiter: str) -> None:
        self.head, self.delimiter = names, delimiter

    def keep(self, cells: list[str], _refusal: Refusal) -> None:
        if self.path is None:
            return
        if self.file is None:
            self.file = self.path.open("w", encoding="utf-8", newline="")
            if self.head:
                csv.writer(self.file, delimiter=self.delimiter).writerow(self.head)
        if self.head:
            csv.writer(self.file, delimiter=self.delimiter).writerow(cells)
        else:
            self.file.write(cells[0] + "\n")

    def __enter__(self) -> "RefusedRows":
        return self

    def __exit__(self, *_error: object) -> None:
        if self.file is not None:
            self.file.close()


@contextmanager
def two_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Show rows read, then a bar of subjects scored; on a terminal only."""
    labels = {"read": "Rows read", "score": "Subjects scored"}
    with progress_bar(labels["read"]) as read, progress_bar(labels["score"]) as score:
        seen = 0

        def progress(stage: str, done: int, _total: int) -> None:
            nonlocal seen
            if stage == "read":
                read(done - seen)
                seen = done
            else:
                score(done)

        yield progress


def print_report(report: ImportReport, form: str) -> None:
    if form == "json":
        click.echo(
            json.dumps(
                {
                    "read": report.read,
                    "new": report.new,
                    "duplicate": report.duplicate,
                    "refused": report.refused,
                    "warnings": report.warned,
                    "created_members": report.created_members,
                    "created_teams": report.created_teams,
                    "anomalies": report.anomalies,
                    "dry_run": report.is_dry_run,
                    "refusals": [each._asdict() for each in report.refusals],
                }
            )
        )
        return
    would = "Dry run, nothing is changed. " if report.is_dry_run else ""
    click.echo(
        f"{would}{report.read:,} rows read: {report.new:,} events new, {report.duplicate:,} duplicate; "
        f"{report.refused:,} rows refused."
    )
    if report.created_members or report.created_teams:
        click.echo(f"Created {count(report.created_members, 'member')} and {count(report.created_teams, 'team')}.")
    if report.anomalies:
        click.echo(f"{count(report.anomalies, 'anomaly', 'anomalies')}: an end before any start.")
    for line in [str(each) for each in report.refusals[:MOST_SHOWN]]:
        click.echo(line, err=True)
    for line in report.warnings[:MOST_SHOWN]:
        click.echo(f"warning: {line}", err=True)


def print_rows(rows: Iterable[dict[str, Any]], form: str) -> None:
    """Print rows of plain values; json is a list with one row a line."""
    if form == "json":
        _print_json(rows)
        return
    listed = list(rows)
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        if listed:
            writer.writerow(listed[0])
        writer.writerows([_safe_cell(value) for value in row.values()] for row in listed)
        return
    if not listed:
        click.echo("Nothing in this period.")
        return
    names = list(listed[0])
    cells = [names, *([("" if row[name] is None else str(row[name])) for name in names] for row in listed)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(names))]
    for line in cells:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _print_json(rows: Iterable[dict[str, Any]]) -> None:
    separator = "[\n"
    for row in rows:
        click.echo(separator + json.dumps(row, ensure_ascii=False), nl=False)
        separator = ",\n"
    click.echo("[]" if separator == "[\n" else "\n]")


def _safe_cell(value: Any) -> Any:
    """Keep a spreadsheet from running a text as a formula (security 1.2.10)."""
    if isinstance(value, str) and value.lstrip(" ")[:1] in FORMULA_STARTS:
        return "'" + value
    return value


def count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
