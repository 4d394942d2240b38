"""Passwords: which ones are too easy to guess, and making one that is not."""

import re
import secrets

SHORTEST = 12
LONGEST = 1_000
LEAST_VARIETY = 5  # different characters: "aaaaaaaaaaaa" is long and no password
MADE_BYTES = 12  # 96 bits
WRITTEN_FOR = str.maketrans("013457@$!8", "oieastasib")  # as people write letters in passwords
ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn")
# What the passwords that everybody tries are made of; ours and the people's own words count too.
COMMON = frozenset(
    """
    abc access account administrator admin amor amigo azerty baseball batman brasil brazil change changeme charlie
    company computer correct default demo dragon empresa father flamengo flower football freedom futebol guest hello
    horse battery staple iloveyou january july june leaderboard letmein login love manager marketing market master
    michael mother monkey mudar nothing office password passe passw passwort pass please princess qazwsx qwerty
    qwertz sales sales secret senha shadow sla spring start summer sunshine superman temp temporary test trocar
    trustno trust user vendas welcome winter autumn corinthians palmeiras administrador gerente the my me is it one
    new now you i o a minha meu eu te amo
    """.split()
)


def make_password() -> str:
    """Return a random password of 16 characters."""
    return secrets.token_urlsafe(MADE_BYTES)


def password_problem(password: str, email: str) -> str | None:
    """Return why a password cannot be taken, None if it can: "short", "long", "common" or "personal".

    Any characters may stand in it, and it is taken as it is typed. common: made of nothing but common words,
    runs of keys, numbers and repetitions. personal: made of nothing but these and the account's own name.
    """
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    if len(set(password)) < LEAST_VARIETY or _is_made_of(password, COMMON):
        return "common"
    own = frozenset(word for word in re.split(r"[\W\d_]+", email.lower()) if len(word) > 2)
    return "personal" if _is_made_of(password, COMMON | own) else None


def _is_made_of(password: str, words: frozenset[str]) -> bool:
    """Tell whether nothing is left of a password without its words, runs and repetitions."""
    plain = _without_runs(password.lower())
    spellings = {plain, plain.translate(WRITTEN_FOR)}
    return any(_splits(re.sub(r"[^a-z\u0080-\U0010ffff]+", "", each), words) for each in spellings)


def _without_runs(text: str) -> str:
    """Take out runs of four or more neighbouring keys, in either direction."""
    for row in (*ROWS, *(each[::-1] for each in ROWS)):
        for length in range(len(row), 3, -1):
            for start in range(len(row) - length + 1):
                text = text.replace(row[start : start + length], "")
    return text


def _splits(text: str, words: frozenset[str]) -> bool:
    """Tell whether a text is nothing but words, one after the other; or one short piece again and again."""
    piece = re.fullmatch(r"(.{1,6}?)\1+", text)
    if piece:
        return True
    ends = {0}
    for end in range(1, len(text) + 1):
        if any(start in ends and text[start:end] in words for start in range(max(0, end - 14), end)):
            ends.add(end)
    return len(text) in ends
