"""The production web server: gunicorn around leaderboard.wsgi."""

import os
import sys


def run_server(host: str, port: int, workers: int) -> None:
    """Replace this process by gunicorn; returns only if that fails."""
    shown = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::1"} else host
    print(f"SLA Leaderboard is at http://{shown}:{port}/", flush=True)
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "leaderboard.wsgi:app",
        "--bind",
        f"{host}:{port}",
        "--workers",
        str(workers),
        "--worker-class",
        "gthread",
        "--threads",
        "16",
        "--graceful-timeout",
        "10",
        "--log-level",
        "warning",
        "--no-control-socket",
    ]
    os.execv(sys.executable, command)
