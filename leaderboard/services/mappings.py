"""Mappings by name: those that are part of the product, and files that people wrote."""

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


def read_mapping(path: Path) -> EventMapping:
    """Return the mapping that a file holds; Refused if it cannot be read."""
    with path.open("rb") as stream:
        return parse_mapping(read_text(stream, str(path)))
