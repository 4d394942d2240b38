"""The WSGI application for a production server, which does not start on unsafe settings."""

from leaderboard.app import create_app
from leaderboard.settings import SettingsError, check_settings

app = create_app()
if faults := check_settings(app.config):
    raise SettingsError("; ".join(faults))
