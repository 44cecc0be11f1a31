# Everything that can be done here, one command each. `make` alone lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# uv from PATH, else one of our own in a private environment.
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
PY := .venv/bin/python
RUN := $(PY) -m
# A process of pytest that has nothing left to do takes tests from another one: some take minutes, and stand together.
# Tests of workflows mostly wait, so more of them run at once than there are cores; not those whose clocks run out.
BESIDE := --dist worksteal
SYNCED := .venv/.synced

# An office's network often has a certificate authority of its own: trust what the machine trusts.
export UV_SYSTEM_CERTS ?= 1

.PHONY: help setup run demo test test-postgres production-test browser-test screenshots dev-server test-fast stories mutants replay fmt check docs migrate bench bench-small clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Use
run: $(SYNCED) ## start everything with a fictional office, play the stories, serve until Ctrl-C
	@$(RUN) cli up

demo: $(SYNCED) ## play the stories on ports and data of their own, print their timelines, exit 0
	@$(RUN) cli demo

setup: $(SYNCED) ## install what is needed, from the lock file

##@ Change
test: $(SYNCED) dev-server ## run all tests, on a real Temporal server; in those of workflows every task replays its history
	@$(RUN) pytest $(BESIDE) -n 3 --ignore tests/workflows
	@$(RUN) pytest $(BESIDE) -n 5 --cache 0 -m "not hasty" tests/workflows
	@$(RUN) pytest $(BESIDE) -n 2 --cache 0 -m hasty tests/workflows

test-postgres: $(SYNCED) dev-server ## run store and API tests on a PostgreSQL server of their own
	@$(RUN) pytest $(BESIDE) -n 3 --database postgres tests/store tests/api tests/runtime/test_bad_start.py

production-test: $(SYNCED) dev-server ## stories, journeys in skipped time, a restore and workflow tests on the official server and PostgreSQL
	@$(RUN) tests.support.machine.official
	@PATH="$$PATH:$(abspath $(dir $(UV)))" $(RUN) pytest -m production tests/production
	@$(RUN) pytest $(BESIDE) -n 4 --temporal official --database postgres -m "not hasty" tests/workflows
	@$(RUN) pytest $(BESIDE) -n 2 --temporal official --database postgres -m hasty tests/workflows

browser-test: $(SYNCED) dev-server ## walk through all pages in Debian's Chromium: stories, mishaps, accessibility, hostile input
	@$(RUN) pytest -m browser tests/browser

dev-server: $(SYNCED) ## find, download or build the Temporal dev server (once, about three minutes)
	@$(RUN) runtime.machine.devserver

test-fast: $(SYNCED) ## run the tests that need no server
	@$(RUN) pytest tests/domain tests/messages tests/store tests/habits

stories: $(SYNCED) ## play N stories of an office (300), from the one with the number SEED on, and print the first that breaks a promise
	@$(RUN) tests.stories $(N) $(if $(SEED),--seed $(SEED))

mutants: $(SYNCED) ## break the rules and the tables on purpose and see that a test notices (ten minutes)
	@rm -rf mutants
	@$(UV) run --no-sync --with mutmut==3.8.1 mutmut run
	@$(UV) run --no-sync --with mutmut==3.8.1 mutmut results
	@$(RUN) tests.planted

replay: $(SYNCED) ## replay the recorded histories
	@$(RUN) pytest tests/replay

fmt: $(SYNCED) ## format, and mend what can be mended
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .

check: $(SYNCED) ## all that CI checks without running: format, lint, types, imports, docs, spelling
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy .
	@.venv/bin/lint-imports
	@.venv/bin/djlint api/templates --lint --quiet
	@$(RUN) docs.generate --check
	@.venv/bin/codespell

docs: $(SYNCED) ## write the generated pages anew
	@$(RUN) docs.generate

screenshots: $(SYNCED) dev-server ## take the pictures of all pages anew, and write docs/pages.md
	@$(RUN) tests.browser.screenshots

migrate: $(SYNCED) ## bring the store named by DINGDAN_DATABASE_URL up to date
	@$(RUN) cli migrate

bench: $(SYNCED) dev-server ## measure: ratios against a bare workflow in the same run; fills docs/performance.md (two hours)
	@$(RUN) tests.support.machine.official
	@$(RUN) bench --write $(ONLY)

bench-small: $(SYNCED) dev-server ## see that every program of the bench runs, at tiny sizes (some minutes)
	@$(RUN) tests.support.machine.official
	@$(RUN) bench --small

##@ Tidy
clean: ## remove the environment and the demo's data
	rm -rf .venv .uv data mutants

.uv/bin/uv:
	@echo "installing uv (once)"
	@{ python3 -m venv .uv && .uv/bin/python -m pip install --quiet uv; } 2>/dev/null \
	  || { rm -rf .uv; python3 -m pip install --quiet --target .uv uv; } \
	  || { echo "Python 3.11 or newer with venv or pip is needed; on Debian: apt-get install python3-venv"; exit 1; }

$(SYNCED): pyproject.toml uv.lock $(filter .uv/bin/uv,$(UV))
	@echo "installing dependencies from the lock file"
	@$(UV) sync --quiet --frozen
	@touch $@
