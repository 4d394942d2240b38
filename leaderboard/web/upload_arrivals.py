"""How files arrive: in pieces of a megabyte where scripts run, else as one form, larger than other forms may be."""

from flask import Flask, request
from flask_login import current_user
from werkzeug.exceptions import RequestTimeout

from leaderboard.services.uploads import MOST_BYTES

WHOLE_FILE = "uploads.send"  # the one endpoint that takes so much
BESIDE_THE_FILE = 64 * 1024  # bytes of the form around it
SILENT_SECONDS = 20


def init_app(app: Flask) -> None:
    """Let administrators send a whole file; it stands before the forms' tokens are checked, which reads the form."""
    app.before_request(_allow_whole_file)


def _allow_whole_file() -> None:
    """Take more than usual from an administrator, at that one address; nobody else sends a byte beyond the usual."""
    if request.endpoint != WHOLE_FILE or not current_user.is_authenticated or not current_user.is_admin:
        return
    request.max_content_length = MOST_BYTES + BESIDE_THE_FILE
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(SILENT_SECONDS)  # or else who falls silent would keep a turn (web/turns.py)
    try:
        request.form  # noqa: B018 - reads it
    except TimeoutError:
        raise RequestTimeout from None
    finally:
        if connection is not None:
            connection.settimeout(None)
