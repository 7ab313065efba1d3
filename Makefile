# make setup | build | test | demo | bench | lint | clean. Every target installs what it lacks.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMPS := build/stamps
SOURCES := $(shell find jit kernels aten python -type f \
	\( -name '*.cpp' -o -name '*.h' -o -name '*.py' -o -name 'CMakeLists.txt' -o -name '*.cmake' \)) \
	CMakeLists.txt pyproject.toml
CPP := $(shell find jit kernels aten python tests -name '*.cpp' -o -name '*.h')

.PHONY: setup build test demo bench lint clean
.DELETE_ON_ERROR:

setup: $(STAMPS)/python

# Debian packages: only what is missing, so a machine that has all of them needs no root.
$(STAMPS)/system:
	mkdir -p $(STAMPS)
	missing=(); \
	command -v g++ >/dev/null || missing+=(g++); \
	command -v git >/dev/null || missing+=(git); \
	[ -e /usr/include/gtest/gtest.h ] || missing+=(libgtest-dev); \
	$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3.11-venv); \
	$(PYTHON) -c 'import os, sysconfig as s; \
	assert os.path.exists(s.get_path("include") + "/Python.h")' 2>/dev/null || missing+=(python3.11-dev); \
	if [ $${#missing[@]} -gt 0 ]; then \
	  echo "installing $${missing[*]}"; apt-get update -qq; \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$${missing[@]}" >/dev/null; fi
	touch $@

$(STAMPS)/python: requirements-dev.txt $(STAMPS)/system
	[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	echo "installing the Python packages of requirements-dev.txt into $(VENV)"
	$(BIN)/pip install -q --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -c 'import torch; print("torch", torch.__version__, \
	  "(a CUDA build: only its CPU side is used)" if torch.version.cuda else "")'
	touch $@

build: $(STAMPS)/installed $(STAMPS)/tests

# The wheel, installed beside torch as a user would.
$(STAMPS)/installed: $(SOURCES) $(STAMPS)/python
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pip install -q --disable-pip-version-check \
	  --no-build-isolation --no-deps --force-reinstall .
	touch $@

# The C++ tests of the torch-free folders.
$(STAMPS)/tests: $(CPP) $(SOURCES) tests/CMakeLists.txt $(STAMPS)/python
	$(BIN)/cmake --preset release -DPython_EXECUTABLE=$(CURDIR)/$(BIN)/python \
	  -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(BIN)/ninja -DSTOKER_WITH_TORCH=OFF >/dev/null
	$(BIN)/cmake --build --preset release
	touch $@

test: build
	$(BIN)/python tests/run.py

demo: build
	$(BIN)/python demo/run.py

bench: build
	$(BIN)/python -m bench.linear

lint: $(STAMPS)/python
	$(BIN)/clang-format --dry-run -Werror $(CPP)
	$(BIN)/ruff check python tests demo bench

clean:
	rm -rf build
