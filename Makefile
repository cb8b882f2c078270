# `make app` starts the page, `make test` runs the tests. Both set themselves up in .venv, and are quick the second time.
# Both compile the kernels first, so that neither the page's first fill nor four test processes at once have to.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip install --disable-pip-version-check

.PHONY: help app test lint clean tools
help:
	@echo "make app    start the page on http://localhost:7860"
	@echo "make test   run all tests"
	@echo "make lint   check style and types: ruff, mypy and biome"
	@echo "make clean  remove the virtual environment"

app: $(VENV)/.app
	@echo "Starting the page: loading the weights takes a few seconds."
	$(RUN) app.py

test: $(VENV)/.test tools
	@echo "Running all tests: about 15 minutes on two cores. The slowest ones are listed at the end."
	-$(RUN) -m inpaint.warm_up
	$(RUN) -m pytest

lint: $(VENV)/.test
	@echo "Checking style (ruff check), layout (ruff format), types (mypy), scripts and style sheets (biome)."
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(VENV)/bin/biome lint --error-on-warnings page/static tests/js docs/compare
	$(VENV)/bin/biome format page/static tests/js docs/compare

clean:
	rm -rf $(VENV)

# Not an error: the tests that need a missing program are skipped, or fail where REQUIRE_BROWSER is set.
tools:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  echo "WARNING: Chromium is missing; tests of the page in a browser are skipped. Install it: sudo apt-get install chromium"
	@command -v node >/dev/null || \
	  echo "WARNING: Node.js is missing; tests of the page's scripts are skipped. Install version 20.19 or newer: https://nodejs.org"

# Debian and Ubuntu ship Python without ensurepip: install it where that is possible without asking, else say how.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is older than 3.11: install a newer Python and run make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing python3-venv with apt-get."; apt-get update -qq && apt-get install -y -qq python3-venv; \
	  else echo "Python's venv module is missing: run  sudo apt-get install python3-venv  and try again."; exit 1; fi; }
	@echo "Creating a virtual environment in $(VENV)."
	$(PYTHON) -m venv $(VENV)
	$(PIP) --quiet --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.app: requirements.txt | $(VENV)/.made
	@echo "Installing PyTorch, Gradio and the rest: about 6 GB on Linux, once. It takes a few minutes."
	$(PIP) -r requirements.txt
	@echo "Compiling the kernels, which are kept on disk: about half a minute."
	-$(RUN) -m inpaint.warm_up
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/.app
	@echo "Installing pytest, linters and the classical methods that the tests compare with: about 0.7 GB, once."
	$(PIP) --group test
	@touch $@
