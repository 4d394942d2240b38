"""What all templates have: the organisation's name, static files, how to word things, htmx's settings."""

import json

from flask import Flask

from leaderboard.domain.organisation_text import hours_text
from leaderboard.web import wording
from leaderboard.web.assets import asset, integrity
from leaderboard.web.clock import YEAR_SECONDS
from leaderboard.web.organisation import organisation_name

# No eval and no styles of its own: our security policy allows neither. 409 and 422 carry a fragment with a message.
HTMX = {
    "includeIndicatorStyles": False,
    "allowEval": False,
    "allowScriptTags": False,
    "selfRequestsOnly": True,
    "historyCacheSize": 0,
    "refreshOnHistoryMiss": True,
    "timeout": 10_000,
    "defaultSwapStyle": "outerHTML",
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..", "swap": True},
        {"code": "409", "swap": True},
        {"code": "422", "swap": True},
        {"code": "[45]..", "swap": False, "error": True},
    ],
}


def init_app(app: Flask) -> None:
    """Give templates their filters, functions and values."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR_SECONDS  # their addresses change with their content
    app.jinja_env.filters.update(
        period_name=wording.period_name,
        moment=wording.moment,
        number=wording.number,
        day=wording.day,
        date_name=wording.date_name,
        day_before=wording.day_before,
        weekday_name=wording.weekday_name,
        day_and_month=wording.day_and_month,
        hours_shown=hours_text,
        duration=wording.duration,
        actor_name=wording.actor_name,
        initials=wording.initials,
        hue=wording.hue,
        money=wording.money,
        share=wording.share,
    )
    app.jinja_env.globals.update(asset=asset, integrity=integrity, htmx_config=json.dumps(HTMX, separators=(",", ":")))
    app.context_processor(lambda: {"organisation_name": organisation_name()})
