# `make demo` and `make test` do everything on a fresh machine; both start with `make setup`.
PYTHON ?= python3
BIN := .venv/bin
LLAMA_CMAKE := -DLLAVA_BUILD=OFF -DCMAKE_PROJECT_INCLUDE=$(CURDIR)/tools/lean-llama.cmake

.PHONY: setup demo test test-editors check wheel clean

setup: .venv/.complete

.venv/.complete: pyproject.toml tools/lean-llama.cmake
	$(PYTHON) -m venv .venv
	@touch .venv/.started
	$(BIN)/pip install --quiet --upgrade pip
	CMAKE_ARGS="$(LLAMA_CMAKE)" $(BIN)/pip install --quiet --editable ".[local,acp,mcp,dev]"
	@touch $@
	@echo "set up in $$(($$(date +%s) - $$(stat -c %Y .venv/.started))) s"

demo: setup
	$(BIN)/fimble models pull qwen2.5-coder-1.5b
	$(BIN)/python -m benchmarks.demo

# The model takes all cores, so it is run by itself; servers of others are given one each.
test: setup check
	$(BIN)/fimble models pull qwen2.5-coder-0.5b
	$(BIN)/python -m tests.litellm_proxy  # makes its environment, which takes a minute
	$(BIN)/pytest -m "model and not servers"
	$(BIN)/pytest -m servers -n 2 --dist loadfile
	$(BIN)/pytest -m "not model" -n 3 --dist loadfile

# VS Code in a browser; what that needs is installed into the user's cache.
test-editors: setup
	$(BIN)/fimble models pull qwen2.5-coder-1.5b
	tests/editors/vscode/run

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# A wheel of this clone in an empty environment; takes llama.cpp from pip's cache, or compiles it.
wheel: test
	CMAKE_ARGS="$(LLAMA_CMAKE)" .ci/wheel

clean:
	rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
