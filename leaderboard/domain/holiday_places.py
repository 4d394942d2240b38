"""The places whose public holidays are known, by name instead of code."""

from functools import lru_cache

import holidays
from holidays.utils import list_supported_countries


@lru_cache(maxsize=1)
def countries() -> tuple[str, ...]:
    """Return the codes of the countries whose holidays are known, such as BR, in order."""
    return tuple(sorted(list_supported_countries(include_aliases=False)))


@lru_cache(maxsize=32)
def regions(country: str) -> tuple[tuple[str, str], ...]:
    """Return code and name of the parts of a country that are told apart, by name; the code where it has none."""
    if country not in countries():
        return ()
    known = type(holidays.country_holidays(country))
    names: dict[str, str] = {}
    for name, code in getattr(known, "subdivisions_aliases", {}).items():
        names.setdefault(code, name)
    return tuple(sorted(((code, names.get(code, code)) for code in known.subdivisions), key=lambda each: each[1]))
