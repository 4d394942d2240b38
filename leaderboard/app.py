"""The application: settings, extensions, blueprints."""

from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask_migrate import Migrate

from leaderboard.resources import resource
from leaderboard.settings import load_settings
from leaderboard.storage import accounts_tables, tables  # noqa: F401 - so that migrations know them
from leaderboard.storage.database import db


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Return the application; `config` overrides what the environment says."""
    app = Flask("leaderboard", template_folder=str(resource("templates")), static_folder=str(resource("static")))
    load_settings(app.config, config)
    db.init_app(app)
    Migrate(app, db, directory=str(resource("migrations")), render_as_batch=True)
    return app
