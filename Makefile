# Every target makes its own environment in .venv; nothing else on the machine is touched.
PYTHON ?= python3.11
BIN := .venv/bin
# Tests run in so many processes at once, each on a core of its own; each needs about 2 GB.
JOBS ?= 2

.PHONY: demo test check lint format sanitize docs clean

demo: .venv/installed
	$(BIN)/reslab demo

test: .venv/tested
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

check: lint
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "not slow"

lint: .venv/tested
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/tested
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Accesses out of bounds and races in the C++ kernels: some minutes, after changes there.
sanitize: .venv/tested
	$(BIN)/python -m tests.native.sanitize

# Every table and figure of README.md and PAPER.md, made again from results/ and paper.json.
docs: .venv/installed
	$(BIN)/python -m reslab.cli.documents

.venv/installed: pyproject.toml constraints.txt
	@echo "Making .venv and installing what constraints.txt pins: half a minute, and what there is to fetch"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/tested: .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	touch $@

clean:
	rm -rf .venv build dist
