"""How the amounts of a file are written: with which marks, and with which sign of a currency."""

import re
from dataclasses import dataclass
from functools import cached_property

from leaderboard.domain.inbound import RowError


@dataclass(frozen=True)
class AmountFormat:
    """How amounts are written: 1.234,50 has the decimal mark "," and the thousands mark "."."""

    decimal_mark: str
    thousands_mark: str
    currency_sign: str

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        mark, point = re.escape(self.thousands_mark), re.escape(self.decimal_mark)
        whole = f"[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|[0-9]+" if mark else "[0-9]+"
        return re.compile(rf"(-?)({whole})(?:{point}([0-9]+))?")

    def plain(self, text: str) -> str:
        """Return an amount with a decimal point and nothing else; RowError for one that is written differently."""
        bare = text.replace("\u2212", "-").replace("\u00a0", " ").replace("\u202f", " ")
        if self.currency_sign:
            bare = bare.replace(self.currency_sign, "", 1)
        match = self._pattern.fullmatch(bare.strip().replace("- ", "-"))
        if match is None:
            example = f"1{self.thousands_mark}234{self.decimal_mark}50"
            raise RowError("amount", text, f"is not written as the mapping says; expected an amount such as {example}")
        whole = match[2].replace(self.thousands_mark, "") if self.thousands_mark else match[2]
        return f"{match[1]}{whole}.{match[3] or ''}".removesuffix(".")
