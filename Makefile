# Netra: `make run` starts it, `make test` tests it, `make help` lists the rest.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
UV ?= uv
STATE ?= .netra
PYTEST_ARGS ?=

# Compiling all that is installed takes longer than compiling what is imported, so that is done here,
# also where Python was told to keep no compiled files: every later start is a second faster.
PIP_OPTIONS := -qq --disable-pip-version-check --no-compile --no-deps
WARM = env -u PYTHONDONTWRITEBYTECODE $(PY) -c \
	'import netra_ops.cli.main, netra_ops.cli.program as netra, netra_auth.main, netra_backend.app.main; netra.program()'

# HAProxy is a program and has a wheel for few systems. Where there is none, Netra runs without, and
# `netra deploy` says what to install.
FRONT = $(PY) -m pip install $(PIP_OPTIONS) --require-hashes -r requirements/front.txt \
	|| echo "No HAProxy for this system came with it: netra deploy needs the system's own."

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
# Importing many small modules from a cold cache is the slow part, so two to four workers are best.
PYTEST := $(PY) -m pytest -n auto --maxprocesses=4 --dist=worksteal

EXTRAS_RUN := --extra auth --extra backend --extra ops --extra build
EXTRAS_LLM := $(EXTRAS_RUN) --extra llm
EXTRAS_GITHUB := $(EXTRAS_RUN) --extra github
EXTRAS_DUCKDB := $(EXTRAS_RUN) --extra duckdb
EXTRAS_DEV := $(EXTRAS_LLM) --extra github --extra duckdb --extra redis --extra dev
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" pyproject.toml

.PHONY: help setup run llm github duckdb test check lint types imports reference soak lock clean

help: ## List the targets.
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/.dev ## Create .venv with everything needed to work on Netra.

run: $(VENV)/.run ## Start the auth service and the backend; Ctrl-C stops both.
	@exec $(BIN)/netra up --state "$(STATE)"

llm: $(VENV)/.run ## Install what NETRA_MODEL needs besides: the clients of language models.
	@$(PY) -m pip install $(PIP_OPTIONS) --require-hashes -r requirements/llm.txt

github: $(VENV)/.run ## Install what filing issues at GitHub needs besides.
	@$(PY) -m pip install $(PIP_OPTIONS) --require-hashes -r requirements/github.txt

duckdb: $(VENV)/.run ## Install what logs larger than memory need besides.
	@$(PY) -m pip install $(PIP_OPTIONS) --require-hashes -r requirements/duckdb.txt

test: $(VENV)/.dev ## Run every quick test.
	@$(PYTEST) -m "not long" $(PYTEST_ARGS)

check: lint types imports ## Run what CI runs: lint, types, import contracts, all tests.
	@$(PYTEST) --hypothesis-profile=ci $(PYTEST_ARGS)

lint: $(VENV)/.dev ## Lint and compare the formatting.
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: $(VENV)/.dev ## Check the types.
	@$(PY) -m mypy

imports: $(VENV)/.dev ## Check who imports whom.
	@$(BIN)/python -c 'from importlinter.cli import lint_imports_command; lint_imports_command()' --no-logo

reference: $(VENV)/.dev ## Write docs/reference from the code.
	@PYTHONPATH=tests $(PY) -m architecture.reference

soak: $(VENV)/.dev ## Run the property tests with many more examples, and the one of isolation with many more steps.
	@$(PYTEST) --hypothesis-profile=soak --timeout=0 -m "not live" tests/properties \
		tests/service/backend/test_isolation_machine.py $(PYTEST_ARGS)

lock: ## Write requirements/*.txt anew from pyproject.toml (needs uv).
	$(COMPILE) $(EXTRAS_RUN) -o requirements/run.txt
	$(COMPILE) --extra front -c requirements/run.txt -o requirements/front.txt
	$(COMPILE) $(EXTRAS_LLM) -c requirements/run.txt -o requirements/llm.txt
	$(COMPILE) $(EXTRAS_GITHUB) -c requirements/llm.txt -o requirements/github.txt
	$(COMPILE) $(EXTRAS_DUCKDB) -c requirements/github.txt -c requirements/llm.txt -o requirements/duckdb.txt
	$(COMPILE) $(EXTRAS_DEV) -c requirements/duckdb.txt -c requirements/github.txt -c requirements/llm.txt \
		-o requirements/dev.txt

clean: ## Remove .venv and every cache; keeps .netra.
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find netra netra_auth netra_backend netra_ops tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps say which lock a .venv holds, so a second call has nothing to do.

$(VENV)/.made:
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
		echo "Netra needs Python 3.11 or newer and found no '$(PYTHON)'." \
			"Name one with 'make setup PYTHON=/path/to/python3.11'." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Netra needs Python 3.11 or newer; '$(PYTHON)' is $$("$(PYTHON)" -V 2>&1)." \
			"Name another with 'make setup PYTHON=/path/to/python3.11'." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' cannot create a virtual environment (its modules venv and ensurepip are missing)." \
			"On Debian and Ubuntu: apt install python3-venv." >&2; exit 1; }
	@if $(PY) -c 'import pip' 2>/dev/null; then :; else "$(PYTHON)" -m venv --clear $(VENV); fi
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements/run.txt requirements/front.txt pyproject.toml
	@if [ -e $(VENV)/.dev ] && [ ! requirements/dev.txt -nt $(VENV)/.dev ] \
		&& [ ! pyproject.toml -nt $(VENV)/.dev ]; then :; else \
		echo "Installing what Netra needs to run into $(VENV) ..." \
		&& $(PY) -m pip install $(PIP_OPTIONS) --require-hashes -r requirements/run.txt \
		&& { $(FRONT); } && $(PY) -m pip install $(PIP_OPTIONS) --no-build-isolation -e . \
		&& $(WARM); fi
	@touch $@

$(VENV)/.dev: $(VENV)/.made requirements/dev.txt requirements/front.txt pyproject.toml
	@echo "Installing what work on Netra needs into $(VENV) ..."
	@$(PY) -m pip install $(PIP_OPTIONS) --require-hashes -r requirements/dev.txt
	@$(FRONT)
	@$(PY) -m pip install $(PIP_OPTIONS) --no-build-isolation -e .
	@$(WARM)
	@touch $@ $(VENV)/.run
