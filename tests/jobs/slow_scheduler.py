"""A scheduler whose score job writes, waits, and only then commits; run by path with an address and two numbers."""

import sys
import time

from leaderboard.app import create_app
from leaderboard.jobs import scheduler
from leaderboard.services import jobs
from leaderboard.services.accounts import Limits
from leaderboard.storage.database import all_or_nothing, db

address, job_seconds, stop_seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])


def score(task):
    with all_or_nothing(task.session):
        task.session.connection().exec_driver_sql("UPDATE organisation SET name = 'half'")
        print("at work", flush=True)
        time.sleep(job_seconds)
    yield "worked"


jobs.JOBS["score"] = score
scheduler.STOP_SECONDS = stop_seconds
app = create_app({"DATABASE_URL": address, "SECRET_KEY": "0123456789abcdef-a-key-for-tests-only"})
with app.app_context():
    engine = db.engine
limits: Limits = app.extensions["limits"]
scheduler.run_scheduler(engine, limits)
