# Two commands do everything on a fresh machine: `make run` and `make test`. Both keep to .venv/.
PYTHON ?= python3
PORT ?= 7860
HOST ?= 127.0.0.1
# Each worker of the tests has servers with models and a browser of its own: about 3 GB of memory.
WORKERS ?= 2
BIN := .venv/bin
CONSTRAINTS := .ci/constraints.txt
# Passages of the indexes that `make bench` makes, and options of tests/benchmarks/bench.py.
SIZES ?= 1000 10000 100000 1000000
BENCH ?=
FUZZ_SECONDS ?= 120
FUZZ_TEXTS ?= 100000
# The Quality tab asks the questions about the shipped corpus, unless something else is set.
QUESTIONS := $(if $(wildcard roleqa.toml)$(ROLEQA_CORPUS)$(ROLEQA_QUESTIONS),,--questions tests/eval/questions.jsonl)

.PHONY: run test bench fuzz reader lint types check chromium clean

run: .venv/run.done  ## Set up, build the index, open the chat (PORT=8080 for another port).
	$(BIN)/roleqa build
	$(BIN)/roleqa serve --host $(HOST) --port $(PORT) $(QUESTIONS)

test: .venv/test.done chromium  ## Set up and run every test.
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

bench: .venv/test.done  ## Measure everything: one page of figures (BENCH=--publish puts them into the repository).
	$(BIN)/python tests/benchmarks/bench.py --sizes $(SIZES) $(BENCH)

# What trains the reader, a folder with public/ and handbooks/; options of `python -m roleqa.training`.
DATA ?= data
TRAINING ?=

reader: .venv/test.done  ## Train the reader further and put its weights into the package (DATA=folder).
	$(BIN)/python -m roleqa.training --data $(DATA) --more tests/eval/training/* --output build/reader.safetensors --package $(TRAINING)

fuzz: .venv/test.done  ## Read files made by chance, of every format (FUZZ_SECONDS of processor time for each, FUZZ_TEXTS texts).
	$(BIN)/python tests/benchmarks/fuzz.py $(FUZZ_TEXTS)
	$(BIN)/python tests/benchmarks/fuzz_files.py --seconds $(FUZZ_SECONDS)

lint: .venv/test.done  ## Style of the code.
	$(BIN)/ruff check

types: .venv/test.done  ## Types of the code.
	$(BIN)/mypy

check: lint types test  ## All of the above.

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "roleqa needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv .venv

.venv/run.done: pyproject.toml $(CONSTRAINTS) | .venv/bin/python
	@echo "Installing what roleqa needs into .venv: a few minutes the first time, 2.4 GB."
	@$(BIN)/python -m pip install --quiet --editable . --constraint $(CONSTRAINTS)
	touch $@

.venv/test.done: pyproject.toml $(CONSTRAINTS) | .venv/bin/python
	@echo "Installing what roleqa and its tests need into .venv: a few minutes the first time, 2.7 GB."
	@$(BIN)/python -m pip install --quiet --editable '.[dev]' --constraint $(CONSTRAINTS)
	touch $@ .venv/run.done

# The browser tests drive the system's Chromium. It is installed where that needs no question asked.
chromium:
	@command -v chromium chromium-browser google-chrome >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else \
		echo "The browser tests need Chromium: install it (on Debian: sudo apt-get install chromium) and run this again."; exit 1; \
	fi

clean:  ## Remove what was generated: the index and the caches; .venv stays.
	rm -rf index/CURRENT index/generations index/evaluation index/confidence.json index/.lock index/.lock-holder build .mypy_cache .pytest_cache .ruff_cache .hypothesis
