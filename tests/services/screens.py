"""Screens and their pairing, for tests."""

from datetime import UTC, datetime, timedelta

from leaderboard.domain.actors import Actor
from leaderboard.domain.displays import Settings
from leaderboard.services import pairing
from leaderboard.services.accounts import Limits

NOW = datetime(2026, 11, 18, 15, tzinfo=UTC)
DORA = Actor("dora@example.com")
OFFICE, ELSEWHERE = "192.0.2.1", "198.51.100.7"
LIMITS = Limits(
    window=timedelta(minutes=15),
    per_account=3,
    per_address=5,
    idle=timedelta(minutes=30),
    absolute=timedelta(hours=12),
)


def claim(session, code, *, name="Sales floor", settings=None, now=NOW, by=DORA, address=OFFICE):
    """Enter a code as a manager does."""
    settings = settings or Settings()
    return pairing.claim(session, code, name=name, settings=settings, now=now, by=by, address=address, limits=LIMITS)


def pair(session, name="Sales floor", *, settings=None, now=NOW):
    """Pair a screen; return the display's id and the screen's token."""
    code, secret = pairing.begin_pairing(session, address=OFFICE, now=now)
    display_id = claim(session, code, name=name, settings=settings, now=now)
    return display_id, pairing.collect_token(session, secret, now=now)
