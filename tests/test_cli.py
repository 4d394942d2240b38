"""The command line: exit codes, streams, whole sentences, and nothing half-done whatever ends it."""

import csv
import io
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from leaderboard.cli import main
from leaderboard.resources import PACKAGE
from tests.services.examples import HEADER, ORGANISATION, PEOPLE, SPEED, agreement, csv_of

GOOD = "e1,2026-10-05T09:00,lead.assigned,L1,ana@example.com"
BAD = 'e2,never,lead.assigned,"L2",ana@example.com,,,,,'


class House:
    """An installation in a folder of its own: files, and the command run on them."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self.address = f"sqlite:///{folder}/house.db"
        monkeypatch.setenv("DATABASE_URL", self.address)

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def run(self, *words, stdin=None):
        result = CliRunner().invoke(main, list(words), input=stdin, catch_exceptions=False)
        assert "\x1b" not in result.output
        return result

    def start(self, *words):
        command = [sys.executable, "-m", "leaderboard", *words]
        environment = {**os.environ, "DATABASE_URL": self.address, "PYTHONPATH": str(PACKAGE.parent)}
        return subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Tests started in the background ignore Ctrl-C, which their children would inherit.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def is_being_written(self, after=0.01):
        """Tell whether another process holds the database's write lock, so many seconds from now."""
        time.sleep(after)
        connection = sqlite3.connect(self.folder / "house.db", timeout=0, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        finally:
            connection.close()
        return False

    def rows(self, query):
        with sqlite3.connect(self.folder / "house.db") as connection:
            found = connection.execute(query).fetchall()
        connection.close()
        return found

    def stored(self, table="event"):
        return self.rows(f"SELECT count(*) FROM {table}")[0][0]


@pytest.fixture
def house(tmp_path, monkeypatch):
    return House(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The database of an installation with an organisation, its agreement and its people."""
    with pytest.MonkeyPatch.context() as patched:
        house = House(tmp_path_factory.mktemp("loaded"), patched)
        assert house.run("organisation", "load", house.file("o.toml", ORGANISATION)).exit_code == 0
        assert house.run("agreement", "load", house.file("a.toml", agreement(SPEED))).exit_code == 0
        assert house.run("people", "load", house.file("p.csv", PEOPLE)).exit_code == 0
    (database,) = house.folder.glob("house.db*")  # all of it is in this one file
    return database


@pytest.fixture
def aurora(house, loaded):
    shutil.copy(loaded, house.folder)
    return house


# Exit codes and streams


@pytest.mark.parametrize(
    "words", [["nonsense"], ["score", "--nonsense"], ["events", "import"], ["standings", "--period", "2026-10"]]
)
def test_wrong_usage_is_2(house, words):
    result = house.run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error" in result.stderr


@pytest.mark.parametrize("command", ["organisation load", "agreement load", "people load", "events import"])
@pytest.mark.parametrize("path", ["missing.csv", "."])
def test_a_file_that_cannot_be_opened_is_1_with_the_remedy(house, command, path):
    result = house.run(*command.split(), str(house.folder / path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith("; give the path of a file that can be read.\n")


@pytest.mark.parametrize(
    "words",
    [
        ["score"],
        ["verify"],
        ["standings", "--period", "2026-10", "--scope", "team"],
        ["attainments", "--period", "2026-10"],
    ],
)
def test_without_an_organisation_every_command_says_how_to_load_one(house, words):
    result = house.run(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "leaderboard organisation load FILE" in result.stderr


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("sqlite:////nowhere/at/all.db", "unable to open database file. Check that the folder that DATABASE_URL names"),
        ("sqlite:///{folder}/junk.db", "file is not a database. DATABASE_URL names a file of another kind"),
        ("sqlite:///{folder}/newer.db", "It may be of a newer version of this program"),
        ("sqlite://host/x.db", "The database cannot be used: Invalid SQLite URL"),
        ("postgresql://127.0.0.1:1/x", "The database does not answer as it should"),
        ("postgresql+nonsense://127.0.0.1/x", "Check DATABASE_URL."),
        ("postgresql://127.0.0.1:port/x", "DATABASE_URL is no database address"),
        ("mysql://127.0.0.1/x", "DATABASE_URL names mysql; expected sqlite or postgresql"),
        ("nonsense", "DATABASE_URL is no database address"),
    ],
)
def test_a_database_that_cannot_be_used_is_1_with_the_remedy(house, monkeypatch, address, sentence):
    house.file("junk.db", b"junk" * 5_000)
    with sqlite3.connect(house.folder / "newer.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('ffff')")
    connection.close()
    monkeypatch.setenv("DATABASE_URL", address.format(folder=house.folder))
    result = house.run("standings", "--period", "2026-10", "--scope", "team")
    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_fault_of_ours_is_1_and_asks_for_a_report(aurora, monkeypatch):
    monkeypatch.setattr("leaderboard.cli.score_everything", lambda *_args, **_words: 1 // 0)
    result = aurora.run("score")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "The program failed where it should not (ZeroDivisionError" in result.stderr
    assert "please report this" in result.stderr


# Importing


def test_refused_rows_are_1_and_come_back_as_they_were(aurora):
    mark, back = b"\xef\xbb\xbf", aurora.folder / "back.csv"
    content = mark + HEADER.encode() + b"\r\n" + f"{GOOD},,,,,\r\n{BAD}\r\n".encode() + b"e3,\xe7,,,,,,,,\r\n"
    result = aurora.run("events", "import", aurora.file("e.csv", content), "--refused", str(back))
    assert result.exit_code == 1
    assert result.stdout == "3 rows read: 1 event new, 0 duplicate; 2 rows refused.\n"
    assert 'line 3, column occurred_at: "never" is not a date' in result.stderr
    assert result.stderr.endswith(f"2 rows were refused; mend {back} and import it again.\n")
    assert back.read_bytes() == content.replace(f"{GOOD},,,,,\r\n".encode(), b"")
    mended = back.read_bytes().replace(b"never", b"2026-10-05").replace(b"\xe7,,,", b"2026-10-05,a.b,L3,")
    assert aurora.run("events", "import", aurora.file("back.csv", mended)).exit_code == 0
    assert aurora.stored() == 3


def test_refused_json_lines_come_back_as_json_lines_under_any_name(aurora):
    line = json.dumps({"event_id": "e1", "occurred_at": "never", "type": "a.b", "subject": "L1"})
    back = aurora.folder / "back.txt"
    result = aurora.run("events", "import", aurora.file("e.jsonl", f"{line}\n"), "--refused", str(back))
    assert (result.exit_code, back.read_text()) == (1, f"{line}\n")
    assert aurora.run("events", "import", aurora.file("b.txt", line.replace("never", "2026-10-05"))).exit_code == 0


def test_without_refused_rows_no_file_is_written(aurora):
    back = aurora.folder / "back.csv"
    assert aurora.run("events", "import", aurora.file("e.csv", csv_of(GOOD)), "--refused", str(back)).exit_code == 0
    assert not back.exists()
    result = aurora.run("events", "import", aurora.file("e.csv", b""), "--refused", str(back))
    assert (result.exit_code, back.exists()) == (1, False)


def test_a_failed_import_leaves_no_refused_rows_behind(aurora):
    path = aurora.file("e.csv", csv_of(BAD) + b"x" * 2_200_000)
    before = sorted(each.name for each in aurora.folder.iterdir())
    assert aurora.run("events", "import", path, "--refused", str(aurora.folder / "back.csv")).exit_code == 1
    assert sorted(each.name for each in aurora.folder.iterdir()) == before


@pytest.mark.parametrize("other", ["e.csv", "link.csv"])
def test_the_file_being_read_is_never_overwritten(aurora, other):
    content = csv_of(BAD)
    path = aurora.file("e.csv", content)
    (aurora.folder / "link.csv").symlink_to(path)
    result = aurora.run("events", "import", path, "--refused", str(aurora.folder / other))
    assert result.exit_code == 1
    assert "is being read; name another file for the refused rows." in result.stderr
    assert Path(path).read_bytes() == content


def test_refused_rows_need_a_folder_that_is_there_before_anything_is_read(aurora):
    words = ("events", "import", aurora.file("e.csv", csv_of(GOOD)), "--refused", "/nowhere/back.csv")
    result = aurora.run(*words)
    assert (result.exit_code, aurora.stored()) == (1, 0)
    assert "name a file in a folder that may be written" in result.stderr


@pytest.mark.parametrize(
    "content",
    [csv_of(GOOD), '{"event_id": "e", "occurred_at": "2026-10-05", "type": "a.b", "subject": "L"}'],
)
def test_standard_input_is_read_as_what_it_is(aurora, content):
    assert aurora.run("events", "import", "-", stdin=content).exit_code == 0
    assert aurora.stored() == 1


def test_control_characters_of_a_file_never_reach_the_terminal(aurora):
    content = csv_of("\x1b[31m,\x1b]0;title\x07,lead.assigned,L1", "e2,2026-10-05,\x9b2J,L2")
    for form in ("text", "json"):
        result = aurora.run("events", "import", aurora.file("e.csv", content), "--format", form)
        assert not {"\x1b", "\x07", "\x9b"} & set(result.output)


def test_a_port_that_is_taken_is_named_before_anything_is_served(aurora, monkeypatch):
    monkeypatch.setattr("leaderboard.cli.check_settings", lambda _config: [])
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = aurora.run("serve", "--port", str(port))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert f"Port {port} is in use by another program; " in result.stderr


def test_the_report_as_json_is_stable(aurora):
    result = aurora.run("events", "import", aurora.file("e.csv", csv_of(GOOD, BAD)), "--format", "json", "--dry-run")
    assert json.loads(result.stdout) == {
        "read": 2,
        "new": 1,
        "duplicate": 0,
        "refused": 1,
        "warnings": 0,
        "created_members": 0,
        "created_teams": 0,
        "anomalies": 0,
        "anomaly_list": [],
        "corrections": 0,
        "dry_run": True,
        "refusals": [
            {
                "line": 3,
                "column": "occurred_at",
                "value": "never",
                "reason": "is not a date; expected ISO 8601 such as 2025-02-28T09:10-03:00",
            }
        ],
    }
    assert aurora.stored() == 0


def test_only_the_first_refusals_are_printed_and_the_rest_counted(aurora):
    result = aurora.run("events", "import", aurora.file("e.csv", csv_of(*[BAD] * 25)))
    assert result.stderr.count('"never"') == 20
    assert "… and 5 refused rows more." in result.stderr


@pytest.mark.parametrize("source", ["x" * 401, "a\nb"])
def test_a_source_that_is_no_name_is_refused(aurora, source):
    result = aurora.run("events", "import", aurora.file("e.csv", csv_of(GOOD)), "--source", source)
    assert (result.exit_code, aurora.stored()) == (1, 0)


def test_a_file_name_in_another_encoding_is_no_obstacle(aurora):
    path = os.fsdecode(os.fsencode(aurora.folder) + b"/caf\xe9.csv")
    Path(path).write_bytes(csv_of(GOOD))
    assert aurora.run("events", "import", path).exit_code == 0


# Lists


def named(aurora, name):
    people = f"email,name,team,side,from\nx@example.com,{name},{name},sales,2026-01-01\n"
    assert aurora.run("people", "load", aurora.file("more.csv", people)).exit_code == 0
    words = ("standings", "--period", "2026-10", "--scope", "member")
    return {form: aurora.run(*words, "--format", form).stdout for form in ("csv", "json", "table")}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\uff1d", " ="])
def test_a_formula_in_a_name_is_a_text_in_csv_and_itself_in_json(aurora, start):
    name = f"{start}cmd|' /C calc'!A0".strip()
    printed = named(aurora, name)
    names = {row["name"] for row in csv.DictReader(io.StringIO(printed["csv"]))}
    assert f"'{name}" in names
    assert name in {row["name"] for row in json.loads(printed["json"])}


def test_wide_letters_keep_a_table_in_line(aurora):
    lines = named(aurora, "日本 Ação")["table"].splitlines()
    (wide,) = [line for line in lines if "日本" in line]
    (narrow,) = [line for line in lines if "Caio" in line]
    assert wide.index("sales") + 2 == narrow.index("marketing")  # two letters take two places each


def test_an_empty_list_has_its_columns_still(aurora):
    words = ("attainments", "--period", "2030-01")
    assert aurora.run(*words).stdout == "[]\n"
    assert aurora.run(*words, "--format", "csv").stdout.startswith("sla,participant,subject,level,value,")
    assert aurora.run(*words, "--format", "table").stdout == "Nothing in this period.\n"


@pytest.mark.parametrize("period", ["2026-13", "2026-Q5", "october", "", "2026-10\n", "0001-01", "9999-12", "1969-Q4"])
def test_what_is_no_period_is_refused(aurora, period):
    for words in (["attainments"], ["standings", "--scope", "team"]):
        result = aurora.run(*words, "--period", period)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)


def test_an_unknown_sla_is_refused_naming_the_known_ones(aurora):
    result = aurora.run("attainments", "--period", "2026-10", "--sla", "sped")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == '"sped" is not an SLA of the agreement; its SLAs are speed.\n'


# Scoring as of an instant


def test_t1_an_instant_without_an_offset_is_in_the_organisations_zone(aurora):
    aurora.run("events", "import", aurora.file("e.csv", csv_of(GOOD)))
    words = ("attainments", "--period", "2026-10")

    def levels_as_of(instant):
        assert aurora.run("score", "--as-of", instant).exit_code == 0
        return [row["level"] for row in json.loads(aurora.run(*words).stdout)]

    assert levels_as_of("2026-10-05T08:59") == []
    assert levels_as_of("2026-10-05T18:00") == ["pending"]  # due at 18:00 there, which is 21:00 UTC
    assert levels_as_of("2026-10-06T11:59Z") == ["pending"]
    assert levels_as_of("2026-10-06T09:01") == ["missed"]


@pytest.mark.parametrize("instant", ["", "soon", "0001-01-01", "9999-12-31", "2026-12-01T00:00:60Z", "\x1b[31m"])
def test_what_is_no_instant_is_refused(aurora, instant):
    result = aurora.run("score", "--as-of", instant)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("--as-of: ")


# Ends


def test_help_is_there_for_every_command(house):
    def walk(command, words):
        result = house.run(*words, "--help")
        assert result.exit_code == 0
        assert command.help
        for name, each in getattr(command, "commands", {}).items():
            walk(each, [*words, name])

    walk(main, [])


def test_a_reader_that_goes_away_is_no_error_to_print(aurora):
    process = aurora.start("organisation", "show")
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    process.wait()


@pytest.mark.parametrize(("end", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_an_import_that_is_ended_leaves_nothing_and_the_same_file_is_taken_again(aurora, end, code):
    rows = [f"e{number},2026-10-05T09:00,lead.assigned,L{number},ana@example.com" for number in range(30_000)]
    path = aurora.file("e.csv", csv_of(*rows))
    process = aurora.start("events", "import", path)
    until = time.monotonic() + 60
    while time.monotonic() < until and not (aurora.is_being_written() and aurora.is_being_written(after=0.2)):
        assert process.poll() is None
    process.send_signal(end)
    printed = process.communicate()
    assert (process.returncode, printed) == (code, ("", ""))
    assert aurora.stored() == 0
    result = aurora.run("events", "import", path)
    assert result.stdout.startswith("30,000 rows read: 30,000 events new, 0 duplicate")
    assert aurora.stored() == 30_000


def test_a_manager_is_added_with_the_teams_that_they_answer_for(aurora):
    def add(*words):
        return aurora.run("user", "add", *words, "--password-stdin", stdin="nine quiet lanterns\n")

    assert add("dora@example.com", "--role", "manager", "--team", "North", "--team", "South").exit_code == 0
    assert add("fabio@example.com", "--role", "manager", "--all-teams").exit_code == 0
    given = "SELECT team.name FROM manager_team JOIN team ON team.id = team_id ORDER BY team.name"
    assert aurora.rows(given) == [("North",), ("South",)]
    assert aurora.rows("SELECT teams_seen FROM user_account ORDER BY email") == [("own",), ("all",)]
    wrong = add("gil@example.com", "--role", "manager", "--team", "East")
    assert (wrong.exit_code, "the teams are Leads, North, South" in wrong.stderr) == (1, True)
    assert add("gil@example.com", "--role", "rep", "--team", "North").exit_code == 2
    assert add("gil@example.com", "--role", "manager", "--team", "North", "--all-teams").exit_code == 2
    assert aurora.rows("SELECT count(*) FROM user_account") == [(2,)]


def test_a_new_password_is_made_where_nobody_gets_in_by_the_browser(aurora):
    words = ("user", "add", "enzo@example.com", "--role", "admin", "--password-stdin")
    assert aurora.run(*words, stdin="nine quiet lanterns\n").exit_code == 0
    (before,) = aurora.rows("SELECT password_hash FROM user_account")
    made = aurora.run("user", "password", "Enzo@example.com")
    assert re.fullmatch(r"enzo@example\.com can sign in with: \S.{11,}\n", made.stdout)
    assert aurora.rows("SELECT password_hash FROM user_account") != [before]
    assert aurora.rows("SELECT action, actor FROM audit_entry ORDER BY id")[-1] == ("password.reset", "command line")
    nobody = aurora.run("user", "password", "gil@example.com")
    assert (nobody.exit_code, "gil@example.com has no account" in nobody.stderr) == (1, True)


def test_a_token_for_a_program_may_what_is_said(house):
    house.run("user", "add", "enzo@example.com", "--role", "admin")
    made = house.run("user", "token", "enzo@example.com", "--scope", "events:write", "--days", "90", "--name", "CRM")
    assert made.exit_code == 0
    assert made.output.startswith("sla_")
    assert house.run("user", "token", "enzo@example.com").exit_code == 0
    told = "SELECT name, scopes, (expires_at - created_at) / 86400000000 FROM api_token ORDER BY id"
    assert house.rows(told) == [("CRM", "events:write", 90), ("command line", "read", 365)]
    house.run("user", "add", "ana@example.com", "--role", "rep")
    refused = house.run("user", "token", "ana@example.com", "--scope", "events:write")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "events:write is for administrators, and ana@example.com is none; give read alone." in refused.stderr
    assert house.run("user", "token", "ana@example.com", "--days", "0").exit_code == 2
