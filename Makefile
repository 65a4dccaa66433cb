# make demo    the example, injected: what changes and why            make test    every test that stands alone
# make check   format, lint, types, import contract, tests            make bench   against the real istioctl
# make fast    the tests that take no seconds, no real programs     make docs    the documentation as a site
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
# The first Python of at least 3.10.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $$p && break; done)

.PHONY: lock pythons demo test fast lint check format bench release clean docs help venv dev compile fuzz compare
.DEFAULT_GOAL := help

help:
	@sed -n '1,3s/^# //p' Makefile

$(VENV)/.runtime: pyproject.toml requirements/run.txt scripts/make_venv.py
	@test -n "$(PYTHON)" || { echo "Python 3.10 or newer is needed: sudo apt-get install -y python3" >&2; exit 1; }
	@$(PYTHON) scripts/make_venv.py $(VENV)
	@$(PIP) install --require-hashes -r requirements/run.txt
	@$(PIP) install -e .
	@touch $@

# First what requirements/ pins, by hash; then what pyproject.toml may have beside it.
$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@$(PIP) install -e '.[dev]'
	@touch $@

# The pins anew: needs uv (pip install uv). LOCK=--upgrade takes the newest.
lock:
	@sh scripts/lock.sh $(LOCK)

# Compiled here rather than at the first import: where bytecode may not be written, every start would pay for it.
compile:
	@$(BIN)/python -m compileall -q krm_injector

venv: $(VENV)/.runtime
	@$(MAKE) -s compile

dev: $(VENV)/.dev
	@$(MAKE) -s compile

demo: venv
	@$(BIN)/python scripts/demo.py

test: dev
	@$(BIN)/python -m pytest

# The fast tests with the oldest and the newest other Python of this machine.
pythons: dev
	@sh scripts/other_pythons.sh

fast: dev
	@$(BIN)/python -m pytest -m "not slow and not e2e"

lint: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint
	$(BIN)/python -m pytest

format: dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Strict: a broken link, anchor or a page without a place in the menu is an error.
docs: dev
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo "site/index.html; with search: $(BIN)/python -m http.server --directory site --bind 127.0.0.1"

release: dev
	@$(PIP) install -e '.[release]'
	@PYTHONPATH=scripts $(BIN)/python -m release $(RELEASE)

bench: venv
	@$(BIN)/python bench/bench.py $(BENCH)

SECONDS_EACH ?= 60

# docs/fuzzing.md
fuzz: dev
	@$(PIP) install -e '.[fuzz]'
	@for target in yaml template merge config function bundle dump; do \
		$(BIN)/python tests/fuzz/run_atheris.py $$target --keep-going -max_total_time=$(SECONDS_EACH) || exit 1; done

compare: dev
	@$(BIN)/python tools/build_oracles.py .cache/oracles
	@$(BIN)/python tests/fuzz/comparing.py .cache/oracles

clean:
	rm -rf $(VENV) .tools .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist build site *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
