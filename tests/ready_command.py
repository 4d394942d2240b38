"""The `leaderboard` command with all its modules imported, for tests that run many lines of a shell.

A server imports them once, and forks for each call: importing takes longer than nearly every command. What starts the
command as users do: test_cli.py, test_serving.py, test_wheel.py.
"""

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CALL = """#!{python} -IS
import json, os, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.connect({address!r})
call = json.dumps([sys.argv, os.getcwd(), dict(os.environ)])
socket.send_fds(server, [call.encode()], [0, 1, 2])
sys.exit(int(server.recv(16)))
"""
LONGEST_CALL = 1_000_000
ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def ready_command() -> Iterator[Path]:
    """Yield a folder for the front of PATH: the command in it is answered by a server that runs meanwhile."""
    with tempfile.TemporaryDirectory(prefix="command-") as name:
        folder, address = Path(name), f"{name}/server"
        command = [sys.executable, "-m", "tests.ready_command", address]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as server:
            try:
                assert server.stdout.readline() == b"ready\n"
                call = folder / "leaderboard"
                call.write_text(CALL.format(python=sys.executable, address=address), encoding="utf-8")
                call.chmod(0o700)
                yield folder
            finally:
                server.kill()


def serve(address: str) -> None:
    """Answer calls until killed; each returns once, in a process of its own that has become the caller's."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how those ended that wait for a command
    server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server.bind(address)
    server.listen()
    print("ready", flush=True)
    while True:
        connection, _ = server.accept()
        if os.fork() == 0:
            server.close()
            return answer(connection)
        connection.close()


def answer(connection: socket.socket) -> None:
    """Run what is asked for in a process of its own, which returns; tell the caller how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    call, files, _, _ = socket.recv_fds(connection, LONGEST_CALL, 3)
    process = os.fork()
    if process:
        _, status = os.waitpid(process, 0)
        connection.send(str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    connection.close()
    sys.argv, folder, environment = json.loads(call)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        os.dup2(files[number], number)
        os.close(files[number])
        setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 -- as Python opens them at its start
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)


def run() -> None:
    """Run the command and end, without taking apart what the server has imported: that takes long too."""
    from leaderboard.__main__ import main

    try:
        main()
    except SystemExit as end:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code or 0)


if __name__ == "__main__":
    import leaderboard.cli  # noqa: F401 - this is what takes its time

    gc.freeze()
    serve(sys.argv[1])
    run()
