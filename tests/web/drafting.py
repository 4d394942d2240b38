"""What tests of agreements in the browser stand on: a draft of every kind, and forms as browsers send them."""

import re
from html.parser import HTMLParser

from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from leaderboard.domain.actors import Actor
from leaderboard.services.drafting import read_draft, start_draft
from leaderboard.storage.account_lists import change_account
from leaderboard.storage.accounts_tables import UserAccount
from tests.services.bonus_examples import bonus
from tests.services.examples import ON_TIME, PIPELINE, SPEED, TRAINING, WINS, agreement, sla
from tests.web.worlds import NOW

CONVERSION = """
[[sla]]
key = "conversion"
title = "One in five"
side = "sales"
participant = "member"
measure = { kind = "rate", of = ["lead.accepted"], in = ["lead.converted"], at_least = 10 }
levels = { met = 0.2, exceeded = 0.305 }
points = { per = "month", met = 40, exceeded = 60 }
"""
PAUSED = (
    sla(
        "paused",
        'kind = "response_time", from = ["lead.received"], to = ["lead.qualified", "lead.rejected"], '
        'pause = ["lead.paused"], resume = ["lead.resumed"], void_by = ["lead.reopened"], void_within = "7d", '
        'clock = "elapsed", credit = "closer"',
        'met = "2d"',
        participant="team",
        side="marketing",
    )
    + 'remind = "12h"\n'
)
WIN = bonus("win", 'places = ["1000.50", "500"]\nside = "sales"\ndivide = "by_points"')
DINNER = bonus("dinner", 'prizes = ["A dinner", "A plaque"]', period="month", participant="member")
REMINDED = TRAINING + 'remind = "2d"\n'
DEFINED = '\n[definitions]\nMQL = "Scored 60."\n"Hot / cold" = "Two\\nlines <b>"\n'
ALL = (DEFINED, SPEED, WINS, PIPELINE, ON_TIME, REMINDED, CONVERSION, PAUSED, WIN, DINNER)
DRAFTS = "/manage/agreements/drafts"
BY = Actor("dora@example.com")


def begin(session, *parts, effective_from="2027-01-01"):
    """Start a draft of these parts of a file, of every kind unless said, and return its id."""
    return start_draft(session, agreement(*(parts or ALL), effective_from=effective_from), by=BY, now=NOW)


def promote(session, name="bia"):
    """Make a rep of sales a manager, who may sign for sales."""
    change_account(session.connection(), user_id(session, name), role="manager")
    session.commit()


def user_id(session, name):
    return session.execute(select(UserAccount.id).where(UserAccount.email == f"{name}@example.com")).scalar_one()


def agreed(session, draft_id):
    """Return what a draft says by now."""
    session.rollback()
    return read_draft(session, draft_id).agreement()


class Form(HTMLParser):
    """Collects what a browser would send for the form that goes to an address."""

    def __init__(self, page, action):
        super().__init__()
        self.filled, self._is_in, self._select, self._area = MultiDict(), False, None, None
        self._action = action
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self._is_in = given.get("action") == self._action
        if not self._is_in:
            return
        if (
            tag == "input"
            and "name" in given
            and (given.get("type") not in ("checkbox", "radio") or "checked" in given)
        ):
            self.filled.add(given["name"], given.get("value") or "")
        if tag == "select":
            self._select = given["name"]
        if tag == "option" and self._select and ("selected" in given or self._select not in self.filled):
            self.filled[self._select] = given["value"]
        if tag == "textarea":
            self._area = given["name"]
            self.filled[self._area] = ""

    def handle_data(self, data):
        if self._area:
            self.filled[self._area] += data

    def handle_endtag(self, tag):
        self._select = None if tag == "select" else self._select
        self._area = None if tag == "textarea" else self._area
        self._is_in = False if tag == "form" else self._is_in


def form_of(client, address):
    """Return what the form at an address would send, and where to."""
    action = address.split("?")[0]
    return Form(client.get(address).text, action).filled


def plain(page):
    """Return the words of a page."""
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", page))
