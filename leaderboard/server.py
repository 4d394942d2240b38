"""The production web server, and the scheduler beside it."""

import errno
import os
import socket
import sys


def is_taken(host: str, port: int) -> bool:
    """Tell whether another program listens there already: gunicorn would go on trying for a while."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def run_server(host: str, port: int, workers: int, *, has_scheduler: bool) -> None:
    """Replace this process by a small one that keeps gunicorn and the scheduler running; returns only if that fails."""
    shown = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::1"} else host
    print(f"SLA Leaderboard is at http://{shown}:{port}/", flush=True)
    command = [sys.executable, "-m", "leaderboard.supervisor", host, str(port), str(workers)]
    os.execv(sys.executable, command if has_scheduler else [*command, "--no-scheduler"])
