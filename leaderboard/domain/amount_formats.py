"""How the amounts of a file are written: with which marks, and with which sign of a currency."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from leaderboard.domain.inbound import RowError

AUTO = "auto"
SIGNS = {"R$": "BRL", "US$": "USD", "€": "EUR", "£": "GBP"}  # not $, which is that of many countries
CODE = re.compile(r"([A-Z]{3})?\s*(.*?)\s*([A-Z]{3})?", re.DOTALL)
GROUPS = re.compile(r"(?<=[0-9])[ '\u2019](?=[0-9]{3}(?![0-9]))")
SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2212": "-"})


@dataclass(frozen=True)
class AmountFormat:
    """How amounts are written: 1.234,50 has the decimal mark "," and the thousands mark "."."""

    decimal_mark: str
    thousands_mark: str
    currency_sign: str

    def currency_of(self, text: str) -> str:
        """Return the code of the currency that an amount names, which it does not: the sign is the mapping's."""
        return ""

    def settled(self, texts: Iterable[str]) -> "AmountFormat":
        """Return the format for a file that has these amounts: it is the same for all."""
        return self

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        mark, point = re.escape(self.thousands_mark), re.escape(self.decimal_mark)
        whole = f"[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|[0-9]+" if mark else "[0-9]+"
        return re.compile(rf"(-?)({whole})(?:{point}([0-9]+))?")

    def plain(self, text: str) -> str:
        """Return an amount with a decimal point and nothing else; RowError for one that is written differently."""
        bare = text.translate(SPACES)
        if self.currency_sign:
            bare = bare.replace(self.currency_sign, "", 1)
        match = self._pattern.fullmatch(bare.strip().replace("- ", "-"))
        if match is None:
            example = f"1{self.thousands_mark}234{self.decimal_mark}50"
            raise RowError("amount", text, f"is not written as the mapping says; expected an amount such as {example}")
        whole = match[2].replace(self.thousands_mark, "") if self.thousands_mark else match[2]
        return f"{match[1]}{whole}.{match[3] or ''}".removesuffix(".")


@dataclass(frozen=True)
class FoundOut:
    """Amounts whose marks show by themselves: 1.234,50 and 1,234.50 and R$ 7, but 1.234 only beside others.

    decimal_mark: as other amounts of the file show it, None while that is not known.
    """

    currency_sign: str = ""
    decimal_mark: str | None = None

    def currency_of(self, text: str) -> str:
        """Return the code of the currency that an amount names, "" for none."""
        return self._parts(text)[1]

    def settled(self, texts: Iterable[str]) -> "FoundOut":
        """Return the format for a file that has these amounts."""
        marks = {_decimal_mark(self._parts(text)[0]) for text in texts} - {"", None}
        return replace(self, decimal_mark=marks.pop()) if len(marks) == 1 else self

    def plain(self, text: str) -> str:
        """Return an amount with a decimal point and nothing else; RowError for one that could be read in two ways."""
        bare, _ = self._parts(text)
        mark = _decimal_mark(bare) or self.decimal_mark
        if _decimal_mark(bare) is None and mark is None:
            reason = 'can be read in two ways; say decimal_mark = "," or decimal_mark = "." in the mapping'
            raise RowError("amount", text, reason)
        mark = mark or "."
        try:
            return AmountFormat(mark, "." if mark == "," else ",", "").plain(bare)
        except RowError:
            raise RowError("amount", text, "is not an amount; expected one such as 1234.50") from None

    def _parts(self, text: str) -> tuple[str, str]:
        """Return an amount without its sign of a currency, and the currency's code."""
        bare = text.translate(SPACES).strip()
        if self.currency_sign:
            bare = bare.replace(self.currency_sign, "", 1).strip()
        match = CODE.fullmatch(bare)
        code = (match[1] or match[3] or "") if match else ""
        bare = match[2] if match else bare
        for sign in SIGNS if not code else ():
            if bare.removeprefix("-").lstrip().startswith(sign) or bare.endswith(sign):
                bare, code = bare.replace(sign, "", 1), SIGNS[sign]
                break
        return GROUPS.sub("", bare.strip().replace("- ", "-")), code


def _decimal_mark(bare: str) -> str | None:
    """Return the decimal mark that an amount shows, "" if it has no marks, None if it could be either."""
    marks = [each for each in bare if each in ".,"]
    if not marks:
        return ""
    if len(set(marks)) == 2:
        return marks[-1]
    if len(marks) > 1:
        return "," if marks[0] == "." else "."
    before, _, after = bare.lstrip("-").partition(marks[0])
    is_grouped = len(after) == 3 and 1 <= len(before) <= 3 and not before.startswith("0")
    return None if is_grouped else marks[0]
