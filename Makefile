# make setup | build | test | demo | bench | lint | clean
# Every goal installs and builds what it needs first; what is up to date is left alone.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := $(CURDIR)/.venv
PYTHON := $(VENV)/bin/python
# A calibration of this machine must not decide either.
export STOKER_CALIBRATION := shipped
export PATH := $(VENV)/bin:$(PATH)
# Settings of the caller's shell must not decide what is tested or measured.
unexport STOKER STOKER_DISABLE STOKER_VERBOSE STOKER_PACK_BUDGET STOKER_PACK_MAPPED STOKER_SELECT
unexport STOKER_MAX_ISA STOKER_JIT_DUMP STOKER_PERF_MAP STOKER_RUN STOKER_DTYPE STOKER_FORCE STOKER_INFERENCE STOKER_REPORT STOKER_GRAPH STOKER_GRAPH_AFTER
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

CXX_SOURCES := $(shell find aten autocast bench jit kernels preload python tests -type f \( -name '*.cpp' -o -name '*.h' \))
SOURCES := $(sort CMakeLists.txt pyproject.toml README.md LICENSE $(shell find aten autocast jit kernels preload python \
  -type f \( -name '*.cpp' -o -name '*.h' -o -name '*.py' -o -name '*.cmake' -o -name '*.in' -o -name '*.txt' \)))

.PHONY: setup build test demo bench lint clean FORCE

setup: $(VENV)/.stoker-setup

$(VENV)/.stoker-setup: requirements-dev.txt .ci/system-packages
	.ci/system-packages
	[[ -x $(PYTHON) ]] || python3.11 -m venv $(VENV)
	echo "setup: pip install -r requirements-dev.txt into .venv"
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-dev.txt
	$(PYTHON) -m compileall -qq -j 0 $(VENV)/lib || true  # pip uses one CPU; some are no Python 3.11
	STOKER=0 $(PYTHON) -c 'import torch; v = torch.version; print("setup: torch", v.__version__, \
	  f"(a CUDA {v.cuda} build: fine, Stoker uses its CPU half)" if v.cuda else "(a CPU build)")'
	touch $@

# The wheel and the C++ tests, in one tree: what they share compiles once.
build: build/.wheel-installed
	cmake --preset release -DPython_EXECUTABLE=$(PYTHON) > build/release-configure.log \
	  || { cat build/release-configure.log; exit 1; }
	cmake --build --preset release --target stoker_kernel_tests

# A removed file is a change too: the list itself is a prerequisite.
build/sources.list: FORCE
	mkdir -p build
	printf '%s\n' $(SOURCES) | cmp --silent - $@ || printf '%s\n' $(SOURCES) > $@

build/.wheel-installed: build/sources.list $(SOURCES) $(VENV)/.stoker-setup
	echo "build: pip install . into .venv"
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps \
	  --force-reinstall .
	touch $@

test: build
	$(PYTHON) .ci/suites.py

demo: build/.wheel-installed
	$(PYTHON) demo/run.py

# Both suites, briefly; docs/benchmarks.md has the full runs.
bench: build/.wheel-installed
	cmake --preset bench > build/bench-configure.log || { cat build/bench-configure.log; exit 1; }
	cmake --build --preset bench --target stoker_micro_bench
	build/bench/bench/stoker_micro_bench --shapes=minilm --rows=1,8,64 --benchmark_min_time=0.02
	$(PYTHON) -m bench.ops linear --shapes minilm --rows 1,8,64,128 --seconds 0.1

lint: build
	clang-format --dry-run -Werror $(CXX_SOURCES)
	ruff check .
	if command -v clang-tidy > /dev/null; then \
	  clang-tidy --quiet -p build/release --warnings-as-errors='*' $(filter-out bench/%,$(filter %.cpp,$(CXX_SOURCES))); \
	else echo "lint: clang-tidy is not installed; to have it: $(VENV)/bin/pip install clang-tidy"; fi

clean:
	rm -rf build

$(VERBOSE).SILENT:
