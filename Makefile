# `make app` starts the page, `make test` runs the tests. Both set themselves up in .venv, and are quick the second time.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: help app test lint clean
help:
	@echo "make app    start the page on http://localhost:7860"
	@echo "make test   run all tests"
	@echo "make lint   ruff, mypy and biome"
	@echo "make clean  remove the virtual environment"

app: $(VENV)/.app
	$(RUN) app.py

test: $(VENV)/.test
	$(RUN) -m pytest

lint: $(VENV)/.test
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(VENV)/bin/biome lint --error-on-warnings page/static tests/js
	$(VENV)/bin/biome format page/static tests/js

clean:
	rm -rf $(VENV)

# Debian and Ubuntu ship Python without ensurepip: install it where that is possible without asking, else say how.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is older than 3.11: install a newer Python and run make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -y -qq python3-venv; \
	  else echo "Python's venv module is missing: run  sudo apt-get install python3-venv  and try again."; exit 1; fi; }
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.app: requirements.txt | $(VENV)/.made
	$(RUN) -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/.app
	$(RUN) -m pip install --quiet --group test
	@touch $@
