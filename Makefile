# The short names of everything a person does. `make run` and `make test` need Python 3.11+ and make.

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
DATA ?= ../shared/data
test: export OPENBLAS_NUM_THREADS = 1

.PHONY: run test lint train figures bench lock clean

run: $(VENV)/run.stamp  ## serve the shipped models on http://127.0.0.1:8000
	PORT=$(PORT) $(BIN)/python -m app

test: $(VENV)/dev.stamp browser lint  ## linters, then the whole suite, real browser included
	$(BIN)/python -m pytest

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

train: $(VENV)/dev.stamp  ## train the shipped models again from the pictures in $(DATA)
	PYTHON=$(BIN)/python DATA=$(DATA) sh models/train.sh

figures: $(VENV)/dev.stamp  ## draw the article's figures into figures/, from the pictures in $(DATA)
	PYTHON=$(BIN)/python DATA=$(DATA) sh docs/figures.sh

bench: $(VENV)/dev.stamp  ## measure side by side; see docs/performance.md
	$(BIN)/python -m benchmarks

.PHONY: lighthouse screens
lighthouse: $(VENV)/dev.stamp browser  ## Lighthouse's scores of the first page, into docs/lighthouse.md; wants npm
	PYTHON=$(BIN)/python sh tests/browser/lighthouse.sh

screens: $(VENV)/dev.stamp browser  ## pictures of the page with a morph, into docs/screens/
	$(BIN)/python -m tests.browser.screenshots

# Safety: these take long, or want the network, and are not part of `make test`.

MINUTES ?= 30
KILLS ?= 200
TARGETS := photo checkpoint landmarks latents

.PHONY: fuzz hostile soak kills audit sbom
fuzz: $(VENV)/safety.stamp  ## fuzz each target for $(MINUTES) minutes
	for target in $(TARGETS); do $(BIN)/python -m tests.fuzz $$target --minutes $(MINUTES) || exit 1; done

hostile: $(VENV)/dev.stamp  ## send a thousand hostile requests, and print what became of them
	$(BIN)/python -m tests.hostile --once

soak: $(VENV)/dev.stamp  ## $(MINUTES) minutes of good and bad traffic
	$(BIN)/python -m tests.hostile --minutes $(MINUTES)

kills: $(VENV)/dev.stamp  ## kill a training run $(KILLS) times
	$(BIN)/python -m tests.commands.kills --kills $(KILLS)

audit: $(VENV)/safety.stamp  ## look the locked packages up among the known vulnerabilities; fails where it cannot ask
	$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements.lock
	$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements-dev.lock

sbom: $(VENV)/safety.stamp  ## write dist/sbom.json: what a server is made of, in CycloneDX
	mkdir -p dist
	$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible -o dist/sbom.json

.PHONY: browser
browser:  ## find a Chromium for the browser tests, install Debian's if there is none and we may
	@command -v chromium-headless-shell chromium google-chrome >/dev/null || sh tests/browser/install.sh

# The environment: packages pinned with hashes, then this project on top of them.

$(VENV)/run.stamp: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make run PYTHON=python3.11")'
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	touch $@

$(VENV)/dev.stamp: requirements-dev.lock pyproject.toml | $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/safety.stamp: requirements-safety.lock | $(VENV)/dev.stamp
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-safety.lock
	touch $@

lock: $(VENV)/dev.stamp  ## resolve the dependencies of pyproject.toml anew
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet --extra dev -c requirements.lock -o requirements-dev.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet --extra fuzz --extra audit -c requirements-dev.lock -o requirements-safety.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
