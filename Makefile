# Suyuan. `make` alone lists the targets. Each one works as the first command in a fresh clone.

SHELL := /bin/sh
# The folder trace/ must never hide the standard library's module of that name from a `python -m ...` that is run here.
export PYTHONSAFEPATH := 1
unexport PYTHONPATH PYTHONHOME

BIN := .venv/bin
# One stamp for each content of the two files, and for this folder: a virtual environment cannot be moved.
STAMP := .venv/.installed-$(shell { pwd; cat pyproject.toml constraints.txt; } | cksum | cut -d ' ' -f 1)
# Two tests at a time: half of them wait for processes they have started. A file's tests stay together.
AT_ONCE := -n 2 --dist loadfile
# Further arguments: make demo ARGS=--once, make test ARGS="-k recall".
ARGS ?=
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow check format-check lint types layers package dependencies coverage bench format \
	reference constraints clean

help: ## List the targets
	@echo "usage: make TARGET [ARGS=...] [PYTHON=...]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile

demo: $(STAMP) ## Three foods from farm to shopper, with readers, ledger and recalls (ARGS=--once ends by itself)
	@$(BIN)/suyuan demo $(ARGS)

test: $(STAMP) ## Run the tests that take a few minutes in all
	$(BIN)/pytest -m "not slow" $(AT_ONCE) $(ARGS)

test-slow: $(STAMP) ## Run the tests that are marked slow
	$(BIN)/pytest -m slow $(ARGS)

check: format-check lint types layers dependencies package coverage ## Run every gate
	@echo "All gates passed."

format-check: $(STAMP)
	$(BIN)/ruff format --check

lint: $(STAMP)
	$(BIN)/ruff check

types: $(STAMP)
	$(BIN)/mypy

layers: $(STAMP)
	$(BIN)/lint-imports

dependencies: $(STAMP)
	$(BIN)/python -m pip check

package: $(STAMP) ## Build wheel and sdist, compare them with git, install the wheel into an empty environment
	$(BIN)/python .ci/check_package.py

coverage: $(STAMP) ## Run the tests and the documents' code blocks, and hold the branch coverage to .ci/coverage-floor
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "not slow" $(AT_ONCE) -q $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --skip-covered --fail-under=$$(cat .ci/coverage-floor)

bench: $(STAMP) ## Run the benchmarks (ARGS=--quick for a short look)
	@for program in bench/*.py; do echo "== $$program" >&2; $(BIN)/python "$$program" $(ARGS) || exit 1; done

format: $(STAMP) ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

reference: $(STAMP) ## Write the tables of docs/reference that follow from the code
	$(BIN)/pytest -q tests/architecture/test_reference.py tests/trace/test_query_plans.py --write-reference

constraints: $(STAMP) ## Write constraints.txt from what is installed in .venv
	$(BIN)/python .ci/write_constraints.py

clean: ## Remove what make and the tools made, but no data folder
	rm -rf .venv build dist src/*.egg-info .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache .grimp_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP):
	@.ci/make-venv
	@rm -f .venv/.installed-*
	@touch $@
