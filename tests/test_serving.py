"""`leaderboard serve` in real processes: what dies comes back, what is ended is gone, and nobody is left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.test_cli import House

KEY = "0123456789abcdef-a-key-for-tests-only"
PATIENCE = 60  # seconds, for what takes one or two


class Server:
    """A server with its scheduler, on a database and a port of its own."""

    def __init__(self, house, *options):
        house.run("upgrade")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.house, self.options = house, options
        self.start_again()

    def start_again(self):
        words = ("serve", "--port", str(self.port), "--workers", "1", *self.options)
        self.process = self.house.start(*words)
        self.first_line = self.process.stdout.readline()

    def answers(self, path="/healthz"):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def children(self, of=None):
        """Return the living processes below one, each with its command."""
        pid = of or self.process.pid
        pids = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return {each: command_of(each) for each in pids if not is_gone(each)}

    def pid_of(self, word):
        return next((pid for pid, command in self.children().items() if word in command), 0)

    def everybody(self):
        below = list(self.children())
        return [self.process.pid, *below, *(pid for each in below for pid in self.children(each))]

    def looked_by(self):
        """Return the process id of the scheduler that looked last."""
        rows = self.house.rows("SELECT by FROM job_look WHERE job = 'score'")
        return int(rows[0][0].split()[-1]) if rows else None

    def end(self, signum=signal.SIGTERM):
        self.process.send_signal(signum)
        return self.process.communicate(timeout=PATIENCE)[1]


def until(is_so):
    """Wait for something to become so, and return it."""
    end = time.monotonic() + PATIENCE
    while not (found := is_so()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def command_of(pid):
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def is_gone(pid):
    """Tell whether a process has ended, whether or not somebody has taken note of it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.fixture
def serve(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", KEY)
    started = []

    def start(*options):
        started.append(Server(House(tmp_path, monkeypatch), *options))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.end()


def test_what_dies_comes_back_and_a_stop_ends_all(serve):
    server = serve()
    assert server.first_line == f"SLA Leaderboard is at http://localhost:{server.port}/\n"
    until(server.answers)
    until(server.looked_by)
    scheduler, web = server.pid_of("scheduler"), server.pid_of("gunicorn")
    assert server.looked_by() == scheduler  # and no web worker looks
    assert len(server.children()) == 2

    os.kill(scheduler, signal.SIGKILL)
    assert until(lambda: server.looked_by() != scheduler and server.looked_by()) == server.pid_of("scheduler")
    assert server.answers()

    (worker,) = server.children(web)
    server.process.send_signal(signal.SIGHUP)  # a reload: the same server, new workers
    until(lambda: is_gone(worker) and len(server.children(web)) == 1)
    assert server.pid_of("gunicorn") == web

    (worker,) = server.children(web)
    os.kill(web, signal.SIGKILL)
    until(lambda: is_gone(worker) and server.pid_of("gunicorn") and server.children(server.pid_of("gunicorn")))
    until(lambda: server.answers("/readyz"))
    everybody = server.everybody()
    assert len(everybody) == 4
    errors = server.end()
    assert server.process.returncode == 0
    assert all(map(is_gone, everybody))
    assert "The scheduler ended (signal 9); it starts again in 1 s.\n" in errors
    assert "The web server ended (signal 9); it starts again in 1 s.\n" in errors
    assert "Traceback" not in errors


def test_nobody_outlives_a_supervisor_that_is_killed(serve):
    server = serve()
    until(server.answers)
    until(server.looked_by)
    everybody = server.everybody()
    server.end(signal.SIGKILL)
    until(lambda: all(map(is_gone, everybody)))


def test_ctrl_c_ends_all_and_no_scheduler_runs_where_none_is_wanted(serve):
    server = serve("--no-scheduler")
    until(server.answers)
    everybody = server.everybody()
    assert len(everybody) == 3
    server.end(signal.SIGINT)
    assert server.process.returncode == 0
    assert all(map(is_gone, everybody))
    assert server.looked_by() is None


SUPERVISE = "import sys; from leaderboard.supervisor import *; sys.exit(Supervisor([{}]).run())"
ENDS = "Child({!r}, [sys.executable, '-c', 'raise SystemExit({})'])"


def test_a_web_server_that_cannot_start_is_1_and_takes_the_scheduler_along():
    sleeps = "Child('scheduler', [sys.executable, '-c', 'import time; time.sleep(600)'])"
    program = SUPERVISE.format(f"{ENDS.format('web server', 3)}, {sleeps}")
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The web server could not start (exit code 3); the lines above say why.\n"


def test_a_pause_before_each_start_doubles():
    sleeps = "Child('web server', [sys.executable, '-c', 'import time; time.sleep(600)'])"
    program = SUPERVISE.format(f"{sleeps}, {ENDS.format('scheduler', 1)}")
    process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True)
    lines = [process.stderr.readline() for _ in range(2)]
    process.terminate()
    process.communicate(timeout=PATIENCE)
    told = "The scheduler ended (exit code 1); it starts again in {} s.\n"
    assert lines == [told.format(1), told.format(2)]


def test_no_web_worker_knows_the_scheduler():
    program = "import leaderboard.wsgi, sys, threading; print('apscheduler' in sys.modules, threading.active_count())"
    environment = {**os.environ, "DATABASE_URL": "sqlite:////nowhere/at/all.db", "SECRET_KEY": KEY}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "False 1\n"


STUBBORN = "import signal, time; signal.signal(2, signal.SIG_IGN); print(flush=True); time.sleep(600)"


def test_a_child_that_does_not_end_is_killed_at_a_second_ctrl_c():
    program = SUPERVISE.format(f"Child('web server', [sys.executable, '-c', {STUBBORN!r}])")
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "\n"
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
    process.send_signal(signal.SIGINT)
    assert process.stdout.read() == ""
    assert process.wait(PATIENCE) == 0
    process.stdout.close()
