# Needs: Linux or macOS, make, Python 3.11 or newer. Everything else goes into .venv.
SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
REPORT ?= runs/demo.html
# A module's tests stay together, so that what they share is started once.
PYTEST_ARGS ?= -n auto --dist loadfile --no-loadscope-reorder

# The first Python on the PATH that is new enough; override with `make PYTHON=/path/to/python`.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: $(STAMPS)/run ## Set everything up and start the server, with a finished backtest of the demo (UP="--port 9000")
	@exec $(BIN)/tradinglab up $(UP)

.PHONY: backtest
backtest: $(STAMPS)/run ## Set everything up and backtest the demo strategy on the command line
	@$(BIN)/tradinglab backtest demo --quiet --report $(REPORT)

.PHONY: test
test: $(STAMPS)/dev ## Run the tests (PYTEST_ARGS="-k name" narrows)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest $(PYTEST_ARGS)

.PHONY: fuzz
fuzz: $(STAMPS)/dev ## Call every operation of the API with whatever the schema allows, and does not (EXAMPLES=200)
	@EXAMPLES=$(or $(EXAMPLES),200) $(BIN)/python -m pytest -p no:xdist tests/server/test_schema_fuzz.py

.PHONY: explore
explore: $(STAMPS)/dev ## Run the property tests on examples that no run before has drawn
	@HYPOTHESIS_PROFILE=exploring $(BIN)/python -m pytest $(PYTEST_ARGS) tests/property

.PHONY: soak
soak: $(STAMPS)/dev ## Send client and server to a QuantConnect in all kinds of bad weather (SCHEDULES=1000)
	@$(BIN)/python -m tests.quantconnect.soak --schedules $(or $(SCHEDULES),1000)
	@$(BIN)/python -m tests.server.cloud.soak --schedules $(or $(SCHEDULES),1000)
	@$(BIN)/python -m tests.server.cloud.soak --schedules $(or $(SCHEDULES),1000) --optimizations

.PHONY: lint
lint: $(STAMPS)/dev ## Style, types, layers, dependencies, size of modules and functions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry src
	@$(BIN)/python tools/shape.py --check
	@$(BIN)/python tools/api_coverage.py --check

.PHONY: format
format: $(STAMPS)/dev ## Rewrite the sources in house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: bench
bench: $(STAMPS)/dev ## Race the engine against its peers
	@$(BIN)/python -m bench

.PHONY: docs
docs: $(STAMPS)/dev ## Regenerate what is generated: docs/coverage.md, the lists of LEAN's names and of ours
	@$(BIN)/python tools/star_names.py
	@$(BIN)/python tools/api_coverage.py

.PHONY: lock
lock: $(STAMPS)/dev ## Choose the versions of all dependencies anew (UPGRADE=--upgrade)
	@UV="$(BIN)/uv" sh requirements/lock.sh $(UPGRADE)

.PHONY: clean
clean: ## Remove .venv and every cache
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis runs
	find src tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found on the PATH. Install it, or say where it is: make PYTHON=/path/to/python" >&2; exit 2; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments (no ensurepip). On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	@echo "Making $(VENV) with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv $(VENV)

# The package itself is installed in place, without build isolation: its build tools are locked too. Of the libraries,
# what is used is compiled when it is used first, a quarter of all; where the sandbox imports, nothing can be written.
$(STAMPS)/%: requirements/%.txt pyproject.toml | $(BIN)/python
	@echo "Installing what $< names"
	@$(PIP) install --require-hashes --no-deps --no-compile --only-binary :all: -r $<
	@$(PIP) install --no-deps --no-build-isolation -e .
	@$(BIN)/python -c "import pandas, polars, tradinglab; tradinglab.backtest('src/tradinglab/templates/buy_and_hold.py')"
	@mkdir -p $(STAMPS) && touch $@
