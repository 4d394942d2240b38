"""Settings: where the database lies, and what the server refuses to start with."""

import os
import subprocess
import sys

import pytest
from flask import Config

from leaderboard.settings import SettingsError, check_settings, database_url, load_settings

KEY = "k3y-of-thirty-two-characters-or-more"
SAFE = {
    "SECRET_KEY": KEY,
    "HTMX_URL": "https://cdn.example/htmx.min.js",
    "HTMX_INTEGRITY": "sha384-abc",
}
MAIL = {
    "SMTP_HOST": "smtp.example.com",
    "SMTP_SECURITY": "starttls",
    "MAIL_FROM": "Aurora <a@example.com>",
    "PUBLIC_URL": "https://x.example.com",
}


@pytest.fixture(autouse=True)
def _working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "DATABASE_URL_FILE", "SECRET_KEY", "SECRET_KEY_FILE", "PROXIES"):
        monkeypatch.delenv(name, raising=False)


def loaded(tmp_path, **overrides):
    config = Config(tmp_path)
    load_settings(config, overrides)
    return config


@pytest.mark.parametrize("address", ["postgres://u:p@h/d", "postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"])
def test_any_spelling_of_postgresql_gets_its_driver(address):
    assert database_url(address).render_as_string(hide_password=False) == "postgresql+psycopg://u:p@h/d"


def test_a_relative_sqlite_file_lies_in_the_instance_folder(tmp_path):
    assert database_url("sqlite:///a.db").database == str(tmp_path / "instance" / "a.db")
    assert (tmp_path / "instance").is_dir()


def test_an_absolute_sqlite_file_stays_where_it_is(tmp_path):
    assert database_url(f"sqlite:///{tmp_path}/a.db").database == f"{tmp_path}/a.db"
    assert not (tmp_path / "instance").exists()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("leaderboard.db", "no database address"),
        ("mysql://h/d", "names mysql"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_another_database_is_refused_in_words(address, told):
    with pytest.raises(SettingsError, match=told):
        database_url(address)


def test_a_refused_address_does_not_repeat_its_password():
    with pytest.raises(SettingsError) as refusal:
        database_url("mysql://root:hunter2@h/d")
    assert "hunter2" not in str(refusal.value)


def test_the_defaults_do_for_the_command_line(tmp_path):
    config = loaded(tmp_path)
    assert config["SQLALCHEMY_DATABASE_URI"].get_backend_name() == "sqlite"
    assert config["SECRET_KEY"] is None


def test_cookies_are_bound_to_the_host_unless_told_otherwise(tmp_path):
    secure = loaded(tmp_path)
    assert (secure["TOKEN_COOKIE_NAME"], secure["SESSION_COOKIE_NAME"]) == ("__Host-session", "__Host-form")
    plain = loaded(tmp_path, COOKIE_SECURE=False)
    assert (plain["TOKEN_COOKIE_NAME"], plain["SESSION_COOKIE_NAME"]) == ("session", "form")
    assert plain["SESSION_COOKIE_SECURE"] is False


def test_a_secret_may_come_from_a_file(tmp_path, monkeypatch):
    (tmp_path / "key").write_text(f"{KEY}\n", encoding="utf-8")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    assert loaded(tmp_path)["SECRET_KEY"] == KEY


def test_a_number_that_is_none_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PROXIES", "one")
    with pytest.raises(SettingsError, match="PROXIES is 'one': expected a whole number"):
        loaded(tmp_path)


def test_safe_settings_have_no_fault(tmp_path):
    assert check_settings(SAFE) == []
    assert check_settings(SAFE | MAIL) == []
    assert check_settings(loaded(tmp_path, SECRET_KEY=KEY)) == []


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is not set: set it to"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "dev"}, "SECRET_KEY is too short"),
        ({"SECRET_KEY": KEY[:31]}, "SECRET_KEY is too short"),
        ({"SECRET_KEY": "ab" * 32}, "SECRET_KEY repeats"),
        ({"SECRET_KEY_FALLBACKS": ["old"]}, "SECRET_KEY_FALLBACKS is too short"),
        ({"HTMX_URL": "https://a.example/x.js; script-src *"}, "HTMX_URL is"),
        ({"HTMX_URL": "javascript:alert(1)"}, "HTMX_URL is"),
        ({"HTMX_INTEGRITY": ""}, "HTMX_INTEGRITY is"),
        ({"PROXIES": -1}, "PROXIES is -1: expected 0 or more"),
        ({"DEBUG": True}, "DEBUG is on"),
        (MAIL | {"PUBLIC_URL": None}, "SMTP_HOST is set, but PUBLIC_URL is no address"),
        (MAIL | {"SMTP_SECURITY": "ssl"}, "SMTP_SECURITY is 'ssl': expected starttls, tls, none"),
        (MAIL | {"MAIL_FROM": "Aurora"}, "MAIL_FROM is 'Aurora': expected an address"),
        (MAIL | {"MAIL_FROM": "a@example.com\nBcc: b@example.com"}, "MAIL_FROM is"),
        (MAIL | {"SMTP_PORT": 0}, "SMTP_PORT is 0: expected 1 or more"),
    ],
)
def test_an_unsafe_setting_is_named_with_its_remedy(setting, told):
    faults = check_settings(SAFE | setting)
    assert len(faults) == 1
    assert faults[0].startswith(told)


def test_a_server_without_a_key_does_not_start():
    environment = {**os.environ, "SECRET_KEY": ""}
    command = [sys.executable, "-c", "import leaderboard.wsgi"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "SECRET_KEY is not set: set it to" in done.stderr
