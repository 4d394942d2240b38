"""The server's time of each page of managers and reps where a year of a million attainments lies behind it."""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from benchmarks.data import NOW, write_lead_events
from benchmarks.databases import Fresh, application, engine_of, load_ground
from benchmarks.importing import import_all
from benchmarks.measuring import Result
from benchmarks.warm import request_of, signed_in
from leaderboard.storage.tables import AttainmentRow, PointEntry

BAR_MS = 50
REQUESTS = 15
OF_MANAGERS = (
    "/manage/",
    "/manage/compliance?period=2026-06",
    "/manage/compliance?period=2026-Q2",
    "/manage/compliance/people?period=2026-Q2",
    "/manage/compliance/slas/speed-to-lead?period=2026-Q2",
    "/manage/compliance/slas/on-time-rate?period=2026-Q2",
    "/manage/compliance/leads?period=2026-Q2&level=missed",
    "/manage/compliance/leads?period=2026-06&sla=on-time-rate",
    "/manage/compliance/compare?first=2026-Q1&second=2026-Q2",
    "/manage/due",
    "/manage/due/overdue",
    "/manage/report/2026-06",
    "/manage/questions",
    "/manage/targets",
    "/manage/targets/speed-to-lead",
    "/manage/agreements",
    "/manage/readiness",
    "/manage/people",
    "/manage/people/{member}",
    "/manage/adjustments",
    "/manage/corrections",
    "/manage/bonuses",
)
OF_REPS = (
    "/?period=2026-06&scope=member",
    "/members/{member}?period=2026-06",
    "/members/{member}/results?period=2026-06",
    "/members/{member}/entries?period=2026-06",
    "/members/{member}/statement/2026-Q2",
    "/results/{attainment}",
    "/points/{entry}",
    "/agreement",
    "/me/questions",
)


def measure(fresh: Fresh, leads: int) -> list[Result]:
    """Import so many leads of a year, then ask for each page REQUESTS times; the median of a page is what counts."""
    app = application(fresh())
    engine = engine_of(app)
    load_ground(engine)
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        path = Path(folder) / "leads.csv"
        write_lead_events(path, leads)
        import_all(engine, path)()
    _stand_still()
    app.config["WTF_CSRF_ENABLED"] = False
    places = _places(engine)
    # An account that belongs to no member answers for all teams.
    cookies = {"manager": signed_in(app, engine, "manager@example.com", "manager"), "rep": signed_in(app, engine)}
    results = []
    for who, paths in (("manager", OF_MANAGERS), ("rep", OF_REPS)):
        for path in paths:
            send = request_of(app, path.format(**places), {"Cookie": cookies[who]})
            results.append(Result(f"{who}: {path}", BAR_MS, _median_ms(send), unit=" ms"))
    return results


def _median_ms(send: Callable[[], str]) -> float:
    """Return the median of how long a request takes, once what is kept between requests is kept."""
    send()
    times = []
    for _ in range(REQUESTS):
        start = perf_counter()
        send()
        times.append(1_000 * (perf_counter() - start))
    return median(times)


def _stand_still() -> None:
    """Let all pages see the moment at which the year of leads has ended."""
    for name, module in list(sys.modules.items()):
        if name.startswith("leaderboard.web.") and hasattr(module, "utc_now"):
            module.utc_now = lambda: NOW


def _places(engine: Engine) -> dict[str, int]:
    """Return the ids of a rep, of something that they reached, and of a row of the ledger about it."""
    with Session(engine) as session:
        of_rep = AttainmentRow.participant_id == select(func.min(AttainmentRow.participant_id)).scalar_subquery()
        row = session.execute(
            select(AttainmentRow.participant_id, AttainmentRow.id, PointEntry.id)
            .join(PointEntry, PointEntry.attainment_id == AttainmentRow.id)
            .where(AttainmentRow.scope == "member", AttainmentRow.is_monthly == 0, of_rep)
            .limit(1)
        ).one()
    return {"member": row[0], "attainment": row[1], "entry": row[2]}
