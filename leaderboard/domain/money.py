"""Money: integers of minor units (K2, B1); no float touches it."""

import re

from leaderboard.domain.shown import quoted

# Minor digits by ISO 4217 where they are not two.
MINOR_DIGITS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
LARGEST = 10**15
AMOUNT = re.compile(r"(-?)([0-9]{1,40})(?:\.([0-9]*))?")


def minor_digits(currency: str) -> int:
    """Return how many decimal places a currency has (ISO 4217)."""
    return MINOR_DIGITS.get(currency, 2)


def parse_amount(text: str, currency: str) -> int:
    """Return an amount such as "1234.50" in minor units of a currency, exactly (K2).

    Raises ValueError for anything but digits with a decimal point, for more decimal places than the
    currency has (trailing zeros apart), and for amounts beyond 10^15 minor units.
    """
    digits = minor_digits(currency)
    match = AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError(f"{quoted(text)} is not an amount; write digits and a decimal point, such as 1234.50")
    sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
    if len(fraction) > digits:
        raise ValueError(
            f"{quoted(text)} is finer than the minor unit of {currency}, which has {digits} decimal places"
        )
    amount: int = int(whole) * 10**digits + int(fraction.ljust(digits, "0") or "0")
    if amount > LARGEST:
        raise ValueError(f"{quoted(text)} is too large an amount; expected at most {LARGEST:,} minor units")
    return -amount if sign else amount


def format_amount(minor: int, currency: str) -> str:
    """Return an amount in minor units as plain decimal text, such as 1234.50."""
    digits = minor_digits(currency)
    whole, fraction = divmod(abs(minor), 10**digits)
    text = f"{whole}.{fraction:0{digits}d}" if digits else str(whole)
    return f"-{text}" if minor < 0 else text
