# `make report` and `make test` set up all they need: .venv is made once and again when the lock changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKSPACES ?= data/retail data/b2b
SAMPLE := data/b2b/exports/book.xlsx
PORT ?= 8888

.PHONY: report sample test coverage lab lint setup lock clean
.DEFAULT_GOAL := report

report: $(READY) $(SAMPLE)
	$(BIN)/crmlib report $(WORKSPACES) --out reports
	@echo "Open reports/index.html in a browser."

# The exports of the sample company are drawn once, and again when their generator changes.
$(SAMPLE): $(wildcard crmlib/sample/*.py) | $(READY)
	$(BIN)/crmlib sample data/b2b

sample: $(READY)
	$(BIN)/crmlib sample data/b2b

test: $(READY)
	$(BIN)/python -m pytest --numprocesses logical --dist loadfile --no-loadscope-reorder

coverage: $(READY)
	$(BIN)/python -m pytest --cov --cov-report=term

lab: $(READY)
	$(BIN)/jupyter lab --notebook-dir=notebooks --port=$(PORT)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "$(PYTHON) is older than 3.11. Name a newer one: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
	  || { echo "No virtual environment could be made. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Setting up $(VENV); this takes a minute or two, once."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m crmlib.analyse.rules
	@touch $@

# For maintainers: resolve anew after a change of pyproject.toml (needs uv), then bring environment.yml in line.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --extra sample --extra text --extra test --extra build --extra lint \
	  --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock
	$(PYTHON) tests/packaging_files.py > environment.yml

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
