"""The application: settings, extensions, blueprints."""

import logging
from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask_migrate import Migrate
from jinja2 import StrictUndefined

from leaderboard.resources import resource
from leaderboard.settings import load_settings
from leaderboard.storage import (  # noqa: F401 - so that migrations know them
    accounts_tables,
    agreement_tables,
    bonus_tables,
    closing_tables,
    compliance_tables,
    connection_tables,
    display_tables,
    mail_tables,
    tables,
    trail_tables,
    upload_tables,
)
from leaderboard.storage.database import db
from leaderboard.web import (
    accounts,
    adjustments,
    agreements,
    anonymous,
    api_docs,
    api_operations,
    audit,
    awards,
    badges,
    board,
    bonuses,
    calendar_feed,
    certificates,
    comparing,
    compliance,
    compliance_files,
    corrections,
    display,
    display_streams,
    displays,
    drafts,
    due,
    errors,
    health,
    hook_mappings,
    hook_settings,
    hook_targets,
    hooks,
    jobs,
    languages,
    manage,
    means,
    members,
    notices,
    oidc,
    pages,
    pairing,
    payroll,
    people,
    personal,
    points,
    proposals,
    questions,
    readiness,
    report,
    security,
    sessions,
    setting_up,
    settings,
    statements,
    streams,
    table_files,
    targets,
    tokens,
    trying,
    unknown_names,
    upload_mappings,
    uploads,
    users,
)

# Every page: one blueprint a module of leaderboard/web.
BLUEPRINTS = (
    board.bp,
    badges.bp,
    accounts.bp,
    oidc.bp,
    members.bp,
    points.bp,
    statements.bp,
    certificates.bp,
    awards.bp,
    notices.bp,
    calendar_feed.bp,
    manage.bp,
    agreements.bp,
    drafts.bp,
    trying.bp,
    targets.bp,
    proposals.bp,
    questions.bp,
    compliance.bp,
    compliance_files.bp,
    comparing.bp,
    due.bp,
    report.bp,
    bonuses.bp,
    payroll.bp,
    adjustments.bp,
    corrections.bp,
    audit.bp,
    table_files.bp,
    people.bp,
    personal.bp,
    users.bp,
    setting_up.bp,
    settings.bp,
    displays.bp,
    hook_settings.bp,
    hook_mappings.bp,
    unknown_names.bp,
    hooks.bp,
    readiness.bp,
    uploads.bp,
    upload_mappings.bp,
    jobs.bp,
    hook_targets.bp,
    display.bp,
    pairing.bp,
    streams.bp,
    display_streams.bp,
    health.bp,
    api_operations.bp,
    api_docs.bp,
    tokens.bp,
)


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Return the application; `config` overrides what the environment says."""
    app = Flask("leaderboard", template_folder=str(resource("templates")), static_folder=str(resource("static")))
    app.jinja_options = {"undefined": StrictUndefined}
    load_settings(app.config, config)
    app.logger.setLevel(logging.INFO)
    db.init_app(app)
    Migrate(app, db, directory=str(resource("migrations")), render_as_batch=True)
    for floor in (means, streams, security, sessions, oidc, languages, pages, anonymous, errors, display_streams):
        floor.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
