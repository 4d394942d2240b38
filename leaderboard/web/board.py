"""The leaderboard: standings of a month or quarter, by team or person, by side (S1-S4, P4).

What a board shows is kept until the scores change; only who looks at it is filled in for each reader.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    g,
    get_template_attribute,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from leaderboard.domain.agreement import SIDES
from leaderboard.domain.errors import PeriodRefused
from leaderboard.domain.periods import parse_period
from leaderboard.services.boards import Board, BoardQuery, Standing, page_of, participant_of, read_board, today
from leaderboard.services.corrections import count_corrections
from leaderboard.services.scopes import Reach
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.fragments import wants_fragment
from leaderboard.web.kept import Kept
from leaderboard.web.languages import choose_language
from leaderboard.web.organisation import organisation_name
from leaderboard.web.wording import period_name

bp = Blueprint("board", __name__)
SCOPES, WAYS = ("team", "member"), ("total", "average")
MOST_BOARDS, MOST_ADDRESSES, MOST_ROWS = 256, 1024, 8192
LAST_PAGE = 100_000


class Shown(NamedTuple):
    """A board as all who see as much see it. head: the title as htmx takes it; tag: changes with what is shown."""

    title: str
    head: bytes
    standings: bytes
    tag: str


@bp.record_once
def _keep(state: Any) -> None:
    state.app.extensions["kept_boards"] = Kept[Shown](MOST_BOARDS)
    state.app.extensions["kept_addresses"] = Kept[BoardQuery](MOST_ADDRESSES)
    state.app.extensions["read_boards"] = Kept[tuple[Board, int]](MOST_BOARDS)
    state.app.extensions["kept_contents"] = Kept[Shown](MOST_BOARDS)
    state.app.extensions["kept_rows"] = Kept[Markup](MOST_ROWS)


@bp.get("/")
def index() -> ResponseReturnValue:
    """The board that the address asks for: the page, or for htmx its standings alone."""
    if g.rules_version is None:
        return render_template("board/empty.html")
    reader = current_user._get_current_object()  # asked for once: each look through the proxy costs time
    query, shown = _asked_for(reader.reach)
    if not wants_fragment():
        standings = Markup(_for_reader(shown, query, reader.member_id).decode())
        return render_template("board/index.html", title=shown.title, standings=standings)
    tag = f"{shown.tag}-{reader.id}-{reader.member_id}"
    headers = {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache"}
    if tag in request.if_none_match:
        return Response(status=304, headers=headers)
    body = shown.head + _for_reader(shown, query, reader.member_id)
    return Response(body, headers=headers, mimetype="text/html")


@bp.get("/find-me")
def find_me() -> ResponseReturnValue:
    """Lead to the page of the board on which the reader, or their team, stands."""
    if g.rules_version is None:
        return redirect(url_for("board.index"))
    query = query_of(request.args, today(db.session(), now=utc_now(), rules_version=g.rules_version))
    if current_user.member_id is None:
        return _not_there(query)
    page = page_of(db.session(), query, member_id=current_user.member_id)
    if page is None:
        return _not_there(query)
    place = participant_of(db.session(), query, member_id=current_user.member_id)
    return redirect(f"{_address(replace(query, page=page))}#standing-{place}")


def _not_there(query: BoardQuery) -> ResponseReturnValue:
    flash(_("You are not on this board."), "wrong")
    return redirect(_address(replace(query, page=1)))


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
    is_page = page.isascii() and page.isdecimal() and len(page) <= 6 and 1 <= int(page) <= LAST_PAGE
    if scope not in SCOPES or side not in (None, *SIDES) or by not in WAYS or not is_page:
        abort(400)
    return BoardQuery(period, scope, side, by if scope == "team" else "total", int(page))


def standings_now(query: BoardQuery, reach: Reach) -> str:
    """Return the standings of a board as everybody sees them, in the language in force."""
    day = today(db.session(), now=utc_now(), rules_version=g.rules_version)
    return _shown(query, str(get_locale()), day, reach).standings.decode()


def _asked_for(reach: Reach) -> tuple[BoardQuery, Shown]:
    """Return what the request asks for."""
    day = today(db.session(), now=utc_now(), rules_version=g.rules_version)
    address = request.query_string, day
    query = current_app.extensions["kept_addresses"].get(address, lambda: query_of(request.args, day))
    return query, _shown(query, choose_language(), day, reach)


def _shown(query: BoardQuery, language: str | None, day: date, reach: Reach) -> Shown:
    """Return a board, made only if it is not kept."""
    key = g.scores_version, g.rules_version, query, language, day, reach
    return current_app.extensions["kept_boards"].get(key, lambda: _rendered(query, day, reach))


def _for_reader(shown: Shown, query: BoardQuery, member_id: int | None) -> bytes:
    """Return the standings with the reader's own row marked."""
    if member_id is None:
        return shown.standings
    place = participant_of(db.session(), query, member_id=member_id, rules_version=g.rules_version)
    section, row = b'<section id="board-standings"', f'<tr id="standing-{place}"'.encode()
    whose = shown.standings.replace(section, section + f' data-mine="{place}"'.encode(), 1)
    return whose.replace(row, row + b' aria-current="true"', 1)


def _rendered(query: BoardQuery, day: date, reach: Reach) -> Shown:
    """Return a board; reach: reps see what was reached, not who fell short, and of corrections their own.

    Nor do managers see who fell short in teams that they do not answer for: of their own other pages tell them.

    Most of what is scored changes few boards, or nothing that one sees: what holds the same is not rendered again.
    """
    kept, version = current_app.extensions, (g.scores_version, g.rules_version)
    board, taken = kept["read_boards"].get((*version, query, day), lambda: _read(query))
    key = board, taken, reach, str(get_locale()), organisation_name()
    return kept["kept_contents"].get(key, lambda: _rendered_anew(board, query, taken, reach))


def _read(query: BoardQuery) -> tuple[Board, int]:
    """Return a board, and how many corrections its period took."""
    board = read_board(db.session(), query, now=utc_now())
    return board, count_corrections(db.session(), parse_period(query.period), rules_version=g.rules_version)


def _rendered_anew(board: Board, query: BoardQuery, taken: int, reach: Reach) -> Shown:
    title = _title(query)
    html = render_template(
        "board/_standings.html",
        board=board,
        title=title,
        shows_missed=reach is Reach.ALL,
        sees_corrections=reach is not Reach.NONE,
        corrections=taken,
        row=lambda standing: _row(standing, board, reach),
        address=lambda **changes: _address(board.query, **changes),
    )
    head = Markup("<title>{} · {}</title>").format(title, organisation_name()).encode()
    standings = html.strip().encode()
    return Shown(title, head, standings, hashlib.sha256(head + standings).hexdigest()[:24])


def _row(standing: Standing, board: Board, reach: Reach) -> Markup:
    """Return a row of a board: one event changes few of them."""
    is_first_period = board.previous is None or board.leader_points == 0
    key = standing, board.query, is_first_period, board.leader_score, reach, str(get_locale())
    row = get_template_attribute("board/_macros.html", "row")
    return current_app.extensions["kept_rows"].get(key, lambda: row(standing, board, reach is Reach.ALL))


def _title(query: BoardQuery) -> str:
    whom = _("Teams") if query.scope == "team" else _("People")
    sides = {"sales": _("Sales"), "marketing": _("Marketing")}
    return " · ".join((period_name(query.period), whom, *([sides[query.side]] if query.side else [])))


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
