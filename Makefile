# Fahuo: the commands a person types. `make` or `make help` lists them.
# Needs git, make, a POSIX shell and Python 3.11 or 3.12; everything else comes with `scripts/setup.sh`.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

BIN := .venv/bin
ARGS ?=

# Set-up talks to standard error, so that standard output belongs to the command (`make demo ARGS="… --json"`).
SETUP := @sh scripts/setup.sh >&2

##@ Start here

.PHONY: setup
setup: ## Make the project's own environment in .venv (quick when it is there already)
	$(SETUP)

.PHONY: demo
demo: ## Made-up shops, live orders and the control tower; ARGS="--days 1 --exit --json" plays days without a person
	$(SETUP)
	@$(BIN)/fahuo demo $(ARGS)

.PHONY: test
test: ## Every check there is: lint, types, imports, units, both databases, browser, faults, data
	$(SETUP)
	@$(BIN)/python scripts/test.py $(ARGS)

##@ Every day

.PHONY: serve
serve: ## The control tower on your own data (FAHUO_HOME, FAHUO_DATABASE_URL)
	$(SETUP)
	@$(BIN)/fahuo serve $(ARGS)

.PHONY: unit
unit: ## The quick tests only: SQLite, no browser, no faults, no data sets
	$(SETUP)
	@$(BIN)/python -m pytest -m "not postgres and not browser and not fault and not data" $(ARGS)

.PHONY: lint
lint: ## ruff and the project's own checks: sizes, seller scope, explained suppressions
	$(SETUP)
	@$(BIN)/python scripts/test.py lint

.PHONY: types
types: ## mypy, strict
	$(SETUP)
	@$(BIN)/python scripts/test.py types

.PHONY: imports
imports: ## The import contracts: every import points backwards along the order's journey
	$(SETUP)
	@$(BIN)/python scripts/test.py imports

.PHONY: format
format: ## Put the code into the project's format and mend what ruff can mend safely
	$(SETUP)
	@$(BIN)/ruff check --fix-only --quiet . && $(BIN)/ruff format --quiet .

.PHONY: licences licenses
licences licenses: ## Licence of every package of the default install; fails on GPL and AGPL
	$(SETUP)
	@$(BIN)/python scripts/check_licences.py --list

##@ Measuring

.PHONY: bench
bench: ## One of the measuring commands: make bench ARGS="pipeline --orders 20000 --json"
	$(SETUP)
	@$(BIN)/fahuo bench $(ARGS)

.PHONY: faults
faults: ## Days with every fault while Fahuo is killed again and again: make faults ARGS="--days 3 --kills 20 --seed 1"
	$(SETUP)
	@$(BIN)/python -m scripts.fault_run $(ARGS)

##@ PostgreSQL

.PHONY: db-postgres
db-postgres: ## A private PostgreSQL of this checkout; prints the URL for FAHUO_DATABASE_URL
	$(SETUP)
	@$(BIN)/python scripts/postgres.py start

.PHONY: db-postgres-stop
db-postgres-stop: ## Stop that PostgreSQL (its data stays)
	@$(BIN)/python scripts/postgres.py stop

##@ House-keeping

.PHONY: clean
clean: ## Remove what the checks leave behind (caches); the environment and your data stay
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist
	@find . -name __pycache__ -type d -not -path './.venv/*' -not -path './.tools/*' -prune -exec rm -rf {} +

.PHONY: clean-all
clean-all: clean ## Also remove the environment and the tools (.venv, .tools); your data stays
	@if [ -x $(BIN)/python ]; then $(BIN)/python scripts/postgres.py stop >&2; fi
	@rm -rf .venv
	@if [ -d .tools ]; then find .tools -mindepth 1 -maxdepth 1 ! -name postgres -exec rm -rf {} +; fi

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z][a-z -]*:.*## / { sub(/ .*/, "", $$1); printf "  make %-17s %s\n", $$1, $$2 }' Makefile
