# Every target sets up .venv by itself; a second run finds the stamp of the same lock and goes on.
#
#   make demo        the whole round on real figures, into demo/
#   make test        every test this machine can run; installs system packages when it may
#   make ci          what CI runs: lint, types, layers, fresh generated files, then every test
#   make fuzz-http   many requests made up from the OpenAPI document, fifty people for a minute
#   make bench       how fast, and how it grows
#   make format      let ruff write the layout
#   make generated   write docs/reference/, the lines in docs/glossary.md and macros/generated/ anew
#   make lock        choose the newest versions of all dependencies
#   make hooks       run the checks before each commit
#   make clean       remove what the other targets made

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check
GENERATED := docs/reference docs/glossary.md macros/generated

# Published reports to test against, where they are at hand; tests skip loudly where not.
NIANBAO_CASES ?= $(wildcard $(CURDIR)/../shared/data)
export NIANBAO_CASES

digest = $(shell cat pyproject.toml $(1) | cksum | cut -d' ' -f1)
DEV := $(VENV)/.dev-$(call digest,requirements-dev.lock)
RUNTIME := $(or $(wildcard $(DEV)),$(VENV)/.runtime-$(call digest,requirements.lock))
COMPILE = $(PY) -m uv pip compile pyproject.toml --quiet --upgrade --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock"

.DELETE_ON_ERROR:
.PHONY: demo test ci lint bench fuzz-http lock format generated hooks clean

demo: $(RUNTIME)
	$(VENV)/bin/nianbao demo

test: $(DEV)
	@.ci/system-packages
	$(PY) -m pytest -n 2

ci: lint
	NIANBAO_REQUIRE_SYSTEM=1 $(MAKE) --no-print-directory test

lint: $(DEV)
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/ruff check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/check-jsonschema --schemafile templates/schema.json templates/*.toml
	$(MAKE) --no-print-directory generated
	git diff --exit-code -- $(GENERATED)
	@new=$$(git ls-files --others --exclude-standard -- $(GENERATED)); \
	test -z "$$new" || { echo "generated, but not in the repository:" $$new >&2; exit 1; }

fuzz-http: $(DEV)
	NIANBAO_FUZZ_EXAMPLES=1000 NIANBAO_LOAD_SECONDS=60 $(PY) -m pytest -s \
		tests/test_server_fuzz.py tests/test_server_process.py

bench: $(DEV)
	$(PY) -m pytest tests/benchmarks --benchmark-only

lock: $(DEV)
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --output-file requirements-dev.lock --group dev --constraints requirements.lock

format: $(DEV)
	$(VENV)/bin/ruff format
	$(VENV)/bin/ruff check --fix

generated: $(DEV)
	$(PY) docs/generate.py

hooks: $(DEV)
	$(VENV)/bin/pre-commit install

clean:
	rm -rf $(VENV) build dist demo .benchmarks .hypothesis .import_linter_cache
	rm -rf .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Debian ships Python without ensurepip; its package brings it.
$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/system-packages python3-venv
	$(PYTHON) -m venv --clear $(VENV)

$(DEV): | $(PY)
	@rm -f $(VENV)/.dev-* $(VENV)/.runtime-*
	$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.runtime-%: | $(PY)
	@rm -f $(VENV)/.dev-* $(VENV)/.runtime-*
	$(PIP_INSTALL) --require-hashes -r requirements.lock
	$(PIP_INSTALL) --no-deps -e .
	@touch $@
