# The five things one does with a fresh clone. Needs Python 3.11-3.13 and nothing else.

# The first Python that starts, is young enough and can make an environment.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP_FLAGS ?=
BACKBONE := runs/laptop_parkref.safetensors
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) \
	-c constraints.txt
# Else JupyterLab would ask at its first start whether it may fetch news. Its option news_url=None
# does not help: 4.6 asks all the same.
QUIET_LAB = $(BIN)/jupyter labextension disable @jupyterlab/apputils-extension:announcements \
	--level=sys_prefix >/dev/null 2>&1

.PHONY: help demo train test lab notebooks bench-gpu
.DEFAULT_GOAL := help

help:
	@echo "make demo    score the trained models on ParkRef, write demo/index.html   (first time: minutes)"
	@echo "make train   the same from scratch: draw ParkRef, train backbone and both models"
	@echo "make lab     open the notebooks in JupyterLab"
	@echo "make notebooks   build notebooks/ and solutions/*.ipynb from solutions/*.py (minutes)"
	@echo "make test    style, types and all tests"
	@echo "make bench-gpu   what a GPU is needed to measure, into results/gpu (pieces of minutes)"
	@echo
	@echo "All of them first make .venv from the Python found: $(or $(PYTHON),none! install 3.11 to 3.13)."
	@echo "Another Python:   make demo PYTHON=/path/to/python3.12"
	@echo "Linux, no GPU:    make demo PIP_FLAGS='--extra-index-url https://download.pytorch.org/whl/cpu'"

# A stamp per set of packages: the second call installs nothing.
.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "no Python 3.11, 3.12 or 3.13 with venv found:" \
		"install one, or say make PYTHON=/path/to/python3.11" >&2; exit 2; }
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing the library into .venv ..."
	$(INSTALL) -e .
	@touch $@

.venv/.installed-lab: .venv/.installed
	@echo "installing JupyterLab into .venv ..."
	$(INSTALL) -e '.[notebooks,vectors,zh]'
	$(QUIET_LAB)
	@touch $@

.venv/.installed-dev: .venv/.installed
	@echo "installing what the tests need into .venv ..."
	$(INSTALL) -e '.[dev,notebooks,photos,tensorboard,vectors,zh]'
	@touch $@

demo: .venv/.installed
	$(BIN)/refseg demo --out demo

train: .venv/.installed
	test -d data/parkref || $(BIN)/refseg data make parkref
	test -f $(BACKBONE) || $(BIN)/refseg pretrain --out $(BACKBONE)
	$(BIN)/refseg train --model baseline --data parkref_unc --weights $(BACKBONE) --out runs/baseline
	$(BIN)/refseg train --model cmsa --data parkref_unc --weights $(BACKBONE) --out runs/cmsa
	$(BIN)/refseg demo --out demo --model runs/baseline --model runs/cmsa

lab: .venv/.installed-lab
	$(BIN)/jupyter lab --notebook-dir=.

notebooks: .venv/.installed-dev
	$(BIN)/refseg course build

test: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2

# Resumable: what is measured already is skipped.
bench-gpu: .venv/.installed
	$(BIN)/python benchmarks/gpu.py
