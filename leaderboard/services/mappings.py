"""Mappings by name: those that are part of the product, and files that people wrote."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from leaderboard.domain.mapping import EventMapping, parse_mapping
from leaderboard.resources import resource
from leaderboard.services.reading import read_text


def built_in_mappings() -> tuple[str, ...]:
    """Return the names of the mappings that are part of the product."""
    return tuple(sorted(file.stem for file in resource("mappings").glob("*.toml")))


def mapping_file(name: str) -> Path | None:
    """Return the file of a built-in mapping, or else the file of that path; None if there is neither."""
    path = resource("mappings") / f"{name}.toml" if name in built_in_mappings() else Path(name)
    return path if path.is_file() else None


def recognise(header: Sequence[str]) -> str | None:
    """Return the built-in mapping that was made for files with such a header, None if none or several fit alike.

    One fits if the file has all columns that it needs, under whichever names it knows; the one that reads most of the
    file's columns is taken.
    """
    fits = []
    for name, mapping in _built_in().items():
        columns = set(mapping.renamed(header))
        if columns >= mapping.for_header(list(columns)).columns:
            fits.append((len(mapping.reads & columns), name))
    fits.sort(reverse=True)
    return fits[0][1] if fits and (len(fits) == 1 or fits[0][0] > fits[1][0]) else None


@cache
def _built_in() -> dict[str, EventMapping]:
    return {name: read_mapping(resource("mappings") / f"{name}.toml") for name in built_in_mappings()}


def read_mapping(path: Path) -> EventMapping:
    """Return the mapping that a file holds; Refused if it cannot be read."""
    with path.open("rb") as stream:
        return parse_mapping(read_text(stream, str(path)))
