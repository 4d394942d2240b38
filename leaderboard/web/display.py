"""The page of the screen on a wall."""

from flask import Blueprint, make_response
from flask.typing import ResponseReturnValue

from leaderboard.web.devices import device_of_request, renew_device
from leaderboard.web.pairing import pairing_page
from leaderboard.web.rights import public

bp = Blueprint("display", __name__)


@bp.get("/display")
@public
def index() -> ResponseReturnValue:
    """Show the board of the display that asks, or how to make the screen one."""
    device = device_of_request()
    if device is None:
        return pairing_page()
    response = make_response(f"<!doctype html><title>{device.id}</title><h1>The wall</h1>")
    renew_device(response, device)
    return response
