"""How gunicorn runs the application; `leaderboard serve` names this module to it.

Each stream waits in a thread of its own. Threads are made as they are needed and cost little while they wait; ordinary
requests take turns (leaderboard/web/turns.py), so that they never use more than a few.
"""

import errno
import logging
import resource
import runpy
import threading
from typing import Any

from leaderboard.resources import resource as file_of

SPARE_THREADS = 64  # for pages and files while all streams are taken
SPARE_CONNECTIONS = 500  # kept alive between requests
STACK_BYTES = 1024 * 1024
UNPLUGGED = {errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH}

worker_class = "gthread"
# Not through the application: what gunicorn itself has loaded, its workers do not load anew.
threads = runpy.run_path(str(file_of("config.py")))["MOST_STREAMS"] + SPARE_THREADS
worker_connections = threads + SPARE_CONNECTIONS
limit_request_line = 8190  # what programs may ask for, with every letter percent-encoded
graceful_timeout = 10
loglevel = "warning"
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Give a worker room for its streams, and let them end at once when it is told to stop."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    threading.stack_size(STACK_BYTES)
    logging.getLogger("gunicorn.error").addFilter(is_news)
    worker.wsgi.extensions["hub"].is_stopping = lambda: not worker.alive


def is_news(record: logging.LogRecord) -> bool:
    """Tell whether the log is to have what gunicorn says: not that a screen was unplugged or a laptop shut.

    The system ends their connections, as the application asks it to (leaderboard/web/streams.py).
    """
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, OSError) and error.errno in UNPLUGGED)
