"""The doors for CRMs' webhooks: public, each delivery proves itself; an answer of 200 says that it is on disk."""

import logging
import sqlite3

from flask import Blueprint, Response, jsonify, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from leaderboard.domain.errors import DeliveryRefused
from leaderboard.domain.payloads import MOST_BYTES
from leaderboard.domain.signatures import Request
from leaderboard.services.receiving import receive
from leaderboard.storage.database import db
from leaderboard.web.clock import utc_now
from leaderboard.web.means import means
from leaderboard.web.rights import public
from leaderboard.web.sessions import csrf
from leaderboard.web.throttling import address

bp = Blueprint("hooks", __name__, url_prefix="/hooks")
csrf.exempt(bp)
logger = logging.getLogger(__name__)
BUSY_SECONDS = 30
# What Salesforce takes for "it has arrived", word for word; anything else is sent again for a day.
ACKNOWLEDGED = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>\
<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>\
</soapenv:Body></soapenv:Envelope>"""


@bp.post("/<slug>")
@bp.post("/<slug>/<key>")
@public
def deliver(slug: str, key: str = "") -> Response:
    """Take what a CRM sends. The key is a secret: no log and no answer has it."""
    try:
        proof = _request(key)
        received = receive(db.session(), slug, proof, now=utc_now(), means=means(), address=address())
    except DeliveryRefused as error:
        return _problem(error.status, str(error), error.seconds)
    except RequestEntityTooLarge:
        return _problem(413, f"The body is larger than {MOST_BYTES:,} bytes; send less at a time.")
    except HTTPException as error:
        return _problem(error.code or 400, "The request could not be read; send it again.")
    except (OperationalError, sqlite3.OperationalError):
        logger.exception("hook: the database is busy")
        return _problem(503, "The database is busy; send it again.", BUSY_SECONDS)
    except Exception:
        logger.exception("hook: a delivery failed")  # not by the usual page, whose log has the address
        return _problem(500, "Something went wrong on our side; send it again.")
    if received.is_soap:
        return Response(ACKNOWLEDGED, mimetype="text/xml")
    return jsonify(accepted=True, repeated=not received.is_new)


def _request(key: str) -> Request:
    request.max_content_length = MOST_BYTES
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Request(request.method, _addresses(), headers, request.get_data(cache=False), key)


def _addresses() -> list[str]:
    """Return the addresses under which a CRM may have called: as the settings say, and as the request does."""
    raw = str(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or "")
    path = raw if raw.startswith("/") else request.full_path.removesuffix("?")
    known = means().address
    ours = [known + path.removeprefix(request.script_root)] if known else []
    return list(dict.fromkeys((*ours, f"{request.scheme}://{request.host}{path}", f"https://{request.host}{path}")))


def _problem(status: int, detail: str, seconds: int | None = None) -> Response:
    """Return a refusal as RFC 9457 wants it; in the same shape whether or not there is such a webhook."""
    response = jsonify(type="about:blank", status=status, detail=detail)
    response.status_code, response.mimetype = status, "application/problem+json"
    if seconds is not None:
        response.headers["Retry-After"] = str(seconds)
    return response
