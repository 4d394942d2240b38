"""The WSGI application, for gunicorn and `flask --app leaderboard.wsgi`."""

from leaderboard.app import create_app

app = create_app()
