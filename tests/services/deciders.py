"""Managers who decide on the same awards at once; run by itself it is one of several processes."""

import json
import random
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from time import perf_counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from leaderboard.domain.actors import Actor
from leaderboard.domain.errors import Refused
from leaderboard.services.deciding import approve, mark_paid
from leaderboard.services.exporting import create_export, mark_export_paid
from leaderboard.storage.bonus_tables import BonusAward, PayrollExport
from tests.factories import opened
from tests.services.bonus_examples import DECIDABLE_AT

LATER = DECIDABLE_AT + timedelta(hours=1)
AT_ONCE = 5


def decide(session: Session, seed: int) -> dict[str, int]:
    """Approve all awards in an order of one's own, pay some, export and pay the rest; return how much was done.

    `told` counts the refusals that name who was faster.
    """
    by, order = Actor(f"manager{seed}@example.com"), random.Random(seed)
    ids = list(session.execute(select(BonusAward.id)).scalars())
    done: Counter[str] = Counter()
    for pay in (False, True):
        order.shuffle(ids)
        for start in range(0, len(ids) // 2 if pay else len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            outcome = (mark_paid if pay else approve)(session, some, by=by, now=LATER)
            done["paid" if pay else "approved"] += len(outcome.done)
            done["told"] += sum(each.because == "decided" and each.by is not None for each in outcome.refused)
            done["asked"] += len(some)
    with suppress(Refused):
        create_export(session, by=by, now=LATER)
        done["exports"] += 1
    for number in session.execute(select(PayrollExport.id)).scalars().all():
        with suppress(Refused):
            done["paid"] += mark_export_paid(session, number, by=by, now=LATER)
    return dict(done)


def decide_in_processes(address: str, number: int) -> tuple[Counter[str], float]:
    """Let so many processes decide at once; return what they did together, and the seconds that it took."""
    command = [sys.executable, "-W", "error", "-m", "tests.services.deciders", address]
    start = perf_counter()
    running = [
        subprocess.Popen([*command, str(seed)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for seed in range(number)
    ]
    told = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0] * number, told
    done: Counter[str] = Counter()
    for output, _ in told:
        done.update(json.loads(output))
    return done, perf_counter() - start


if __name__ == "__main__":
    with opened(sys.argv[1]) as session:
        print(json.dumps(decide(session, int(sys.argv[2]))))
