# Thinkline on one machine. `make up` is all that a new user needs; `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.thinkline-is-set-up
ARGS ?=

.PHONY: help setup up demo test lint format bench chaos env-example clean-data clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make the environment in .venv (the other targets do it by themselves)

$(STAMP): pyproject.toml constraints.txt workers/local/setup.sh
	@sh workers/local/setup.sh $(VENV)
	@touch $@

up: $(STAMP) ## run everything on this machine until Ctrl-C
	@exec $(BIN)/thinkline up $(ARGS)

demo: $(STAMP) ## show some jobs on the running system (after `make up`, in another terminal)
	@exec $(BIN)/thinkline demo $(ARGS)

# Two processes, for most tests wait for processes of their own; a file's tests stay together and share what they started.
test: $(STAMP) ## run all tests; ARGS="-k redis -x" goes to pytest, ARGS="-n 0" runs one after the other
	$(BIN)/python -m pytest -n 2 --dist loadfile --durations 25 $(ARGS)

lint: $(STAMP) ## check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## measure what the README claims about speed (takes minutes; wants an idle machine)
	$(BIN)/python -m benchmarks.submit
	$(BIN)/python -m benchmarks.pipeline
	$(BIN)/python -m benchmarks.in_flight
	$(BIN)/python -m benchmarks.streams

chaos: $(STAMP) ## kill workers, Redis, network and models under load and check the outcome; ARGS="--jobs 20000 --seed 7"
	$(BIN)/python -m benchmarks.chaos $(ARGS)

env-example: $(STAMP) ## write .env.example and docs/configuration.md from the settings
	$(BIN)/thinkline settings --as env --output .env.example
	$(BIN)/thinkline settings --as markdown --output docs/configuration.md

clean-data: ## forget all jobs, answers and logs: delete the data folder of `make up`
	rm -rf "$${THINKLINE_DATA_DIR:-.thinkline}"

clean: ## delete the environment and all caches, not the data
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
