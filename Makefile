# Two commands from a fresh clone: `make demo` and `make test`. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test test-editors check bench eval format clean

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## Index this repository and complete with a real local model
	@$(BIN)/python scripts/demo.py

test: $(INSTALLED) ## Run all checks and tests
	@$(BIN)/python scripts/check.py
	@$(BIN)/python -m pytest -q

test-editors: $(INSTALLED) ## Drive real editors, fetched once into a cache folder
	@$(BIN)/python -m scripts.editors.drive

check: $(INSTALLED) ## Lint, format, types and import contracts alone
	@$(BIN)/python scripts/check.py

bench: $(INSTALLED) ## Measure speed: p50/p95 by stage, with the machine
	@$(BIN)/python -m tests.bench $(BENCH)

format: $(INSTALLED) ## Format the code
	@$(BIN)/ruff format -q . && $(BIN)/ruff check -q --fix .

clean: ## Remove the environment and all caches of this folder
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "copilot-ls needs Python 3.11 or newer: make PYTHON=python3.12 …"; exit 1; }
	@echo "setting up $(VENV) (once, about two minutes)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e . --group dev
	@touch $(INSTALLED)
