# make run      set up, then open an example in the editor (without a display: train and export it)
# make test     set up, then check and test everything, real windows included; ARGS="-k name" picks tests
# make test-all the same, with the two examples that the tests train in full
# make check    ruff, mypy and import-linter alone
# make clean    remove what these made
# EXTRAS=cuda   also install an optional set of dependencies from pyproject.toml

PYTHON = .venv/bin/python
EXAMPLE = assets/examples/digits_cnn.graph.json
EXTRAS =
ARGS =

.PHONY: run test test-all check clean

run:
	@scripts/set_up.sh run $(EXTRAS)
ifneq ($(DISPLAY)$(filter Darwin,$(shell uname)),)
	@$(PYTHON) main.py edit $(EXAMPLE)
else
	@echo "There is no display: training the example here, then exporting it to digits_cnn.py."
	@$(PYTHON) main.py train $(EXAMPLE)
	@$(PYTHON) main.py export $(EXAMPLE) -o digits_cnn.py
endif

LEFT_OUT = -m "not full"
PYTEST = OMP_NUM_THREADS=1 QT_QPA_PLATFORM=offscreen $(PYTHON) -m pytest
NOTHING_PICKED = 5

test: check
	@$(PYTEST) $(LEFT_OUT) --numprocesses 2 --dist worksteal $(ARGS) || [ $$? = $(NOTHING_PICKED) ]

test-all:
	@$(MAKE) test LEFT_OUT=

check:
	@scripts/set_up.sh test $(EXTRAS)
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports --no-logo

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
