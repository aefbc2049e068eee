# make run     open Lightbox on http://localhost:8501; to let the network in, on another port:
#              make run ADDRESS=0.0.0.0 PORT=8502
# make test    lint, then every test, the browser's too; with more cores: make test WORKERS=8
# make lint    only the linter and the formatter's check
# make format  let the formatter have its way

PYTHON ?= python3
ADDRESS ?= localhost
PORT ?= 8501
WORKERS ?= 2
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# Python compiles what is imported when it is: compiling all of it beforehand takes half of the time.
INSTALL := $(PIP) install --no-compile
HEALTHY := $(BIN)/python -c "import urllib.request as r; r.urlopen('http://localhost:$(PORT)/_stcore/health', timeout=2)" 2>/dev/null
# grad-cam asks for the desktop build of OpenCV, which overwrites the headless one and needs a graphics library.
HEADLESS = $(PIP) uninstall --yes opencv-python && \
	$(INSTALL) --force-reinstall --no-deps $$(grep -o '^opencv-python-headless[^ ]*' requirements.txt)

.PHONY: run test lint format

run: .venv/app
	@if $(HEALTHY); then echo "Port $(PORT) is taken by another app; try: make run PORT=$$(($(PORT) + 1))"; exit 1; fi
	@trap 'kill $$app; wait $$app; exit 0' INT TERM; \
	$(BIN)/streamlit run Home.py --server.address $(ADDRESS) --server.port $(PORT) & app=$$!; \
	until $(HEALTHY); do kill -0 $$app 2>/dev/null || exit 1; sleep 0.3; done; \
	echo "Lightbox is ready: http://localhost:$(PORT)  (Ctrl+C stops it)"; \
	wait $$app

test: lint
	@$(BIN)/python -m tests.browser.chromium
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: .venv/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .

format: .venv/dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.venv/bin/python:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Lightbox needs Python 3.11 or newer.')"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/app: requirements.txt | .venv/bin/python
	@echo "Installing Lightbox into .venv; the first time takes a few minutes."
	@$(INSTALL) -r requirements.txt
	@$(HEADLESS)
	@touch $@

.venv/dev: requirements.txt requirements-dev.txt requirements-cluster.txt | .venv/bin/python
	@echo "Installing Lightbox and its test tools into .venv; the first time takes a few minutes."
	@$(INSTALL) -r requirements-dev.txt
	@$(HEADLESS)
	@touch .venv/app $@
