# Every target sets up what it needs; nothing has to be installed by hand.
PYTHON ?= python3
STUDENTS ?= 5000
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SPARK := $(VENV)/.spark
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help demo test slow lint smoke bench docs lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

$(STAMP): requirements/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/lock.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

demo: $(STAMP) ## simulate a county, train, audit, sign off and write this week's lists to build/demo
	$(BIN)/early-id demo --out build/demo --students $(STUDENTS)

test: $(STAMP) ## run the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

$(SPARK): $(STAMP) requirements/spark.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/spark.txt
	@touch $@

slow: $(SPARK) ## run the slow tests too, with Spark
	$(BIN)/python -m pytest -n 2 --dist loadfile -m slow --override-ini addopts="--strict-markers --strict-config --doctest-modules -ra -q"

smoke: ## install the lowest declared versions beside and run the main job's functions once
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/lowest.txt
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	.venv-lowest/bin/python -m experiments.smoke

bench: $(STAMP) ## time the panel engine, scoring, explanations, learners and the audit against queries by hand, scikit-learn, shap, an EBM and fairlearn
	$(BIN)/python -m experiments.benchmarks.panel
	$(BIN)/python -m experiments.benchmarks.scoring
	$(BIN)/python -m experiments.benchmarks.explain
	$(BIN)/python -m experiments.benchmarks.learners
	$(BIN)/python -m experiments.benchmarks.audit

docs: $(STAMP) ## remake the generated pages in docs/
	$(BIN)/python -m experiments.docs

lint: $(STAMP) ## style, types and the order of the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: $(STAMP) ## remake requirements/lock.txt, lowest.txt and spark.txt: pins only
	$(LOCK) --extra dev -o requirements/lock.txt
	$(LOCK) --resolution lowest-direct -o requirements/lowest.txt
	$(LOCK) --extra spark --constraint requirements/lock.txt | grep -vxFf requirements/lock.txt >requirements/spark.txt

clean: ## remove the environment and everything built
	rm -rf $(VENV) .venv-lowest build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
