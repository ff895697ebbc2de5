# What developers and CI run. Needs Python 3.11 or later, git and make; the rest is installed below this folder.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
KUSTOMIZE_VERSION := v5.7.1
GITLAB_CI_LOCAL_VERSION := 4.63.0
WORKERS ?= 2

export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export DEBIAN_FRONTEND := noninteractive

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(INSTALLED) ## Walk through a change on a copy of this repository, from a flow to its impact.
	@bash tools/demo.sh

.PHONY: test
test: lint tools ## Lint, then run every test.
	pytest -n $(WORKERS)

.PHONY: lint
lint: $(INSTALLED) ## Check style, types and imports between modules.
	ruff check .
	ruff format --check .
	mypy
	lint-imports

.PHONY: format
format: $(INSTALLED) ## Give Python files their style.
	ruff check --fix .
	ruff format .

.PHONY: install
install: $(INSTALLED) ## Install Ringfence and the development tools into .venv.

.PHONY: tools
tools: ## Make sure that a kustomize is there: on PATH, or built into .tools/bin.
	@bash tools/setup/kustomize.sh $(KUSTOMIZE_VERSION)
	@bash tools/setup/gitlab-ci-local.sh $(GITLAB_CI_LOCAL_VERSION)

.PHONY: tools-e2e
tools-e2e: $(INSTALLED) tools ## Ask a real kube-apiserver, built on first use in minutes, about everything that is rendered.
	@bash tools/setup/apiserver.sh
	pytest tests/e2e

.PHONY: bench
bench: $(INSTALLED) ## Measure plain manifests, and repositories of 1,000 and 10,000 flows. Takes ten minutes.
	python benchmarks/engine.py
	python benchmarks/repository.py

.PHONY: bench-logs
bench-logs: $(INSTALLED) ## Measure how fast flow logs are aggregated: a hundred million records in Parquet. Takes minutes.
	python benchmarks/logs.py --records 100000000

.PHONY: bench-full
bench-full: $(INSTALLED) ## The same with larger clusters, and 100,000 flows. Takes an hour.
	python benchmarks/engine.py --full --peer
	python benchmarks/repository.py --flows 1000,10000,100000

.PHONY: clean
clean: ## Remove everything that these targets made.
	rm -rf $(VENV) .tools .demo benchmarks/.peer dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# pip itself is pinned too: older ones know no dependency groups.
$(INSTALLED): pyproject.toml constraints.txt $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --editable .
	@touch $@

$(BIN)/python:
	@bash tools/setup/venv.sh "$(PYTHON)" $(VENV)
