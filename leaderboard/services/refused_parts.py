"""The refused rows of an import in batches, as they stand in the file, under its header, kept in pieces."""

from sqlalchemy.orm import Session

from leaderboard.services.upload_streams import PART
from leaderboard.storage import uploads


class RefusedParts:
    """Takes refused rows within the transactions of an import; nothing is kept of one that is rolled back."""

    def __init__(self, session: Session, upload_id: int) -> None:
        self._session, self._upload_id = session, upload_id
        self._number = uploads.count_parts(session.connection(), upload_id, uploads.REFUSED)
        self._header, self._content = b"", bytearray()

    def keep_header(self, raw: bytes) -> None:
        """Take the header as it stands."""
        self._header = raw

    def keep(self, raw: bytes, _refusal: object) -> None:
        """Take a refused row as it stands."""
        if self._number == 0 and not self._content:
            self._content += self._header
        self._content += raw
        if len(self._content) >= PART:
            self.flush()

    def flush(self) -> None:
        """Store what was taken, in the session's transaction."""
        if self._content:
            content = bytes(self._content)
            uploads.put_part(self._session.connection(), self._upload_id, uploads.REFUSED, self._number, content)
            self._number += 1
            self._content.clear()
