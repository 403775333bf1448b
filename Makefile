# Every target makes what it needs: a virtual environment from the hashed lock file, then the program itself in it.
# Needed: Python 3.11 or newer (with its venv module), git, make. Root is needed by `live` only.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements/dev.lock

# Files of one test module stay on one worker: they share servers and databases that are costly to start.
PYTEST_FLAGS ?= -n 2 --dist loadfile

SHELL_FILES := .ci/run tests/lab/fleet-lab.sh benchmarks/host.sh $(wildcard fleetscan/demo/shim/*.sh)
PROBE_PARTS := $(sort $(wildcard fleetscan/probe/parts/*.sh))

LIVE_SUITES ?= bookworm trixie
LIVE_HOSTS ?= 6
LIVE_TESTS ?= tests/live

.DEFAULT_GOAL := help
.PHONY: help venv demo test lint format live bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(VENV)/.program ## Make the virtual environment (the other targets do it by themselves)

# Two stamps: a new lock file installs dependencies, a new pyproject.toml only the program. What is installed already is
# not fetched again, so a second run needs no network.
$(VENV)/.dependencies: $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "make: $(PYTHON) is missing or older than 3.11; name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "make: $(PYTHON) cannot make virtual environments; on Debian: apt install python3-venv" >&2; exit 1; }
	@echo "make: installing $(LOCK) into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	@touch $@

$(VENV)/.program: $(VENV)/.dependencies pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
	@touch $@

demo: venv ## Sweep an embedded fleet on loopback, plant an intruder, find it (report and mails in demo/)
	@$(BIN)/python -m fleetscan demo --out demo

test: venv ## Run all tests but the live ones
	@$(BIN)/python -m pytest $(PYTEST_FLAGS)

# djlint only lints: its formatter indents by words, and in these templates white space is part of the text.
# The probe has no first line with an interpreter, because it arrives on the standard input of /bin/sh.
lint: venv ## Check style, types, import contracts, shell scripts and templates
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/shellcheck $(SHELL_FILES)
	@awk 'FNR == 1 && NR > 1 { print "" } { print }' $(PROBE_PARTS) | $(BIN)/shellcheck --shell=sh -
	@$(BIN)/djlint --quiet --extension html.j2 --lint templates

format: venv ## Format and sort imports
	@$(BIN)/ruff check --quiet --select I --fix
	@$(BIN)/ruff format

live: venv ## Boot real systemd hosts and run the whole journey on them (root; LIVE_SUITES, LIVE_HOSTS)
	@test "$$(id -u)" = 0 || { echo "make: live boots hosts with systemd-nspawn and needs root" >&2; exit 1; }
	@FLEETSCAN_LIVE=1 FLEETSCAN_LIVE_SUITES="$(LIVE_SUITES)" FLEETSCAN_LIVE_HOSTS="$(LIVE_HOSTS)" \
	  $(BIN)/python -m pytest $(LIVE_TESTS) -q

bench: venv ## Measure scanner CPU per host beside other ways to reach the same hosts, and CPU of judging
	@$(BIN)/python -m benchmarks
	@$(BIN)/python -m benchmarks.judging

lock: ## Write the lock files anew (needs uv)
	@command -v uv >/dev/null || { echo "make: lock needs uv" >&2; exit 1; }
	uv pip compile $(LOCK_FLAGS) pyproject.toml -o requirements/runtime.lock
	uv pip compile $(LOCK_FLAGS) pyproject.toml --group dev -o requirements/dev.lock

LOCK_FLAGS := --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --generate-hashes \
  --no-annotate --no-header --quiet

clean: ## Remove everything that make has made
	@rm -rf $(VENV) build dist demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
