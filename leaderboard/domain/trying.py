"""Trying out a draft: the rules as they would have been in a quarter that is closed."""

from dataclasses import replace

from leaderboard.domain.agreement import Agreement
from leaderboard.domain.people import FAR
from leaderboard.domain.periods import Quarter
from leaderboard.domain.rules import Rules, Version

DRAFT_ID = 0  # no version that is stored has it


def with_draft(rules: Rules, agreement: Agreement, quarter: Quarter) -> Rules:
    """Return the rules as if an agreement had come into force on a quarter's first day.

    What it says of that itself does not matter. Until then all stays as it was agreed, so that clocks that were
    open already are judged by what was promised when they opened (P6).
    """
    starts_at = rules.months.bounds_of(quarter)[0]
    earlier = [each for each in rules.versions if each.starts_at < starts_at]
    if earlier:
        earlier[-1] = earlier[-1]._replace(ends_at=min(earlier[-1].ends_at, starts_at))
    return replace(rules, versions=[*earlier, Version(DRAFT_ID, agreement, starts_at, FAR)])
