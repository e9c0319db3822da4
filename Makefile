# `make demo` and `make test` do everything on a fresh machine; both start with `make setup`.
PYTHON ?= python3
BIN := .venv/bin
LLAMA_CMAKE := -DLLAVA_BUILD=OFF -DCMAKE_PROJECT_INCLUDE=$(CURDIR)/tools/lean-llama.cmake

.PHONY: setup demo test check clean

setup: .venv/.complete

.venv/.complete: pyproject.toml tools/lean-llama.cmake
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	CMAKE_ARGS="$(LLAMA_CMAKE)" $(BIN)/pip install --quiet --editable ".[local,dev]"
	touch $@

demo: setup
	$(BIN)/fimble models pull qwen2.5-coder-1.5b
	$(BIN)/python -m benchmarks.demo

test: setup check
	$(BIN)/fimble models pull qwen2.5-coder-0.5b
	$(BIN)/pytest

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
