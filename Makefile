# make train   the main job: fine-tune, evaluate beside the baselines, print the table
# make test    the whole test suite, offline
# make help    the other targets
.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
# Continue an interrupted run, or give it a name: make train RUN=runs/mine
RUN ?= runs/$(shell date +%Y%m%d-%H%M%S)
ARGS ?=
# Threads that spin while they wait slow each other down several times on a shared machine.
export OMP_WAIT_POLICY ?= PASSIVE
export TOKENIZERS_PARALLELISM ?= true

.PHONY: help train test lint check-corpus constraints clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# torch goes first and pinned: whatever else needs it would bring the newest build and gigabytes of CUDA.
$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "isnad needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

train: $(VENV)/ready  ## fine-tune the shipped encoder, evaluate it, print the table (ARGS="seed=2 …" for more)
	$(BIN)/python -m train output=$(RUN) $(ARGS)
	$(BIN)/python -m eval artifact=$(RUN)/model

test: $(VENV)/ready  ## the whole test suite, offline
	$(BIN)/python -m pytest

lint: $(VENV)/ready  ## ruff, and a strict type check of isnad/
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check-corpus: $(VENV)/ready  ## schema, offsets, spans, duplicates, balance, overlap with real text
	$(BIN)/python -m seeds.check

constraints:  ## write constraints.txt from the environment at hand
	(echo '# The versions that are tested together; regenerate with `make constraints`.'; \
	 $(BIN)/pip freeze --exclude-editable | sed -E 's/^(torch==[0-9.]+)\+.*/\1/' | sort -f) > constraints.txt

clean:  ## remove the environment and what tools left behind; runs/ stays
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
