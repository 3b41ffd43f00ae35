# What this project can do; `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The binding's crate has no tests of its own.
TESTED := --package sn7fast-core
# The Rust benches are a workspace of their own, built in the same folder.
BENCHES := --manifest-path benches/rust/Cargo.toml

.DEFAULT_GOAL := help
.PHONY: help build demo test lint format bench docs wheel release clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

DEVELOP = PIP_QUIET=1 VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --quiet --release

$(BIN)/maturin:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; set PYTHON=")'
	@command -v cargo >/dev/null || { echo "Rust is needed: see https://rustup.rs" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet "maturin>=1.14,<2"

$(VENV)/ready: pyproject.toml | $(BIN)/maturin
	$(BIN)/python -m pip install --quiet --group dev
	touch $@

build: $(VENV)/ready ## Make .venv with the extension, all extras, development tools and the rivals of the benches
	$(DEVELOP) --extras vector,torch,onnx,search,zarr,dask,plot,s3

# Only what a demo needs: torch, which is large, is not among it.
demo: | $(BIN)/maturin ## Find the buildings of a synthetic town in 12 months of images
	$(DEVELOP) --extras onnx
	$(BIN)/python -m sn7fast.run demo

test: build ## Run all tests
	cargo test --quiet $(TESTED)
	$(BIN)/python -m pytest --quiet

lint: build ## Check format, lints, types and stubs
	cargo fmt --all --check
	cargo fmt $(BENCHES) --check
	cargo clippy --quiet --locked --workspace --all-targets -- --deny warnings
	cargo clippy --quiet --locked $(BENCHES) --target-dir target --all-targets -- --deny warnings
	RUSTDOCFLAGS="--deny warnings --allow rustdoc::private_intra_doc_links" cargo doc --quiet --no-deps --document-private-items $(TESTED)
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest sn7fast._core --allowlist tests/stubtest-allowlist.txt

format: build ## Format Rust and Python
	cargo fmt --all
	cargo fmt $(BENCHES)
	$(BIN)/ruff format --quiet
	$(BIN)/ruff check --quiet --fix

bench: build ## Time sn7fast beside its rivals and print the ratios
	$(BIN)/python benches/python/run.py

docs: build ## Make the site of the documentation in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "open site/index.html"

wheel: | $(BIN)/maturin ## Build the wheel into dist/
	$(BIN)/maturin build --release --out dist

# Into clean environments, with nothing of this checkout on the path; then as the Dockerfile does.
release: wheel build ## Build wheel and source distribution, check both, install them, run the Dockerfile's steps
	$(BIN)/maturin sdist --out dist
	$(BIN)/python tools/notices.py --check
	$(BIN)/python tools/check_release.py dist
	$(BIN)/python tools/try_install.py dist
	$(BIN)/python tools/docker_dry_run.py

clean: ## Remove what the other targets made
	rm -rf $(VENV) target dist site demo-output
