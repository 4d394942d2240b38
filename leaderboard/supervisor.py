"""Keeps the web server and the scheduler running; `leaderboard serve` becomes it.

It imports nothing of ours, so that it stays small, and has one thread, so that its signals are safe.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from time import monotonic

STOP_SECONDS = 35  # gunicorn takes 10 for requests under way, the scheduler 30 for a job
FIRST_PAUSE, LONGEST_PAUSE = 1, 30
STEADY_SECONDS = 60  # after which a child that ends has not failed to start
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
STOPPING = (signal.SIGTERM, signal.SIGINT)
SIGNALS = (*STOPPING, signal.SIGHUP, signal.SIGCHLD)


def die_with(parent: int) -> None:
    """Let SIGTERM come to this process when its parent ends, however that ends; only Linux does that."""
    if LIBC is None:
        return
    LIBC.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent:  # it has ended meanwhile
        os._exit(1)


class Child:
    """A program that is started again when it ends, after a pause that grows while it keeps failing."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name, self.command = name, command
        self.process: subprocess.Popen[bytes] | None = None
        self.starts_at = monotonic()
        self.starts = 0
        self._pause = FIRST_PAUSE

    def look_after(self) -> int | None:
        """Start the program if it is time to; return its exit code if it has ended, minus the signal's number."""
        if self.process is not None:
            return self.process.poll()
        if monotonic() >= self.starts_at:
            self._start()
        return None

    def send(self, signum: int) -> None:
        """Pass a signal on."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signum)

    def is_running(self) -> bool:
        """Tell whether the program runs."""
        return self.process is not None and self.process.poll() is None

    def _start(self) -> None:
        parent = os.getpid()
        # A group of its own: Ctrl-C reaches it through us alone.
        self.process = subprocess.Popen(self.command, process_group=0, preexec_fn=lambda: die_with(parent))
        self.starts_at = monotonic()
        self.starts += 1

    def could_not_start(self, code: int | None) -> bool:
        """Tell whether the program, started for the first time, ended at once with an error."""
        is_error = code is not None and code > 0
        return is_error and self.starts == 1 and monotonic() - self.starts_at < STEADY_SECONDS

    def note_end(self, code: int) -> None:
        """Log how the program ended, and when it starts again."""
        if monotonic() - self.starts_at >= STEADY_SECONDS:
            self._pause = FIRST_PAUSE
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        say(f"The {self.name} ended ({how}); it starts again in {self._pause} s.")
        self.process, self.starts_at = None, monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)


class Supervisor:
    """Looks after its children until SIGTERM or SIGINT, which it passes on; SIGHUP goes to the web server alone."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = children
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for each in SIGNALS:
            signal.signal(each, lambda _signal, _frame: None)  # what arrives is read from the pipe

    def run(self) -> int:
        """Run until told to stop; return the exit code."""
        while True:
            for child in self.children:
                code = child.look_after()
                if child is self.children[0] and child.could_not_start(code):
                    say(f"The {child.name} could not start (exit code {code}); the lines above say why.")
                    return self._stop(signal.SIGTERM) or 1
                if code is not None:
                    child.note_end(code)
            for signum in self._signals(self._seconds_left()):
                if signum in STOPPING:
                    return self._stop(signum)
                if signum == signal.SIGHUP:
                    self.children[0].send(signum)

    def _seconds_left(self) -> float | None:
        """Return in how many seconds a child starts again, None if all run: a signal then says when one ends."""
        starts = [child.starts_at for child in self.children if child.process is None]
        return max(0.0, min(starts) - monotonic()) if starts else None

    def _signals(self, seconds: float | None) -> bytes:
        """Wait for signals, and return their numbers."""
        is_ready, _, _ = select.select([self._read], [], [], seconds)
        return os.read(self._read, 256) if is_ready else b""

    def _stop(self, signum: int) -> int:
        """Pass on that all shall stop, and wait; what has not ended after a while, or by a second Ctrl-C, is killed."""
        until = monotonic() + STOP_SECONDS
        for child in self.children:
            child.send(signum)
        while any(child.is_running() for child in self.children):
            heard = self._signals(max(0.0, until - monotonic()))
            if monotonic() >= until or signal.SIGINT in heard:
                for child in self.children:
                    child.send(signal.SIGKILL)
                    if child.process is not None:
                        child.process.wait()
        return 0


def say(sentence: str) -> None:
    """Write a line to the log."""
    print(sentence, file=sys.stderr, flush=True)


def server_command(host: str, port: str, workers: str) -> list[str]:
    """Return the command of the web server."""
    gunicorn = [sys.executable, "-m", "gunicorn", "leaderboard.wsgi:app", "--bind", f"{host}:{port}"]
    return [*gunicorn, "--workers", workers, "--config", "python:leaderboard.gunicorn_settings"]


def main(host: str, port: str, workers: str, *rest: str) -> int:
    """Run the web server, and unless --no-scheduler is given the scheduler beside it; return the exit code."""
    children = [Child("web server", server_command(host, port, workers))]
    if "--no-scheduler" not in rest:
        children.append(Child("scheduler", [sys.executable, "-m", "leaderboard", "scheduler"]))
    return Supervisor(children).run()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
