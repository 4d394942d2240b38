"""The house's shape: who imports whom (design, section 7)."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from leaderboard.resources import PACKAGE

ROOT = PACKAGE.parent
FRAMEWORKS = {"alembic", "apscheduler", "click", "flask", "flask_login", "sqlalchemy"}


def test_each_floor_imports_only_from_those_below_it():
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_itself_imports_nothing():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    assert [type(node) for node in tree.body] == [ast.Expr]  # the docstring


def test_importing_the_domain_imports_no_framework():
    names = sorted(f"leaderboard.domain.{file.stem}" for file in (PACKAGE / "domain").glob("[!_]*.py"))
    program = f"import {', '.join(names)}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert FRAMEWORKS.isdisjoint(done.stdout.split())


@pytest.mark.parametrize("floor", ["domain", "storage", "services", "web"])
def test_each_floor_is_a_package_with_a_word_of_its_own(floor):
    tree = ast.parse((PACKAGE / floor / "__init__.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)


def test_config_holds_flat_upper_case_names_only():
    tree = ast.parse((ROOT / "config.py").read_text(encoding="utf-8"))
    names = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert names
    assert all(name.isupper() for name in names)


def test_every_setting_is_in_the_readme():
    tree = ast.parse((ROOT / "config.py").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = [node.targets[0].id for node in tree.body if isinstance(node, ast.Assign)]
    assert [name for name in names if f"`{name}`" not in readme] == []
