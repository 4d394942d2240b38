"""Standings: the tie rule lives here and nowhere else (S1, S3)."""

import unicodedata
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TypeVar

T = TypeVar("T")
Score = int | Fraction


def sort_key(name: str) -> str:
    """Return the text by which names are ordered within a tie, alike on every database (S1)."""
    plain = unicodedata.normalize("NFKD", name)
    return "".join(each for each in plain if not unicodedata.combining(each)).casefold()


def ranked(rows: Iterable[tuple[Score, str, T]]) -> list[tuple[int, T]]:
    """Return rows with their rank: by score, equal ones share a rank, the next is skipped (1, 2, 2, 4).

    rows: score, name, and anything. Within a tie the order is by name.
    """
    ordered = sorted(rows, key=lambda row: (-row[0], sort_key(row[1]), row[1]))
    ranks = ranks_of([score for score, _, _ in ordered])
    return [(rank, row) for rank, (_, _, row) in zip(ranks, ordered, strict=True)]


def ranks_of(scores: Sequence[Score], first: int = 1, position: int = 1) -> list[int]:
    """Return the ranks of scores in falling order (S1).

    position: where the first of them stands in the whole list, from 1; first: that one's rank.
    """
    ranks: list[int] = []
    for index, score in enumerate(scores):
        if index == 0:
            ranks.append(first)
        elif score == scores[index - 1]:
            ranks.append(ranks[-1])
        else:
            ranks.append(position + index)
    return ranks


def average(points: int, members: int) -> Fraction:
    """Return a team's points per member (P4); 0 for a team without members."""
    return Fraction(points, members) if members else Fraction(0)
