# Everything sets up what it needs, in .venv, from the ordinary package index, with the versions of constraints/.
# PYTHON names the interpreter (3.11 or newer).

PYTHON ?= python3
WORKERS ?= 3
BIN := .venv/bin
SETUP := $(PYTHON) tools/bootstrap.py
SOURCES := sdk/src core/src $(wildcard plugins/*/src tests/alternates/*/src) tools
GENERATED := README.md docs/*.md
PYTEST := -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder --max-worker-restart 0
TESTS := sdk/tests core/tests plugins tests

# The tests start some hundred processes: each is to read the code compiled, as an installed one does.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo test test-core test-full test-latest test-lowest check pins format docs snapshots bench chaos clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## .venv with Trainyard in it: `yard` is .venv/bin/yard
	@$(SETUP) product

setup-test:
	@$(SETUP) product test ax
	@$(BIN)/python tools/browser.py

demo: ## three training runs on this machine, a table of them and what differs, and a sweep
	@$(SETUP) product demo
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python deploy/examples/digits/demo.py

test: setup-test ## all tests
	@$(BIN)/python $(PYTEST) $(TESTS)

test-core: ## core's tests, in .venv-core, where neither sweeps nor an optimizer nor the registry is installed
	@$(SETUP) --core core
	@.venv-core/bin/python $(PYTEST) core/tests

test-full: test test-core ## all tests, then test-core; of the crash tests the small scale only, the full one is `make chaos`

test-latest: ## all tests with the newest versions that are allowed, in .venv-latest
	@$(SETUP) --latest product test ax
	@.venv-latest/bin/python tools/browser.py
	@.venv-latest/bin/python $(PYTEST) $(TESTS)

test-lowest: ## all tests with the lowest versions that are declared, in .venv-lowest
	@$(SETUP) --lowest product test ax
	@.venv-lowest/bin/python tools/browser.py
	@.venv-lowest/bin/python $(PYTEST) $(TESTS)

pins: ## write constraints/ again, with the versions of today for each Python on this machine
	@$(PYTHON) tools/pins.py

check: setup-test ## format, lint, strict types, import contracts, generated client and docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/python tools/sync_client.py --check
	$(BIN)/cog --check $(GENERATED)

format: setup-test ## format, fix what the linter can, and generate the synchronous client
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python tools/sync_client.py

docs: setup-test ## print the tables of the docs from the code again
	$(BIN)/cog -r $(GENERATED)

snapshots: setup-test ## write the public names and the OpenAPI document down again
	@$(BIN)/python tests/architecture/snapshot.py

bench: setup-test ## benchmarks, as one JSON document
	@$(BIN)/python tests/bench/run.py

chaos: setup-test ## the crash tests at full scale: hundreds of kills, pauses, set clocks and power cuts
	CHAOS_SCALE=1 $(BIN)/python -m pytest -q --timeout 7200 tests/chaos

clean: ## remove what make and the tools made
	rm -rf .venv .venv-* .venv*.lock build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
