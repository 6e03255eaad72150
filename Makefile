# make demo      the whole story: contributions travel from upload to publication, then look around
# make run       the same site without the story
# make test      everything; `make test-fast` what takes no more than 90 seconds; `make lint`
# make bench NAME=credit
# make translations   gathers new texts into the .po files and compiles them (needs gettext)
# make reset     deletes the site's data (var/)

SHELL := /bin/bash
PORT ?= 8000
PYTHON ?=
VENV := .venv/bin/python
READY := .venv/ready-$(shell cat pyproject.toml constraints.txt | sha256sum | cut -c1-16)
LINT_ENV := COMMONWEIGHT_VAR=.mypy_cache/var

.PHONY: setup browser run demo test test-fast lint bench translations reset

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@bash .ci/setup $(PYTHON)
	@rm -f .venv/ready-* && touch $@

browser: setup
	@bash .ci/system chromium

run: setup
	$(VENV) manage.py up --port $(PORT)

demo: setup
	$(VENV) manage.py demo --port $(PORT)

test: setup browser
	$(VENV) -m pytest -n 3 --dist worksteal

test-fast: setup
	$(VENV) -m pytest -n 2 --dist worksteal -m "not slow"

lint: setup
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	$(LINT_ENV) $(VENV) -m mypy
	$(LINT_ENV) $(VENV) -W ignore manage.py makemigrations --check --dry-run
	.venv/bin/lint-imports --no-cache

bench: setup
	@test -n "$(NAME)" || { echo "which one? make bench NAME=…, of: $(filter-out __%,$(basename $(notdir $(wildcard benchmarks/*.py))))"; exit 2; }
	$(VENV) -m benchmarks.$(NAME)

# The dates of a .po only make differences.
# -P: with the package itself on the path, its folder locale would hide Python's module.
translations: setup
	@for package in registry contributions; do (cd $$package \
	  && ../$(VENV) -P -m django makemessages -l zh_Hans --no-location --no-obsolete \
	  && sed -i '/^"POT-Creation-Date/d' locale/zh_Hans/LC_MESSAGES/django.po \
	  && ../$(VENV) -P -m django compilemessages) || exit 1; done

reset: setup
	$(VENV) -m registry.servers.reset
