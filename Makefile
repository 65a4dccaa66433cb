# make demo    the example, injected: what changes and why            make test    every test that stands alone
# make check   format, lint, types, import contract, tests            make bench   against the real istioctl
# make fast    the tests that take no seconds, without real programs
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
# The first Python of at least 3.10.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.10; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $$p && break; done)

.PHONY: demo test fast lint check format bench clean help venv dev compile fuzz compare
.DEFAULT_GOAL := help

help:
	@sed -n '1,3s/^# //p' Makefile

$(VENV)/.runtime: pyproject.toml scripts/make_venv.py
	@test -n "$(PYTHON)" || { echo "Python 3.10 or newer is needed: sudo apt-get install -y python3" >&2; exit 1; }
	@$(PYTHON) scripts/make_venv.py $(VENV)
	@$(PIP) install -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	@$(PIP) install -e '.[dev]'
	@touch $@

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
	rm -rf $(VENV) .tools .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
