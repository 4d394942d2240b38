"""Every text of the pages is there in Brazilian Portuguese, and the compiled catalogue is up to date."""

import io
import re
import subprocess
import sys

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from leaderboard.resources import PACKAGE

CATALOGUE = PACKAGE / "translations" / "pt_BR" / "LC_MESSAGES" / "messages.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def read(path):
    with path.open("rb") as file:
        return read_po(file, locale="pt_BR")


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """The texts that stand in the code and the templates now."""
    path = tmp_path_factory.mktemp("texts") / "messages.pot"
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "pyproject.toml"]
    subprocess.run([*command, "-o", str(path), "."], cwd=PACKAGE.parent, check=True)
    return [message for message in read(path) if message.id]


def texts(message):
    return message.string if isinstance(message.string, tuple) else (message.string,)


def test_every_text_is_translated_and_no_translation_is_left_over(collected):
    catalogue = read(CATALOGUE)
    wanted = {(message.context, message.id) for message in collected}
    have = {
        (message.context, message.id)
        for message in catalogue
        if message.id and all(texts(message)) and not message.fuzzy
    }
    assert wanted - have == set()
    assert have - wanted == set()


def test_translations_keep_the_placeholders():
    for message in read(CATALOGUE):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        for text in texts(message) if message.id else ():
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(ids[-1])), text


def test_the_compiled_catalogue_is_of_these_translations():
    compiled = io.BytesIO()
    write_mo(compiled, read(CATALOGUE))
    assert CATALOGUE.with_suffix(".mo").read_bytes() == compiled.getvalue()
