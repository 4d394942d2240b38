"""The file of refused rows: what was handed in, byte for byte, ready to be mended and imported again."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from leaderboard.domain.errors import Refused
from leaderboard.domain.shown import shown


class RefusedFile:
    """Collects refused rows under their header. The file appears whole when all is over, if there are any.

    path: None keeps nothing. inputs: the files being read, which must not be overwritten (else Refused).
    """

    def __init__(self, path: Path | None, *inputs: Any) -> None:
        self.path = path
        self._head = b""
        self._file: IO[bytes] | None = None
        if path is not None:
            _refuse_unfit(path, inputs)

    def header(self, raw: bytes) -> None:
        """Take the header as it stands; empty for a file without one."""
        self._head = raw

    def keep(self, raw: bytes, _refusal: object = None) -> None:
        """Take a refused row as it stands."""
        if self.path is None:
            return
        if self._file is None:
            self._file = self._opened(self.path)
            self._file.write(self._head)
        self._file.write(raw)

    def _opened(self, path: Path) -> IO[bytes]:
        if _is_special(path):
            return path.open("wb")
        return NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False)

    def __enter__(self) -> "RefusedFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        if self._file is None or self.path is None:
            return
        self._file.close()
        if _is_special(self.path):
            return
        if kind is None:
            Path(self._file.name).replace(self.path)
        else:
            Path(self._file.name).unlink()


def _is_special(path: Path) -> bool:
    """Tell a pipe or device, which cannot be replaced, from a file."""
    return path.exists() and not path.is_file()


def _refuse_unfit(path: Path, inputs: tuple[Any, ...]) -> None:
    name = shown(os.fsencode(path).decode(errors="replace"), 255)
    folder = path.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK) or path.is_dir():
        raise Refused(f"{name}: refused rows cannot be written there; name a file in a folder that may be written.")
    for each in inputs:
        with suppress(OSError, AttributeError, ValueError):  # not every input is a file on the disk
            stat = each.stat() if isinstance(each, Path) else os.fstat(each.fileno())
            if os.path.samestat(stat, path.stat()):
                raise Refused(f"{name} is being read; name another file for the refused rows.")
