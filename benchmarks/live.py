"""Displays and open boards followed live, while one event a second is scored: how long until the last one shows it.

The server runs as it does for a company, with two web processes. Who looks, and the writer, share the machine with it.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean, median, quantiles
from threading import Thread
from time import monotonic, sleep

from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from benchmarks.databases import SETTINGS, Fresh, application, engine_of, load_ground
from benchmarks.measuring import Result, in_words
from benchmarks.streaming import POLL_SECONDS, Polls, Streams, Viewer
from leaderboard.domain.displays import Settings, to_text
from leaderboard.domain.events import Event
from leaderboard.services.accounts import token_key
from leaderboard.services.recording import record_event
from leaderboard.storage.accounts_tables import UserAccount, UserSession
from leaderboard.storage.display_tables import DisplayRow
from leaderboard.storage.tables import Member

ACTIVE = 40  # members to whom the events belong, so that each event shows on each board
BOARDS_EACH = 10  # windows of one user
# Each shows all teams, so that each event changes it.
LOOKS = (Settings(), Settings(shows_people=False), Settings(language="pt_BR"), Settings(names="initial"))
REST_SECONDS, IDLE_SECONDS = 6, 20  # so that what is under way ends, and for what streams cost by themselves
PAGE = "/?scope=member"
ADDRESSES = ("scope=team", "scope=member", "scope=team&side=sales", "scope=member&side=sales", "scope=team&by=average")


class World:
    """An organisation whose members score, and those who look at it."""

    def __init__(self, address: str, displays: int, boards: int) -> None:
        self.address = address
        self.engine: Engine = engine_of(application(address))
        load_ground(self.engine)
        self.now = datetime.now(UTC)
        with Session(self.engine) as session:
            self.members = list(session.execute(select(Member.id).order_by(Member.id).limit(ACTIVE)).scalars())
            self.screens = [self._display(session, number) for number in range(displays)]
            self.users = [self._user(session, number) for number in range(-(-boards // BOARDS_EACH))]
            session.commit()
        self.boards = boards
        self.commits: list[float] = []
        self._assigned = self._scored = 0

    def _display(self, session: Session, number: int) -> str:
        token = secrets.token_urlsafe(32)
        values = {"name": f"Screen {number}", "key": token_key(token), "settings": to_text(LOOKS[number % len(LOOKS)])}
        times = {"rotated_at": self.now, "paired_at": self.now, "last_seen_at": self.now}
        rest = {"message": "", "paired_by": "benchmark", "user_agent": ""}
        session.execute(insert(DisplayRow).values(**values, **times, **rest))
        return token

    def _user(self, session: Session, number: int) -> str:
        token = secrets.token_urlsafe(32)
        values = {"email": f"user{number}@example.com", "role": "rep", "password_hash": "", "is_active": 1}
        times = {"created_at": self.now, "password_changed_at": self.now}
        user = insert(UserAccount).values(**values, **times).returning(UserAccount.id)
        user_id = session.execute(user).scalar_one()
        seen = {"created_at": self.now, "last_seen_at": self.now}
        session.execute(insert(UserSession).values(key=token_key(token), user_id=user_id, **seen))
        return token

    def viewers(self) -> list[Viewer]:
        """Return everybody who looks, mixed."""
        walls = [Viewer("/display/stream", "/display/slides", f"display={token}") for token in self.screens]
        quarter = f"period={self.now.year}-Q{(self.now.month + 2) // 3}"
        addresses = [*ADDRESSES, f"{quarter}&scope=team", f"{quarter}&scope=member"]
        boards = []
        for number in range(self.boards):
            address, language = addresses[number % len(addresses)], "en" if number % 3 else "pt_BR"
            cookie = f"session={self.users[number // BOARDS_EACH]}; language={language}"
            boards.append(Viewer(f"/stream?{address}", f"/?{address}", cookie))
        return sorted([*walls, *boards], key=lambda viewer: token_key(viewer.cookie))

    def assign(self, leads: int) -> None:
        """Assign so many leads, which `score` then disposes of one by one."""
        with Session(self.engine) as session:
            for number in range(self._assigned, self._assigned + leads):
                record_event(session, self._event("assigned", number, timedelta(minutes=50)), now=self.now)
        self._assigned += leads

    def score(self) -> None:
        """Record the one event that scores the next lead, and note when that was committed."""
        event = self._event("disposed", self._scored, timedelta(minutes=20))
        with Session(self.engine) as session:
            record_event(session, event, now=datetime.now(UTC))
        self.commits.append(monotonic())
        self._scored += 1

    def _event(self, kind: str, number: int, ago: timedelta) -> Event:
        at, member = self.now - ago, self.members[number % ACTIVE]
        return Event(f"{kind}-{number}", at, f"lead.{kind}", f"lead-{number}", member, source="hook")

    def score_for(self, seconds: int) -> Thread:
        """Score once a second from a thread that is returned."""
        self.commits.clear()

        def work() -> None:
            start = monotonic()
            for number in range(seconds):
                sleep(max(0.0, start + number - monotonic()))
                self.score()

        thread = Thread(target=work)
        thread.start()
        return thread


class Server:
    """The web server in processes of its own."""

    def __init__(self, address: str, *options: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        settings = {"DATABASE_URL": address, "SECRET_KEY": str(SETTINGS["SECRET_KEY"]), "COOKIE_SECURE": "0"}
        command = (sys.executable, "-m", "leaderboard", "serve", "--port", str(self.port), *options)
        self.process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL)
        for _ in range(300):
            try:
                self.page("/healthz")
                return
            except OSError:
                sleep(0.1)
        raise AssertionError("the server does not answer")

    def page(self, path: str, cookie: str = "") -> float:
        """Load a page, and return how long that took."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Cookie": cookie})
        start = monotonic()
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()
        return monotonic() - start

    def _everybody(self, pid: int | None = None) -> Iterator[int]:
        pid = pid or self.process.pid
        yield pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from self._everybody(int(child))

    def processor_seconds(self) -> float:
        """Return the processor time that its processes have used."""
        ticks = 0
        for pid in self._everybody():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_kib(self) -> int:
        """Return the memory that its processes have to themselves."""
        maps = (Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self._everybody())
        return sum(int(line.split()[1]) for each in maps for line in each.splitlines() if line.startswith("Private_"))

    def kill(self) -> None:
        """End all its processes at once, as a machine that fails does."""
        for pid in list(self._everybody()):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        """Stop it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)


@contextmanager
def serving(address: str) -> Iterator[Server]:
    """Yield a server on a database; it ends afterwards."""
    server = Server(address, "--no-scheduler")
    try:
        yield server
    finally:
        server.end()


def delays(viewers: Sequence[Viewer], commits: Sequence[float]) -> list[list[float]]:
    """Return for each commit how long each viewer waited for what came after it; AssertionError if one waits still."""
    found = []
    for commit in commits:
        came = [next((at for at in viewer.changes if at >= commit), None) for viewer in viewers]
        if None in came:
            raise AssertionError(f"{came.count(None)} of {len(viewers)} never saw a change")
        found.append([at - commit for at in came if at is not None])
    return found


def _pages(server: Server, world: World, running: Thread) -> list[float]:
    """Load pages while something runs, and return how long each took."""
    times: list[float] = []

    def work() -> None:
        while running.is_alive():
            times.append(server.page(PAGE, f"session={world.users[0]}"))
            sleep(0.2)

    Thread(target=work, daemon=True).start()
    return times


@dataclass(frozen=True)
class Phase:
    """What was measured. delays: seconds, of each viewer, by event; bytes: a second, of all; busy, idle: cores."""

    delays: list[list[float]]
    bytes: float
    busy: float
    pages: list[float]
    idle: float = 0.0
    kib_each: float = 0.0

    @property
    def all_delays(self) -> list[float]:
        """The delays of all events."""
        return [delay for event in self.delays for delay in event]


def _follow(
    server: Server, world: World, run: Callable[[float], None], viewers: Sequence[Viewer], seconds: int
) -> Phase:
    """Score once a second for so many seconds while `run` looks."""
    spent, moved = server.processor_seconds(), sum(each.received + each.sent for each in viewers)
    writer = world.score_for(seconds)
    pages = _pages(server, world, writer)
    run(seconds)
    busy = (server.processor_seconds() - spent) / seconds
    moved = sum(each.received + each.sent for each in viewers) - moved
    run(REST_SECONDS)
    writer.join()
    if any(viewer.breaks for viewer in viewers):
        raise AssertionError(f"{sum(viewer.breaks for viewer in viewers)} changes or connections were lost")
    return Phase(delays(viewers, world.commits), moved / seconds, busy, pages)


def _stream(server: Server, world: World, seconds: int) -> Phase:
    memory, viewers = server.memory_kib(), world.viewers()
    streams = Streams(server.port, viewers)
    streams.run(REST_SECONDS)
    if not all(viewer.tag for viewer in viewers):
        raise AssertionError("somebody has got nothing to see")
    kib_each = (server.memory_kib() - memory) / len(viewers)
    spent = server.processor_seconds()
    streams.run(IDLE_SECONDS)
    idle = (server.processor_seconds() - spent) / IDLE_SECONDS
    phase = _follow(server, world, streams.run, viewers, seconds)
    streams.close()
    return replace(phase, idle=idle, kib_each=kib_each)


def _poll(server: Server, world: World, seconds: int) -> Phase:
    viewers = world.viewers()
    polls = Polls(server.port, viewers)
    polls.run(2 * POLL_SECONDS)
    return _follow(server, world, polls.run, viewers, seconds)


def measure(fresh: Fresh, displays: int, boards: int, seconds: int, polled: int) -> list[Result]:
    """Follow events live for so many seconds, then by polling for so many; AssertionError if anything is lost."""
    world = World(fresh(), displays, boards)
    world.assign(ACTIVE + seconds + polled)
    for _ in range(ACTIVE):
        world.score()
    with serving(world.address) as server:
        alone = [server.page(PAGE, f"session={world.users[0]}") for _ in range(40)]
        streamed = _stream(server, world, seconds)
    with serving(world.address) as server:
        asked = _poll(server, world, polled)
    every, slow, fast = streamed.all_delays, mean(asked.all_delays), mean(streamed.all_delays)
    note = (
        f"median of all {in_words(median(every))}, slowest {in_words(max(every))}; "
        f"{streamed.kib_each:.0f} KiB a stream; idle {streamed.idle:.3f} cores; "
        f"a page {in_words(median(streamed.pages))} (95 %: {in_words(_95th(streamed.pages))}), "
        f"alone {in_words(median(alone))}"
    )
    last = 1_000 * _95th([max(each) for each in streamed.delays])
    who = f"{displays:,} displays and {boards:,} boards"
    kib = [phase.bytes / 1024 for phase in (streamed, asked)]
    return [
        Result(f"{who}: from a commit to the last, 95 % of events", 500, last, " ms", note=note),
        _against("bytes", *kib, f"{kib[0]:.0f} against {kib[1]:.0f} KiB a second"),
        _against("processor time", streamed.busy, asked.busy, f"{streamed.busy:.2f} against {asked.busy:.2f} cores"),
        _against("delay", fast, slow, f"{in_words(fast)} against {in_words(slow)} on average"),
    ]


def _95th(values: Sequence[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[94]


def _against(what: str, ours: float, theirs: float, note: str) -> Result:
    return Result(f"{what} of streams against polls every {POLL_SECONDS:.0f} s", 1, ours / theirs, note=note)
