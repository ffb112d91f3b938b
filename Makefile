# What ganzoo's makers and first visitors need. Every target sets up what it uses; a second call is quick.

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?=

bin := $(VENV)/bin
plugins := $(sort $(patsubst %/pyproject.toml,%,$(wildcard plugins/ganzoo-*/pyproject.toml)))
installed := $(VENV)/.ganzoo-installed
uv := $(shell command -v uv 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help demo test soak lint docs bench

help:
	@echo "make demo    train a CycleGAN on drawn landscapes, without any download: minutes on two CPU cores"
	@echo "make test    lint, type checks, generated docs, and the whole test suite (PYTEST_ARGS='-k name' for a part)"
	@echo "make soak    kill trainings at every moment, hundreds of times, and see that nothing is lost; fuzz (with atheris): an hour"
	@echo "make lint    ruff and mypy alone"
	@echo "make docs    write what the pages take from the code and the measured figures"
	@echo "make bench   measure a training step against a plain PyTorch loop"
	@echo
	@echo "Each first makes $(VENV) with ganzoo, its plugins and what the tests need, by uv where it is installed, else by"
	@echo "venv and pip. PYTHON=python3.12 chooses the interpreter, VENV=folder another place."

demo: $(installed)
	@echo "Training a CycleGAN on drawn landscapes, summer to winter and back. Ctrl-C stops it and keeps what it learned."
	@run=runs/demo-$$(date +%Y%m%d-%H%M%S); \
	$(bin)/ganzoo train cyclegan --out "$$run" && \
	echo "Scoring it on scenes it never saw, beside doing nothing." && \
	$(bin)/ganzoo evaluate "$$run" && \
	echo && \
	echo "report    $$run/report.html (open it in a browser)" && \
	echo "pictures  $$(ls "$$run"/samples/step-*.png | tail -n 1)" && \
	echo "weights   $$run/generator/" && \
	echo "try it    $(bin)/ganzoo translate $$run PICTURE.jpg --direction AtoB,BtoA --out translated/"

test: lint
	@echo "Are the generated pages fresh?"
	$(bin)/python docs/generate.py --check
	$(bin)/python -m pytest $(PYTEST_ARGS)

soak: $(installed)
	$(bin)/python -m pytest tests -m soak --timeout 7200 $(PYTEST_ARGS)

lint: $(installed)
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy
	$(bin)/mypy docs/generate.py docs/figures.py $(plugins:%=%/src)

docs: $(installed)
	$(bin)/python docs/generate.py

bench: $(installed)
	$(bin)/python benchmarks/step.py

$(installed): pyproject.toml $(plugins:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "ganzoo needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo not there)." >&2; \
		echo "Name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
ifdef uv
	@echo "Setting up $(VENV) with uv: ganzoo, its plugins, and what the tests need."
	test -x $(bin)/python || uv venv --python $(PYTHON) $(VENV)
	uv pip install --python $(bin)/python -e '.[test]' $(plugins:%=-e %)
else
	@echo "Setting up $(VENV) with venv and pip (uv is not installed): ganzoo, its plugins, and what the tests need."
	test -x $(bin)/python || $(PYTHON) -m venv $(VENV)
	$(bin)/python -m pip install --quiet --disable-pip-version-check -e '.[test]' $(plugins:%=-e %)
endif
	@touch $@
