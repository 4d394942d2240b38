"""What would fill the memory of whoever reads it is refused in a sentence, in little memory."""

import json
import subprocess
import sys
from pathlib import Path

MOST_MB = 48  # above what a program has that has read one small workbook
LONG_LINE = "line {} is longer than 1,048,576 bytes; hand in one row a line."
WIDE = "line 2: there are more than 2,000 columns; hand in those that are needed."
ANEW = "save it anew as .xlsx, or as CSV, and hand that in."
DAMAGED = f"The workbook is damaged; {ANEW}"
TIMES = f"The workbook unpacks to more than 250 times its size, as no table does; {ANEW}"
SAID = {
    "rows without end": TIMES,
    "a size that is a lie": DAMAGED,
    "a cell without end": TIMES,
    "cells without end": WIDE,
    "columns without end": WIDE,
    "a tag without end": DAMAGED,
    "a comment without end": DAMAGED,
    "nesting without end": DAMAGED,
    "names without end": DAMAGED,
    "shared texts without end": "The workbook unpacks to more than 20 MB; hand it in as several, or as CSV.",
    "a shared text without end": TIMES,
    "styles without end": DAMAGED,
    "sheets without end": TIMES,
    "files without end": f"The file holds more than 5,000 files, so it is no workbook; {ANEW}",
    "a package in a package": f"The file is no workbook; {ANEW}",
    "one text for all cells": "10 rows refused",
    "a million columns": LONG_LINE.format(1),
    "a line of 10 GB": LONG_LINE.format(2),
    "10 GB of NUL": LONG_LINE.format(1),
    "a line of 10 GB in UTF-16": LONG_LINE.format(2),
    "JSON without end": LONG_LINE.format(1),
    "a cell of quotation marks": LONG_LINE.format(2),
}


def test_bombs_and_junk_are_refused_in_constant_memory(tmp_path):
    def bombs(what):
        command = [sys.executable, "-m", "tests.services.bombs", what, str(tmp_path)]
        return subprocess.run(command, cwd=Path(__file__).parents[2], check=True, capture_output=True, text=True).stdout

    bombs("make")
    found = json.loads(bombs("read"))
    assert {name: said for name, (said, _) in found.items() if name in SAID} == SAID
    assert [said for name, (said, _) in found.items() if name not in SAID and "rows refused" not in said] == []
    assert {name: took for name, (_, took) in found.items() if took > MOST_MB} == {}
