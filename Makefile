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

WEB := fieldsync/web
PACKAGES := $(WEB)/node_modules/.installed

# Quick tests; the simulation, the kill sweep and the browser follow in `make test`.
QUICK := not simulation and not kills and not browser and not benchmark and not long

# Each process gets a half in one piece, so that what a module sets up is set up once; who ends first helps the other.
SHARED := --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help install develop demo test test-quick test-simulation test-kills test-browser test-spark test-long screens check format bench \
	bench-linkage bench-long lock words vendor docs clean

help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- set-up ----------------------------------------------------------------------------------------------------

$(TOOLS): requirements-build.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fieldsync needs Python 3.11 or newer; try make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.lock
	@touch $@

# install_locked(lock, flags of uv). uv is ten times faster; where it cannot reach the index (it does not read pip's
# settings), pip takes over.
define install_locked
	@echo "installing $(1)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python $(2) --require-hashes -r $(1) \
		|| { echo "uv could not install it; pip tries with its own settings"; \
			$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1); }
endef

# Everything is compiled here, once: a server that may not write where it is installed would compile it at every start,
# which takes longer than all the rest of the start.
$(INSTALLED): $(TOOLS) requirements.lock pyproject.toml
	$(call install_locked,requirements.lock,--compile-bytecode)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --no-index --editable .
	@$(BIN)/python -m compileall -q -x node_modules fieldsync
	@touch $@

$(DEVELOPING): $(INSTALLED) requirements-dev.lock
	$(call install_locked,requirements-dev.lock)
	@touch $@

install: $(INSTALLED) ## Build .venv from the locks; afterwards .venv/bin/fieldsync runs

develop: $(DEVELOPING) ## install, and what tests and checks need

# ---- run -------------------------------------------------------------------------------------------------------

demo: $(INSTALLED) ## A server, the real forms, six companions who sync (DATA=folder PORT=8000 FRESH=1)
	@exec $(BIN)/python -m fieldsync.cli demo --data $(DATA) --port $(PORT) $(if $(FRESH),--fresh)

# ---- prove -----------------------------------------------------------------------------------------------------

test: test-quick test-simulation test-kills test-browser ## Everything that must hold: tests, simulation, kills, browser

test-quick: $(DEVELOPING) $(PACKAGES) ## Tests without the simulation and the kill sweep
	@$(call needed,java,default-jre-headless)
	$(BIN)/python -m pytest -n $(JOBS) $(SHARED) -m "$(QUICK)"

test-simulation: $(DEVELOPING) ## 2,000 schedules, and the table of seeded bugs
	$(BIN)/python -m pytest -n 0 -s -m "simulation and not long"

test-kills: $(DEVELOPING) ## kill -9 on the real server under load, 100 times
	$(BIN)/python -m pytest -n 0 -s -m "kills and not long"

test-browser: $(DEVELOPING) $(PACKAGES) ## The pages in real Chromium: Arabic and French, phone and laptop, axe
	@$(call needed,$${CHROMIUM:-chromium},chromium)
	$(BIN)/python -m pytest -n $(JOBS) $(SHARED) -m "browser and not long"

# needed(command, Debian package): as root it is installed where it is missing, otherwise it is said. Slim images have no
# folder for manuals, and Java's package does without one badly.
define needed
command -v $(1) >/dev/null || { if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	mkdir -p /usr/share/man/man1 && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(2); \
	else echo "$(1) is missing: install the package $(2)" >&2; exit 1; fi; }
endef

$(PACKAGES): $(WEB)/package.json $(WEB)/package-lock.json
	@$(call needed,npm,npm)
	cd $(WEB) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

screens: $(DEVELOPING) $(PACKAGES) ## Make the pictures of docs/screens anew, from a fresh demo
	SCREENS=docs/screens $(BIN)/python -m pytest -n 0 -m browser tests/web/test_screens.py

SPARK_TEST := tests/store/test_linkage_spark.py

test-spark: $(DEVELOPING) ## Linkage on Spark: brings Java and pyspark (500 MB), takes a minute
	@$(call needed,java,default-jre-headless)
	@$(call needed,java,openjdk-17-jre-headless)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pyspark>=4,<5"
	$(BIN)/python -m pytest -n 0 -m "long" $(SPARK_TEST)

test-long: $(DEVELOPING) $(PACKAGES) test-spark ## The long versions, for a night
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -n $(JOBS) $(SHARED) -m "$(QUICK)"
	$(BIN)/python -m pytest -n 0 -s -m "long" --ignore=$(SPARK_TEST)

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

bench-linkage: $(DEVELOPING) ## Measure how well names are compared and records linked, and how fast, to a million (RECORDS=20000); NAMES=groups.json, REGISTRY=records.csv: only these
	$(BIN)/python -m tests.benchmarks.linkage --records $(or $(RECORDS),20000) \
		$(if $(NAMES),--names $(NAMES)) $(if $(REGISTRY),--registry $(REGISTRY))
	$(if $(NAMES)$(REGISTRY),,$(BIN)/python -m tests.benchmarks.linkage_speed)

# ---- maintain --------------------------------------------------------------------------------------------------

COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
	--no-header --annotation-style line

lock: $(TOOLS) ## Renew the hashed locks (UPGRADE=1 for newer releases)
	$(COMPILE) $(if $(UPGRADE),--upgrade) --group build -o requirements-build.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) -c requirements.lock pyproject.toml --all-extras --group dev -o requirements-dev.lock

words: $(DEVELOPING) ## Bring the pages' catalogues up to date with the texts in the source; then translate what is empty
	$(BIN)/python -m tests.house.catalogues

vendor: $(DEVELOPING) $(PACKAGES) ## Copy what the pages take from npm into static/vendor, and note the digests
	$(BIN)/python -m tests.web.vendoring

docs: $(DEVELOPING) ## Write the generated parts of docs/ anew (settings, commands, problems, module map, tables)
	$(BIN)/python -m tests.house.generated

clean: ## Remove what the build made; data folders stay
	rm -rf .venv .make .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
