# make run     install and serve http://localhost:8501 (PORT=8600 for another port, HOST=0.0.0.0 for the network)
#              (for the network, set how people sign in first: docs/team.md)
# make demo    serve it with a month of demo data that is gone at the end; with HOST=0.0.0.0 for whoever has its link
# make test    install and run all tests, including browser tests
# make test-quick  the tests that need no browser, no second server and no other process
# make check   style, types and import layers
# make bench   measure this app beside its peers and write benchmarks/report.md (20 minutes);
#              QUICK=1 takes a few, records nothing and warns of what has become half as good
# make compat  run older releases of Stripe's SDKs, and programs of others, against the local sandbox
# make lock    resolve the requirements again, for every platform, with hashes
# make sbom    what the server is made of, as a CycloneDX file (sbom.json)
# make licenses  list the licences of what the server is made of, in docs/licenses.md
# make operations  list what the sandbox does with each of Stripe's operations, in docs/sandbox.md
# make pictures  take the README's screenshots again

PYTHON ?= python3
PORT ?= 8501
HOST ?= localhost
VENV := .venv
BIN := $(VENV)/bin
# Many tests wait for a server or a browser: one process more than there are cores.
WORKERS = $(shell $(BIN)/python -c 'import os; print((os.cpu_count() or 1) + 1)')

TOOLS := .venv-tools
REQUIREMENTS := requirements requirements-team requirements-dev
ACCEPTED_LICENSES := MIT;BSD;Apache;ISC;PSF;Python Software Foundation;MPL;Mozilla;LGPL-3.0-only

# Where the environment forbids it to store what it compiles (many containers do), each process of a
# test would compile all libraries anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: install install-dev run demo test test-quick check bench compat lock sbom licenses operations pictures clean

install: $(VENV)/.installed

install-dev: $(VENV)/.installed-dev

# One without pip is incomplete (Debian without python3-venv, an interrupted make) and is created again.
define virtual_environment
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
			{ echo "Python 3.11 or newer is needed; '$(PYTHON)' is older. Choose another: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }; \
		echo "Creating a virtual environment in $(VENV) ..."; \
		$(PYTHON) -m venv --clear $(VENV) || \
			{ rm -rf $(VENV); echo "The virtual environment could not be created. On Debian and Ubuntu, run apt-get install python3-venv, then make again."; exit 1; }; \
	}
endef

# Exactly what was tested, and nothing that was put in its place: every file has its hash.
PIP_INSTALL = @$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

$(VENV)/.installed: requirements.lock
	$(virtual_environment)
	@echo "Installing what the app needs (requirements.lock) ..."
	$(PIP_INSTALL) -r requirements.lock
	@touch $@

# Compiled when it is imported: most of what the tests' libraries bring never is.
$(VENV)/.installed-dev: requirements-dev.lock
	$(virtual_environment)
	@echo "Installing what the tests need (requirements-dev.lock) ..."
	$(PIP_INSTALL) --no-compile -r requirements-dev.lock
	@touch $@ $(VENV)/.installed

run: install
	@echo "Starting the dashboard on http://$(HOST):$(PORT) (press Ctrl+C to stop) ..."
	@exec $(BIN)/streamlit run streamlit_app.py --server.port $(PORT) --server.address $(HOST)

demo: install
	@exec $(BIN)/python demo.py --host $(HOST) --port $(PORT)

test: install-dev
	@$(BIN)/python -m tests.support.chromium
	@$(BIN)/python -m tests.support.programs
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# Whatever needs no browser, no second server and no other process: see tests/support/quick.py.
test-quick: install-dev
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m 'not slow'

check: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --num-workers auto
	$(BIN)/lint-imports
	$(BIN)/python -m docs.licenses "$(ACCEPTED_LICENSES)"

bench: install-dev
	@$(BIN)/python -m benchmarks report $(if $(QUICK),--quick)

compat: install-dev
	@$(BIN)/python -m tests.compat

$(TOOLS)/.installed: requirements-tools.txt
	@$(PYTHON) -m venv --clear $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-tools.txt
	@touch $@

lock: $(TOOLS)/.installed
	@for name in $(REQUIREMENTS); do \
		$(TOOLS)/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
			--no-emit-index-url --custom-compile-command "make lock" $$name.txt -o $$name.lock || exit 1; \
	done

sbom: $(TOOLS)/.installed
	@$(TOOLS)/bin/cyclonedx-py requirements requirements-team.lock --output-reproducible \
		--output-format JSON --output-file sbom.json
	@echo "Written: sbom.json"

licenses: install-dev
	@$(BIN)/python -m docs.licenses --write "$(ACCEPTED_LICENSES)"

operations: install-dev
	@$(BIN)/python -m docs.sandbox_operations

pictures: install-dev
	@$(BIN)/python -m tests.support.chromium
	@$(BIN)/python -m docs.take_pictures

clean:
	rm -rf $(VENV) $(TOOLS) .older-sdks .peers benchmarks/peers/next/node_modules benchmarks/peers/next/.next .mypy_cache .ruff_cache .pytest_cache test-results
