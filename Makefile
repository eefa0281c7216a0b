PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.run-installed
TEST_STAMP := $(VENV)/.test-installed
# Tests wait for conditions more than they compute: two workers a core keep the cores busy.
TEST_WORKERS ?= $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN))

.DEFAULT_GOAL := help
.PHONY: help sandbox tour run test faults check bench pictures clean venv

help: ## Show what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(RUN_STAMP): requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Deskbell needs Python 3.11 or newer: set PYTHON=python3.x"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(TEST_STAMP): $(RUN_STAMP) requirements/test.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/test.txt
	@touch $@

venv: $(TEST_STAMP) ## Prepare .venv with everything for development

sandbox: $(RUN_STAMP) ## Try Deskbell on this machine: a local workspace with the bot in it
	$(BIN)/deskbell sandbox

tour: $(RUN_STAMP) ## Play the scripted story in the terminal
	$(BIN)/deskbell sandbox --tour

run: $(RUN_STAMP) ## Run the bot against the workspace of .env
	$(BIN)/deskbell run

test: $(TEST_STAMP) ## Run every test
	$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist worksteal

# Trouble on both databases for so many minutes; a seed names a run, and the same seed draws the same lots.
MINUTES ?= 10
SEED ?= 1
faults: $(TEST_STAMP) ## Prove that nothing is lost and nothing said twice, for as long as you like (MINUTES=10)
	$(BIN)/python -m pytest -q -n $$(getconf _NPROCESSORS_ONLN) -m 'soak or not soak' tests/faults
	$(BIN)/python -m tests.faults.soak --minutes $(MINUTES) --seed $(SEED) $(SOAK)

check: $(TEST_STAMP) ## Lint, types, the floors of the house, and known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.audit

bench: $(TEST_STAMP) ## Measure speed as ratios in one run
	$(BIN)/python -m benchmarks

pictures: $(TEST_STAMP) ## Take the README's pictures again (needs Chromium and a font with emoji)
	$(BIN)/python -m tools.pictures

clean: ## Remove what was built
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build *.egg-info
