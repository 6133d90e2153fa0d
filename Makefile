# Each target makes its own .venv from the lock file and runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

.PHONY: install lock lint lint-protos lint-schema test prove demo bench bench-contracts bench-serializers bench-shadow outside drf-suite fuzz interleave clean
install: $(STAMP)

lock: $(STAMP)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev pyproject.toml --output-file requirements.lock

lint: $(STAMP) lint-protos lint-schema
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

test: $(STAMP)
	$(BIN)/python -m pytest --ignore=tests/fuzz/test_fuzz.py --ignore=tests/interleaving

# Minutes of generated serializers, interleaved writers and contracts that change.
prove: $(STAMP)
	LOCK_STEPS=10000 $(BIN)/python -m pytest tests/fuzz/test_fuzz.py tests/interleaving tests/extract/test_lock_histories.py

SEED ?=
demo: $(STAMP)
	$(BIN)/python -m tests.end_to_end.demo $(if $(SEED),--seed $(SEED))

bench: $(STAMP)
	$(BIN)/python -m tests.bench.first

bench-contracts: $(STAMP)
	$(BIN)/python -m tests.bench.contracts

bench-serializers: $(STAMP)
	$(BIN)/python -m tests.bench.serializers

bench-shadow: $(STAMP)
	$(BIN)/python -m tests.bench.shadow

# Makes a virtual environment of its own, .venv-outside.
outside:
	$(PYTHON) tests/outside/run.py

# Makes a virtual environment of its own, .venv-drf.
drf-suite:
	$(PYTHON) tests/drf_suite/run.py

# A fresh seed each time, which is printed; SEED=N plays one again.
fuzz: $(STAMP)
	$(BIN)/python -m tests.fuzz --cases 100000 $(if $(SEED),--seed $(SEED))

# SEED=N begins there, or with INTERLEAVINGS=1 plays that one history.
interleave: $(STAMP)
	INTERLEAVINGS=$${INTERLEAVINGS:-1000000} STORED_INTERLEAVINGS=$${STORED_INTERLEAVINGS:-20000} RESTARTS=$${RESTARTS:-300} \
		$(if $(SEED),INTERLEAVING_SEED=$(SEED)) $(BIN)/python -m pytest -s tests/interleaving

clean:
	rm -rf build dist $(VENV) .venv-outside .venv-drf

# buf reads protoc's descriptors, so that imports need no registry.
# CONTRACT_BASE=REF is what a change is compared with, say the branch it will be merged into.
CONTRACT_BASE ?= HEAD
lint-protos: $(STAMP)
	$(BIN)/python -m strangler_protos generate --check --package banyan
	DJANGO_SETTINGS_MODULE=academy.settings $(BIN)/strangler contract lock --check
	DJANGO_SETTINGS_MODULE=academy.settings $(BIN)/strangler extract --service banyan.catalog.v1.CatalogService --no-samples --check
	DJANGO_SETTINGS_MODULE=academy.settings $(BIN)/strangler contract diff --against $(CONTRACT_BASE)
	$(BIN)/python -m strangler_protos generate --check --package strangler_protos --output protos
	mkdir -p build
	$(BIN)/python -m grpc_tools.protoc -Iprotos -I$$(echo $(VENV)/lib/python3*/site-packages) --include_imports \
		--include_source_info --descriptor_set_out=build/protos.binpb $$(cd protos && find * -name '*.proto')
	$(BIN)/buf lint build/protos.binpb --config protos/buf.yaml

# On a database of its own, which is migrated here.
lint-schema: export DJANGO_SETTINGS_MODULE = academy.settings
lint-schema: export ACADEMY_STATE = build/schema
lint-schema: $(STAMP)
	rm -rf build/schema
	$(BIN)/python -m django migrate --verbosity 0
	$(BIN)/strangler check-schema services/catalog_service/queries.json
