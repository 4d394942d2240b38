# The lines below are named in README.md for machines without make.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin

.PHONY: install run test lint messages

install:
	@$(PYTHON) .ci/setup.py install

# A key of this machine, kept beside its database; cookies over plain http, since this is for localhost.
run: export SECRET_KEY_FILE ?= instance/secret_key
run: export COOKIE_SECURE ?= 0
run: install
	@test -s $(SECRET_KEY_FILE) || (umask 077 && mkdir -p instance && \
	  $(BIN)/python -c "import secrets; print(secrets.token_urlsafe(48))" > $(SECRET_KEY_FILE))
	@$(BIN)/leaderboard upgrade
	@$(BIN)/leaderboard demo
	@exec $(BIN)/leaderboard serve --port $(PORT)

test: lint
	@$(BIN)/python -m pytest -n auto --dist worksteal

lint:
	@$(PYTHON) .ci/setup.py test
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/djlint --lint --quiet templates

# After changing a text: collect them, translate what is new in the .po files, and run it again.
CATALOGUES := leaderboard/translations
messages:
	@$(BIN)/pybabel -q extract -F pyproject.toml --no-location --sort-output --omit-header -o .cache/messages.pot .
	@$(BIN)/pybabel -q update -i .cache/messages.pot -d $(CATALOGUES) --no-wrap --ignore-obsolete --no-fuzzy-matching
	@$(BIN)/pybabel -q compile -d $(CATALOGUES)
