# `make report` and `make test` set up all they need: .venv is made once and again when the lock changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKSPACES ?= data/retail data/b2b
SAMPLE := data/b2b/exports/book.xlsx
PORT ?= 8888

# Images of containers often set it. Every process would then translate pandas and all else anew: five seconds each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: report sample test spark-test coverage lab lint setup lock clean
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

# Spark has a venv of its own on top of ours: neither the lock nor `make test` grows by it. Java 17 has to be there.
spark-test: $(READY)
	@test -x $(VENV)/spark/bin/python || $(PYTHON) -m venv $(VENV)/spark
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
	  > $$($(VENV)/spark/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/house.pth
	@$(VENV)/spark/bin/python -m pip install --quiet "pyspark>=4.1" "grpcio>=1.67" "grpcio-status>=1.67" \
	  "googleapis-common-protos>=1.65" "zstandard>=0.25"
	PYTHONPATH=$(CURDIR) $(VENV)/spark/bin/python -m pytest tests/engine

coverage: $(READY)
	$(BIN)/python -m pytest --cov --cov-report=term

lab: $(READY)
	$(BIN)/jupyter lab --notebook-dir=notebooks --port=$(PORT)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

setup: $(READY)

# The lock is complete: nothing is resolved (--no-deps), and `pip check` says whether it fits together. uv stands in the
# lock, too. It reads none of pip's settings, so it is told the index that pip was told, and trusts whom the system trusts.
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCKED := --quiet --require-hashes --no-deps --requirement
UV_SETTINGS = UV_SYSTEM_CERTS=1 $$($(PIP) config list | sed -n "s/^[^=]*[.]index-url='\(.*\)'$$/UV_DEFAULT_INDEX=\1/p" | head -n 1)
GET_UV = sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock && $(PIP) install $(LOCKED) $(VENV)/uv.lock
BY_UV = env $(UV_SETTINGS) $(BIN)/uv pip install --python $(BIN)/python $(LOCKED) requirements.lock
BY_PIP = $(PIP) install $(LOCKED) requirements.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "$(PYTHON) is older than 3.11. Name a newer one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 15))' \
	  || { echo "$(PYTHON) is newer than 3.14, the last that is supported. Name one: make PYTHON=python3.14"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
	  || { echo "No virtual environment could be made. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Setting up $(VENV); this takes a minute or two, once."
	@$(GET_UV) && $(BY_UV) || { echo "uv can't do it here, so pip does; that takes longer."; $(BY_PIP); }
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@$(PIP) check
	@$(BIN)/python -m crmlib.analyse.rules.mine
	@touch $@

# For maintainers: resolve anew after a change of pyproject.toml, keeping the pins that still fit, then bring what
# follows from the lock in line.
lock: $(READY)
	env $(UV_SETTINGS) $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --extra sample --extra text --extra databases --extra spss --extra identity --extra encrypt --extra test --extra build --extra lint \
	  --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock
	env $(UV_SETTINGS) $(BIN)/python tests/packaging_files.py

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
