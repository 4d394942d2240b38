"""The tutorial cannot rot: each of its commands is run, and prints what the tutorial says it prints."""

import re
import shutil

import pytest

from tests.conftest import SETTINGS
from tests.documents import DOCS, blocks

TUTORIAL = DOCS / "tutorial.md"


def steps():
    """Return the commands of the tutorial in order, each with the lines that it prints."""
    found = []
    for block in blocks(TUTORIAL, "console"):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            found.append((command, output))
    return found


@pytest.mark.databases("sqlite")
def test_the_tutorial_prints_what_it_says(tmp_path, database_url, shell):
    folder = tmp_path / "tutorial"
    shutil.copytree(DOCS / "tutorial", folder)
    assert len(steps()) >= 15
    for command, expected in steps():
        refuses = " refused; " in expected  # then the command ends with 1
        script = f"if {command}; then exit 1; else test $? = 1; fi" if refuses else command
        assert shell(script, folder, DATABASE_URL=database_url, SECRET_KEY=SETTINGS["SECRET_KEY"]) == expected, command


def test_what_the_tutorial_quotes_from_its_files_is_in_them():
    files = "\n".join(file.read_text(encoding="utf-8") for file in sorted((DOCS / "tutorial").iterdir()))
    for kind in ("toml", ""):
        for block in blocks(TUTORIAL, kind):
            for line in block.splitlines():
                assert line in files or line.startswith(("cd ", "cp ", "export ")), line
