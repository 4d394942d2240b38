"""The leaderboard: standings of a month or quarter, by team or person, by side (S1-S4, P4).

What a board shows is kept until the scores change; only who looks at it is filled in for each reader.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_login import current_user
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from leaderboard.domain.agreement import SIDES
from leaderboard.domain.errors import PeriodRefused
from leaderboard.domain.periods import parse_period
from leaderboard.services.boards import BoardQuery, page_of, participant_of, read_board, today
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.kept import KeptPages
from leaderboard.web.wording import period_name

bp = Blueprint("board", __name__)
SCOPES, WAYS = ("team", "member"), ("total", "average")
MOST_KEPT = 256
LAST_PAGE = 100_000


@bp.record_once
def _keep_pages(state: Any) -> None:
    state.app.extensions["kept_boards"] = KeptPages(MOST_KEPT)


@bp.get("/")
def index() -> ResponseReturnValue:
    """The board that the address asks for: the page, or for htmx its standings alone."""
    if g.rules_version is None:
        return render_template("board/empty.html")
    day = today(db.session(), now=utc_now(), rules_version=g.rules_version)
    query = query_of(request.args, day)
    is_fragment = wants_fragment()
    answer = Response(headers={"Vary": "HX-Request"})
    etag = _digest(query, day, is_fragment)
    answer.set_etag(etag)
    answer.headers["Cache-Control"] = "private, no-cache" if is_fragment else "no-store"
    if etag in request.if_none_match:
        answer.status_code = 304
        return answer
    standings = _standings(query, day)
    title = period_name(query.period)
    answer.data = (
        f"<title>{Markup.escape(title)}</title>{standings}"
        if is_fragment
        else render_template("board/index.html", title=title, standings=Markup(standings))
    )
    return answer


@bp.get("/find-me")
def find_me() -> ResponseReturnValue:
    """Lead to the page of the board on which the reader, or their team, stands."""
    if g.rules_version is None or current_user.member_id is None:
        return redirect(url_for("board.index"))
    query = query_of(request.args, today(db.session(), now=utc_now(), rules_version=g.rules_version))
    page = page_of(db.session(), query, member_id=current_user.member_id)
    place = participant_of(db.session(), query, member_id=current_user.member_id)
    anchor = "board-standings" if page is None else f"standing-{place}"
    return redirect(f"{_address(replace(query, page=page or 1))}#{anchor}")


def query_of(args: MultiDict[str, str], day: date) -> BoardQuery:
    """Return what an address asks for; 400 for what is no board. Left out: this month, teams, both sides, total."""
    if any(len(args.getlist(name)) > 1 for name in ("period", "scope", "side", "by", "page")):
        abort(400)
    period, page = args.get("period") or f"{day:%Y-%m}", args.get("page", "1")
    scope, side, by = args.get("scope") or "team", args.get("side") or None, args.get("by") or "total"
    try:
        parse_period(period)
    except PeriodRefused:
        abort(400)
    is_page = page.isdecimal() and len(page) <= 6 and 1 <= int(page) <= LAST_PAGE
    if scope not in SCOPES or side not in (None, *SIDES) or by not in WAYS or not is_page:
        abort(400)
    return BoardQuery(period, scope, side, by if scope == "team" else "total", int(page))


def _digest(query: BoardQuery, day: date, is_fragment: bool) -> str:
    """Return what an answer depends on, as an entity tag."""
    parts = (*_key(query, day), current_user.get_id(), current_user.member_id, is_fragment)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def _key(query: BoardQuery, day: date) -> tuple[Any, ...]:
    """Return what the standings depend on, whoever reads them."""
    return g.scores_version, g.rules_version, query, str(get_locale()), day, current_user.is_manager


def _standings(query: BoardQuery, day: date) -> str:
    """Return the fragment, with the reader's own row marked."""
    html = current_app.extensions["kept_boards"].get(_key(query, day), lambda: _rendered(query))
    if current_user.member_id is None:
        return html
    place = participant_of(db.session(), query, member_id=current_user.member_id, rules_version=g.rules_version)
    row = f'<tr id="standing-{place}"'
    return html.replace(row, f'{row} aria-current="true"', 1)


def _rendered(query: BoardQuery) -> str:
    board = read_board(db.session(), query, now=utc_now())
    return render_template(
        "board/_standings.html",
        board=board,
        shows_missed=current_user.is_manager,  # reps see what was reached, not who fell short
        address=lambda **changes: _address(board.query, **changes),
    ).strip()


def _address(query: BoardQuery, endpoint: str = "board.index", **changes: Any) -> str:
    """Return the address of a board with some of what it asks for changed; None leaves a thing out."""
    asked: Mapping[str, Any] = {
        "period": query.period,
        "scope": query.scope,
        "side": query.side,
        "by": query.by if query.scope == "team" else None,
        "page": query.page if query.page > 1 else None,
        **changes,
    }
    return url_for(endpoint, **{name: value for name, value in asked.items() if value is not None})
