"""Events by REST beside readers, for minutes; and a server that is killed in the middle of a batch.

The server runs as it does for a company, with two web processes and the scheduler. Who sends and who reads share the
machine with it.
"""

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from random import Random
from statistics import median, quantiles
from threading import Event, Thread
from time import monotonic, sleep

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.orm import Session

from benchmarks.data import AGREEMENT, ORGANISATION, START, people_csv
from benchmarks.databases import Fresh, application, engine_of
from benchmarks.live import Server
from benchmarks.measuring import Result, in_words
from benchmarks.reading import Page, Readers
from benchmarks.sending import BATCH, SOURCE, Batch, Sender, batch
from leaderboard.domain.actors import COMMAND_LINE
from leaderboard.services.accounts import add_user, token_key
from leaderboard.services.agreeing import load_agreement
from leaderboard.services.organising import load_organisation
from leaderboard.services.people import load_people
from leaderboard.services.scoring import score_due
from leaderboard.services.tokens import issue_token
from leaderboard.services.verifying import verify
from leaderboard.storage.accounts_tables import UserAccount, UserSession
from leaderboard.storage.tables import EventRow, Member

EVENTS_A_MINUTE = 50_000
READERS = 200
KILLS, AT_A_KILL = 5, 40  # batches that are being sent then
POST_MS, READ_MS = 5_000, 1_000  # at the 99th percentile: most CRMs give up on an answer after 5 seconds or later
CRM = "crm@example.com"


class World:
    """An organisation, a program that may send events, and those who read."""

    def __init__(self, address: str) -> None:
        self.address, self.now = address, datetime.now(UTC)
        self.engine: Engine = engine_of(application(address))
        month = f"{self.now:%Y-%m-01}"  # so that nothing is to be closed meanwhile
        how = {"now": START, "by": COMMAND_LINE}
        with Session(self.engine) as session:
            load_organisation(session, ORGANISATION, **how)
            load_people(session, BytesIO(people_csv().encode()), **how)
            load_agreement(session, AGREEMENT.replace("2025-01-01", month), **how)
            add_user(session, email=CRM, role="admin", now=self.now, by=COMMAND_LINE)
            asked = {"email": CRM, "name": "benchmark", "scopes": ("events:write", "read")}
            self.token = issue_token(session, **asked, now=self.now, by=COMMAND_LINE)
            members = session.execute(select(Member.id, Member.email).order_by(Member.id).limit(READERS)).all()
            self.cookies = [self._cookie(session, *member) for member in members]
            session.commit()

    def _cookie(self, session: Session, member_id: int, email: str) -> str:
        token = secrets.token_urlsafe(32)
        values = {"email": email, "role": "rep", "password_hash": "", "is_active": 1, "member_id": member_id}
        times = {"created_at": self.now, "password_changed_at": self.now}
        user_id = session.execute(insert(UserAccount).values(**values, **times).returning(UserAccount.id)).scalar_one()
        seen = {"created_at": self.now, "last_seen_at": self.now}
        session.execute(insert(UserSession).values(key=token_key(token), user_id=user_id, **seen))
        return f"session={token}"

    def stored(self, batches: Sequence[Batch]) -> dict[int, int]:
        """Return how many events of each batch are stored."""
        asked = {event_id: each.number for each in batches for event_id in each.ids}
        with Session(self.engine) as session:
            query = select(EventRow.event_id).where(EventRow.source == SOURCE)
            return Counter(asked[found] for found in session.execute(query).scalars() if found in asked)

    def differences(self) -> list[str]:
        """Return what `verify` finds, once what has fallen due is scored."""
        with Session(self.engine) as session:
            now = datetime.now(UTC)
            score_due(session, now=now)
            return list(verify(session, now=now))


def measure(fresh: Fresh, minutes: float) -> list[Result]:
    """Send for so many minutes beside the readers, then kill a server KILLS times: nothing is lost or comes twice."""
    return [*_send_beside_readers(World(fresh()), minutes), *_kill(World(fresh()))]


def _send_beside_readers(world: World, minutes: float) -> list[Result]:
    count = max(1, round(EVENTS_A_MINUTE * minutes / BATCH))
    every = 60 * BATCH / EVENTS_A_MINUTE
    batches = [batch(number, datetime.now(UTC)) for number in range(1, count + 1)]
    server = Server(world.address, "--workers", "2")
    try:
        readers = Readers(server.port, world.cookies)
        memory, spent, start = server.memory_kib(), server.processor_seconds(), monotonic()
        with Sampler(server) as sampled:
            sender = Sender(server.port, world.token)
            sender.send_all(batches, every)
            sender.close()
            took = monotonic() - start
        cores = (server.processor_seconds() - spent) / took
        pages, changes, gaps, failed = readers.stop()
    finally:
        server.end()
    posts = sorted(each.took for each in batches if each.took is not None)
    rate = 60 * sum(each.told.get("new", 0) for each in batches) / max(took, count * every)
    late = max(each.late for each in batches)
    print(f"    {len(pages):,} pages, {changes:,} changes of {READERS} open boards, {gaps} gaps, {failed} failed")
    note = (
        f"median {in_words(median(posts))}, slowest {in_words(posts[-1])}, {in_words(late)} late at most; "
        f"{cores:.2f} cores; {memory / 1024:.0f} MiB at first, {sampled.most_kib / 1024:.0f} at most"
    )
    who = f"{count * BATCH:,} events beside {READERS} readers"
    return [
        Result(f"{who}: events a minute", EVENTS_A_MINUTE * 0.98, rate, "", is_at_least=True, note=note),
        Result("a batch of 1,000, 99 % of them", POST_MS, 1_000 * _99th(posts), " ms"),
        Result(
            "a page meanwhile, 99 % of them",
            READ_MS,
            1_000 * _99th([each for _, each in pages]),
            " ms",
            note=_told(pages),
        ),
        Result("streams that broke, pages that failed", 0, gaps + failed, ""),
        *_wrong(world, batches),
    ]


def _kill(world: World) -> list[Result]:
    """Kill the server while batches are under way, look what is there, start it, and send the rest again."""
    chance, lost, halves = Random(7), 0, 0
    everything: list[Batch] = []
    server = Server(world.address, "--workers", "2")
    for _ in range(KILLS):
        batches = [batch(len(everything) + place, datetime.now(UTC)) for place in range(1, AT_A_KILL + 1)]
        everything += batches
        sender = Sender(server.port, world.token)
        sender.send(batches[0])
        assert batches[0].took is not None
        sending = Thread(target=sender.send_all, args=(batches[1:],))
        sending.start()
        sleep(batches[0].took * chance.uniform(3, 6))
        server.kill()
        sending.join()
        sender.close()
        stored = world.stored(everything)
        lost += sum(stored[each.number] != BATCH for each in everything if each.took is not None)
        halves += sum(stored[each.number] not in (0, BATCH) for each in everything)
        server = Server(world.address, "--workers", "2")
        known = _send_again(server, world, [each for each in batches if each.took is None])
        print(
            f"    killed with {known[0]} of {AT_A_KILL} batches not acknowledged, {known[1]} of which were stored",
            flush=True,
        )
    server.end()
    return [
        Result(f"acknowledged batches lost by {KILLS} kill -9", 0, lost, ""),
        Result("batches stored in part", 0, halves, ""),
        *_wrong(world, everything),
    ]


def _send_again(server: Server, world: World, batches: Sequence[Batch]) -> tuple[int, int]:
    """Send what was not acknowledged, and return how many batches that were, and how many were stored nonetheless."""
    sender = Sender(server.port, world.token)
    sender.send_all(batches)
    sender.close()
    if any(each.told["new"] not in (0, BATCH) or each.told["refused"] for each in batches):
        raise AssertionError("a batch was stored in part, or refused")
    return len(batches), sum(each.told["duplicate"] == BATCH for each in batches)


def _wrong(world: World, batches: Sequence[Batch]) -> list[Result]:
    """Return what is not there or there twice, and what `verify` says."""
    stored = world.stored(batches)
    with Session(world.engine) as session:
        rows = session.execute(select(func.count()).where(EventRow.source == SOURCE)).scalar_one()
    missing = sum(max(0, BATCH - stored[each.number]) for each in batches)
    differences = world.differences()
    note = "; ".join(differences[:3])
    return [
        Result("events that are missing", 0, missing, ""),
        Result("events too many", 0, rows + missing - BATCH * len(batches), ""),
        Result("differences that verify finds", 0, len(differences), "", note=note),
    ]


class Sampler:
    """Looks every few seconds how much memory a server has to itself."""

    def __init__(self, server: Server) -> None:
        self.server, self.most_kib = server, 0
        self._is_over = Event()
        self._thread = Thread(target=self._look)

    def __enter__(self) -> "Sampler":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._is_over.wait(3):
            self.most_kib = max(self.most_kib, self.server.memory_kib())


def _99th(values: Sequence[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[98] if len(values) > 1 else max(values)


def _told(pages: Sequence[Page]) -> str:
    by_path = {path: [each for found, each in pages if found == path] for path in sorted({path for path, _ in pages})}
    return "; ".join(
        f"{path}: median {in_words(median(times))}, 99 % {in_words(_99th(times))}" for path, times in by_path.items()
    )
