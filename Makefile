# Two commands are enough: `make demo` and `make test`. `make` alone lists the rest.

PYTHON ?= python3
DATA ?= .demo
PORT ?= 8000
FRESH ?=
JOBS ?= 2

BIN := .venv/bin
TOOLS := .venv/.tools
INSTALLED := .venv/.installed
DEVELOPING := .venv/.developing

# Quick tests; the simulation and the kill sweep follow in `make test`, each with its table.
QUICK := not simulation and not kills and not benchmark and not long

.DEFAULT_GOAL := help
.PHONY: help install develop demo test test-quick test-simulation test-kills test-long check format bench bench-long \
	lock docs clean

help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- set-up ----------------------------------------------------------------------------------------------------

$(TOOLS): requirements-build.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fieldsync needs Python 3.11 or newer; try make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.lock
	@touch $@

# uv is ten times faster; where it cannot reach the index (it does not read pip's settings), pip takes over.
define install_locked
	@echo "installing $(1)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1) \
		|| { echo "uv could not install it; pip tries with its own settings"; \
			$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1); }
endef

$(INSTALLED): $(TOOLS) requirements.lock pyproject.toml
	$(call install_locked,requirements.lock)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --no-index --editable .
	@touch $@

$(DEVELOPING): $(INSTALLED) requirements-dev.lock
	$(call install_locked,requirements-dev.lock)
	@touch $@

install: $(INSTALLED) ## Build .venv from the locks; afterwards .venv/bin/fieldsync runs

develop: $(DEVELOPING) ## install, and what tests and checks need

# ---- run -------------------------------------------------------------------------------------------------------

demo: $(INSTALLED) ## A server, the real forms, three companions who sync (DATA=folder PORT=8000 FRESH=1)
	@exec $(BIN)/python -m fieldsync.cli demo --data $(DATA) --port $(PORT) $(if $(FRESH),--fresh)

# ---- prove -----------------------------------------------------------------------------------------------------

test: test-quick test-simulation test-kills ## Everything that must hold: tests, 2,000 simulated schedules, 100 kills

test-quick: $(DEVELOPING) ## Tests without the simulation and the kill sweep
	$(BIN)/python -m pytest -n $(JOBS) -m "$(QUICK)"

test-simulation: $(DEVELOPING) ## 2,000 schedules, and the table of seeded bugs
	$(BIN)/python -m pytest -n 0 -s -m "simulation and not long"

test-kills: $(DEVELOPING) ## kill -9 on the real server under load, 100 times
	$(BIN)/python -m pytest -n 0 -s -m "kills and not long"

test-long: $(DEVELOPING) ## The long versions, for a night
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -n $(JOBS) -m "$(QUICK)"
	$(BIN)/python -m pytest -n 0 -s -m "long"

check: $(DEVELOPING) ## Format, lint, types, import contracts, house tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 0 -q tests/house

format: $(DEVELOPING) ## Put code and imports into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEVELOPING) ## Measure to one million records, and print the table
	$(BIN)/python -m tests.benchmarks

bench-long: $(DEVELOPING) ## Measure to five million records
	$(BIN)/python -m tests.benchmarks --long

# ---- maintain --------------------------------------------------------------------------------------------------

COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
	--no-header --annotation-style line

lock: $(TOOLS) ## Renew the hashed locks (UPGRADE=1 for newer releases)
	$(COMPILE) $(if $(UPGRADE),--upgrade) --group build -o requirements-build.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) -c requirements.lock pyproject.toml --all-extras --group dev -o requirements-dev.lock

docs: $(DEVELOPING) ## Write the generated parts of docs/ anew (settings, commands, problems, module map, tables)
	$(BIN)/python -m tests.house.generated

clean: ## Remove what the build made; data folders stay
	rm -rf .venv .make .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
