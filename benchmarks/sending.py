"""A CRM that sends its events by REST: in batches, over several connections, each batch at its time."""

import http.client
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic, sleep

from benchmarks.data import MEMBERS, email

BATCH = 1_000  # as many as the API takes at once
CONNECTIONS = 4
SOURCE = "benchmark"
PATIENCE = 120  # seconds, for an answer
IDLE_SECONDS = 1.5  # a server keeps connections open for a while only


@dataclass
class Batch:
    """Events of one request. took: seconds until it was acknowledged; late: after when it was due. None: not yet."""

    number: int
    body: bytes
    took: float | None = None
    late: float = 0.0
    told: dict[str, int] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """The ids of its events."""
        return [f"{self.number}-{place}" for place in range(BATCH)]


def batch(number: int, now: datetime) -> Batch:
    """Return a batch: half of it assigns leads, half disposes of those that the batch before it assigned."""
    rows = []
    for place in range(BATCH):
        is_new = place % 2 == 0
        lead = (number if is_new else number - 1) * BATCH + place // 2
        at = now - timedelta(minutes=50 if is_new else 20, milliseconds=place)
        rows.append(
            {
                "event_id": f"{number}-{place}",
                "occurred_at": at.isoformat(),
                "type": "lead.assigned" if is_new else "lead.disposed",
                "subject": f"lead-{lead}",
                "member": email(lead % MEMBERS),
                "outcome": "" if is_new else "qualified",
            }
        )
    return Batch(number, json.dumps({"source": SOURCE, "events": rows}).encode())


class Sender:
    """Sends batches over connections that stay open, one a thread."""

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.open: dict[int, tuple[http.client.HTTPConnection, float]] = {}

    def send(self, sent: Batch, line: int = 0) -> None:
        """Send a batch and note what became of it; OSError or HTTPException if no answer comes."""
        connection, start = self._connection(line), monotonic()
        try:
            connection.request("POST", "/api/v1/events", sent.body, self.headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        if answer.status != 200:
            raise AssertionError(f"batch {sent.number} gave {answer.status}: {text[:300]!r}")
        told = json.loads(text)
        sent.told = {name: told[name] for name in ("new", "duplicate", "refused")}
        sent.took = monotonic() - start
        self.open[line] = (connection, monotonic())

    def _connection(self, line: int) -> http.client.HTTPConnection:
        """Return the connection of a line, a new one where the server may have closed it for being idle."""
        connection, used_at = self.open.pop(line, (None, 0.0))
        if connection is not None and monotonic() - used_at < IDLE_SECONDS:
            return connection
        if connection is not None:
            connection.close()
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def send_all(self, batches: Sequence[Batch], every: float = 0.0) -> None:
        """Send each batch at its time, so many seconds after the one before it, over CONNECTIONS connections.

        A connection over which no answer comes sends nothing more.
        """
        start = monotonic()

        def work(line: int) -> None:
            for place in range(line, len(batches), CONNECTIONS):
                due = start + place * every
                sleep(max(0.0, due - monotonic()))
                batches[place].late = monotonic() - due if every else 0.0
                try:
                    self.send(batches[place], line)
                except (OSError, http.client.HTTPException):
                    return

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(work, range(CONNECTIONS)))

    def close(self) -> None:
        """Hang up."""
        for connection, _ in self.open.values():
            connection.close()
        self.open = {}
