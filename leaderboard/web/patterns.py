"""Patterns as the description of the API has them: those of JSON Schema, which pydantic reads, not quite Python's."""

from functools import lru_cache
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError


@lru_cache(maxsize=32)
def _reader(pattern: str) -> TypeAdapter[str]:
    return TypeAdapter(Annotated[str, Field(pattern=pattern)])


def matches(pattern: str, text: str) -> bool:
    """Tell whether a text is as a pattern says."""
    try:
        _reader(pattern).validate_python(text)
    except ValidationError:
        return False
    return True
