"""The top 50 from the totals against grouping and ranking the ledger itself, with an index that covers it."""

from sqlalchemy import Engine, text

from benchmarks.measuring import Result, in_words, interleaved, seconds
from leaderboard.storage.boards import page_of_totals

BAR = 50  # at a million rows; grouping fewer takes less, reading the totals does not
GROUPED = text(
    "SELECT member_id, sum(points) AS points, rank() OVER (ORDER BY sum(points) DESC) "
    "FROM point_entry WHERE month = :month GROUP BY member_id ORDER BY points DESC LIMIT 50"
)


def measure(engine: Engine, month: str, entries: int, reads: int, rounds: int) -> list[Result]:
    """Compare the time of one read; all ledger rows lie in the month."""
    with engine.begin() as connection:
        connection.execute(text("CREATE INDEX benchmark_cover ON point_entry (month, member_id, points)"))
        connection.execute(text("ANALYZE"))
    with engine.connect() as connection:

        def ours() -> float:
            return seconds(lambda: page_of_totals(connection, month, "member", None, 0, 50), reads)

        def grouped() -> float:
            return seconds(lambda: connection.execute(GROUPED, {"month": month}).all())

        ours()
        ratio, their_time, our_time = interleaved(grouped, ours, rounds)
    note = f"{in_words(our_time)} against {in_words(their_time)}"
    what = f"the top 50 at {entries:,} ledger rows against grouping them"
    return [Result(what, BAR * entries / 1_000_000, ratio, is_at_least=True, note=note)]
