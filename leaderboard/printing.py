"""What a command shows: reports, tables, progress bars."""

import csv
import json
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, cast
from unicodedata import category, east_asian_width

import click

from leaderboard.domain.shown import safe_cell, visible
from leaderboard.services.importing import ImportReport

FORMATS = ("table", "csv", "json")
MOST_SHOWN = 20
OBEYED = re.compile("[\x7f-\x9f]")  # controls that JSON leaves as they are
Row = dict[str, Any]


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number and its word, such as "1 row" or "2 rows"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def is_watched() -> bool:
    """Tell whether somebody sees what goes to standard error."""
    return sys.stderr.isatty()


@contextmanager
def progress_bar(label: str, length: int | None = None) -> Iterator[Callable[[int], None]]:
    """Give a function that moves a bar on by so much; without a length a number grows instead.

    Nothing is shown where standard error is not a terminal.
    """
    if length:
        with click.progressbar(length=length, label=label, file=sys.stderr, hidden=not is_watched()) as bar:
            yield bar.update
        return
    done = 0

    def advance(number: int) -> None:
        nonlocal done
        done += number
        if is_watched():
            click.echo(f"\r{label}: {done:,}", err=True, nl=False)

    yield advance
    if done and is_watched():
        click.echo(err=True)


class ImportProgress:
    """A bar for the bytes read of a file, then one for the subjects scored. `stream` is the file to read from."""

    def __init__(self, file: BinaryIO) -> None:
        self.stream = cast(BinaryIO, self)  # of a file it has what an import needs
        self._file = file
        self._label = ""
        self._bars = ExitStack()
        self._advance: Callable[[int], None] = lambda _number: None

    def read(self, size: int = -1) -> bytes:
        """Read as a file does."""
        content = self._file.read(size)
        self._show("Read", len(content), _size(self._file))
        return content

    def seekable(self) -> bool:
        """Tell whether it can be wound back, as a workbook needs; a pipe cannot."""
        return self._file.seekable()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, as a file does."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return where it is, as a file does."""
        return self._file.tell()

    def score(self, stage: str, done: int, total: int) -> None:
        """Take what an import tells of its work."""
        if stage == "score":
            self._show("Scored", done, total)

    def _show(self, label: str, done: int, total: int | None) -> None:
        if label != self._label:
            self._bars.close()
            self._label = label
            self._advance = self._bars.enter_context(progress_bar(label, total))
        self._advance(done)

    def __enter__(self) -> "ImportProgress":
        return self

    def __exit__(self, *error: Any) -> None:
        self._bars.__exit__(*error)


def _size(file: BinaryIO) -> int | None:
    """Return how many bytes a file has, or None for what has no size, such as a pipe."""
    try:
        found = os.fstat(file.fileno())
    except (OSError, AttributeError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def print_report(report: ImportReport, form: str) -> None:
    """Print what became of a file: the counts, and on standard error each refusal and warning."""
    if form == "json":
        click.echo(_report_json(report))
        return
    would = "Dry run, nothing is changed. " if report.is_dry_run else ""
    click.echo(
        f"{would}{count(report.read, 'row')} read: {count(report.new, 'event')} new, {report.duplicate:,} duplicate; "
        f"{count(report.refused, 'row')} refused."
    )
    if report.created_members or report.created_teams:
        click.echo(f"Created {count(report.created_members, 'member')} and {count(report.created_teams, 'team')}.")
    if report.corrections:
        corrections = count(report.corrections, "correction")
        click.echo(f"{corrections} of closed months: the difference counts in the open month after it.")
    if report.anomalies:
        click.echo(f"{count(report.anomalies, 'anomaly', 'anomalies')}: an end before any start.")
    _print_some([str(each) for each in report.refusals[:MOST_SHOWN]], report.refused, "refused row")
    _print_some([f"warning: {line}" for line in report.warnings[:MOST_SHOWN]], report.warned, "warning")
    told = [f"anomaly: {line}" for line in report.first_anomalies[:MOST_SHOWN]]
    _print_some(told, report.anomalies, "anomaly", "anomalies")


def _report_json(report: ImportReport) -> str:
    return _json(
        {
            "read": report.read,
            "new": report.new,
            "duplicate": report.duplicate,
            "refused": report.refused,
            "warnings": report.warned,
            "created_members": report.created_members,
            "created_teams": report.created_teams,
            "corrections": report.corrections,
            "anomalies": report.anomalies,
            "anomaly_list": report.first_anomalies,
            "dry_run": report.is_dry_run,
            "refusals": [each._asdict() for each in report.refusals],
        }
    )


def _print_some(lines: Sequence[str], number: int, one: str, many: str | None = None) -> None:
    for line in lines:
        click.echo(visible(line), err=True)
    if number > len(lines):
        click.echo(f"… and {count(number - len(lines), one + ' more', (many or one + 's') + ' more')}.", err=True)


def print_rows(rows: Iterable[Row], names: Sequence[str], form: str, nothing: str = "Nothing in this period.") -> None:
    """Print rows of plain values, with these columns; json is a list with one row a line.

    nothing: what the table says when it has no rows.
    """
    if form == "json":
        _print_json(rows)
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([safe_cell(row[name]) for name in names] for row in rows)
    else:
        _print_table([[_text(row[name]) for name in names] for row in rows], names, nothing)


def _print_json(rows: Iterable[Row]) -> None:
    separator = "[\n"
    for row in rows:
        click.echo(separator + _json(row), nl=False)
        separator = ",\n"
    click.echo("[]" if separator == "[\n" else "\n]")


def _json(value: Any) -> str:
    return OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False))


def _print_table(cells: list[list[str]], names: Sequence[str], nothing: str) -> None:
    """Print columns side by side, numbers to the right."""
    if not cells:
        click.echo(nothing)
        return
    columns = list(zip(names, *cells, strict=True))
    widths = [max(map(_width, column)) for column in columns]
    is_number = [all(text.lstrip("-").isdecimal() or not text for text in column[1:]) for column in columns]
    for line in [names, *cells]:
        padded = [
            " " * (width - _width(text)) + text if right else text + " " * (width - _width(text))
            for text, width, right in zip(line, widths, is_number, strict=True)
        ]
        click.echo("  ".join(padded).rstrip())


def _text(value: Any) -> str:
    return "" if value is None else visible(str(value))


def _width(text: str) -> int:
    """Return how many places a text takes on a terminal: East Asian letters and emoji two, marks none."""
    if text.isascii():
        return len(text)
    return sum(0 if category(each) in ("Mn", "Me", "Cf") else 1 + (east_asian_width(each) in "WF") for each in text)
