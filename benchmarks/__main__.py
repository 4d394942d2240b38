"""Measures everything and prints a table: `python -m benchmarks`."""

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec

from benchmarks import closing, importing, live, pages, ranking, recording, rest, trying
from benchmarks.data import NOW
from benchmarks.databases import Fresh, fresh_databases
from benchmarks.measuring import Result


def _working_time(_: Fresh, is_quick: bool) -> list[Result]:
    if find_spec("businesstimedelta") is None:
        sys.exit("businesstimedelta is not installed; install what is compared with: pip install -e '.[benchmarks]'")
    from benchmarks import working_time

    return working_time.measure(pairs=100_000 if is_quick else 1_000_000, theirs=500 if is_quick else 2_000, rounds=5)


def _importing(fresh: Fresh, is_quick: bool) -> list[Result]:
    return importing.measure(fresh, leads=50_000 if is_quick else 500_000, rounds=3)


def _growing(fresh: Fresh, is_quick: bool) -> list[Result]:
    entries, events = (100_000, 50) if is_quick else (1_000_000, 200)
    app, engine = recording.ready(fresh, entries)
    results = recording.measure(engine, recording.ready(fresh, 10_000)[1], entries, events, rounds=9)
    results += ranking.measure(engine, f"{NOW:%Y-%m}", entries, reads=50, rounds=9)
    if find_spec("leaderboard.web.board") is not None:
        from benchmarks import warm

        results += warm.measure(app, engine, requests=200, rounds=9)
    return results


def _closing(fresh: Fresh, is_quick: bool) -> list[Result]:
    return closing.measure(fresh, leads=100_000 if is_quick else 1_000_000, members=1_000 if is_quick else 10_000)


def _live(fresh: Fresh, is_quick: bool) -> list[Result]:
    share = 10 if is_quick else 1
    return live.measure(fresh, 500 // share, 1_500 // share, seconds=300 // share, polled=60)


def _trying(fresh: Fresh, is_quick: bool) -> list[Result]:
    return trying.measure(fresh, clocks=30_000 if is_quick else 300_000, rounds=5)


def _pages(fresh: Fresh, is_quick: bool) -> list[Result]:
    return pages.measure(fresh, leads=100_000 if is_quick else 1_000_000)


def _rest(fresh: Fresh, is_quick: bool, minutes: float = 5) -> list[Result]:
    return rest.measure(fresh, minutes / 10 if is_quick else minutes)


PARTS: dict[str, Callable[[Fresh, bool], list[Result]]] = {
    "working-time": _working_time,
    "import": _importing,
    "ledger": _growing,
    "closing": _closing,
    "live": _live,
    "pages": _pages,
    "try-out": _trying,
    "rest": _rest,
}


def lines_of(result: Result) -> Iterator[str]:
    """Yield a row of the table, and below it what was measured."""
    bar = f"{'≥' if result.is_at_least else '≤'} {result.bar:g}{result.unit}"
    verdict = "met" if result.is_met else "MISSED"
    yield f"{result.what:<70} {bar:>9} {result.measured:>8.2f}{result.unit:<4} {verdict}"
    if result.note:
        yield f"    {result.note}"


def main() -> None:
    """Run the parts that were asked for; exit 1 if a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"one or more of {', '.join(PARTS)}; all if left out")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    parser.add_argument("--database", default="sqlite", help="sqlite, postgresql (a server of its own), or an address")
    parser.add_argument("--minutes", type=float, default=5, help="how long `rest` sends")
    arguments = parser.parse_args()
    parts = {**PARTS, "rest": partial(_rest, minutes=arguments.minutes)}
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"{sorted(unknown)[0]} is no part; choose from {', '.join(PARTS)}")
    print(f"{'what':<70} {'bar':>9} {'measured':>9}", flush=True)
    is_met = True
    with fresh_databases(arguments.database) as fresh:
        for name in arguments.parts or PARTS:
            for result in parts[name](fresh, arguments.quick):
                print(*lines_of(result), sep="\n", flush=True)
                is_met = is_met and result.is_met
    sys.exit(0 if is_met else 1)


if __name__ == "__main__":
    main()
