"""Files for the time being."""

import os
from tempfile import TemporaryFile


class Scratch:
    """A file on the disk that has no name, and is gone when nobody holds it any more."""

    def __init__(self) -> None:
        self._file = file = TemporaryFile()  # noqa: SIM115 - closed below
        self.read, self.write, self.seek, self.tell, self.flush = (
            file.read,
            file.write,
            file.seek,
            file.tell,
            file.flush,
        )

    def __del__(self) -> None:
        self._file.close()

    def seekable(self) -> bool:
        """Tell that it can be wound back, as a file does."""
        return True

    def at(self, place: int, length: int) -> bytes:
        """Return so many bytes from a place on; what was written must be flushed."""
        return os.pread(self._file.fileno(), length, place)
