# Sceau: what a newcomer types. Every target installs what it needs (Debian packages, with sudo when not root).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help build release demo test faults systemd bench fuzz lint install install-packaging clean

PREFIX ?= /usr/local
DESTDIR ?=
PRODUCTS := sceau sceau-serve sceau-agent sceau-audit
# Built, but not installed: what conformance tests and measurements run.
DEVELOPMENT_PRODUCTS := tuf-client log-measure patch-measure
# An import that Package.swift does not declare does not build.
SWIFT_FLAGS := --explicit-target-dependency-import-check error
RELEASE_FLAGS := -c release --static-swift-stdlib $(SWIFT_FLAGS)

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

build:  ## build the four tools for debugging
	@Scripts/install-dependencies build
	swift build $(SWIFT_FLAGS)

release:  ## build the four tools as they are shipped, and tuf-client
	@Scripts/install-dependencies build
	$(foreach product,$(PRODUCTS) $(DEVELOPMENT_PRODUCTS),swift build $(RELEASE_FLAGS) --product $(product) &&) true

demo:  ## the main job on a real release: sign, publish, serve, install, update, verify, audit
	@Scripts/install-dependencies build demo
	@Scripts/demo

test:  ## every test, with the end-to-end tests and the checks by other people's tools
	@Scripts/install-dependencies build test
	@Scripts/peers-venv
	swift build --build-tests $(SWIFT_FLAGS)
	export SCEAU_PYTHON="$$PWD/.venv/bin/python" SCEAU_BIN="$$(swift build --show-bin-path)"; \
	swift test $(SWIFT_FLAGS) --skip-build

faults:  ## an update killed, or with an error, at every system call that changes files (FAULTS=options; an hour or less)
	@Scripts/install-dependencies build test
	swift build $(SWIFT_FLAGS)
	Tests/Faults/faults --bin "$$(swift build --show-bin-path)" --out .cache/faults.json $(FAULTS)

systemd:  ## the packaged units under a systemd of their own (SYSTEMD=options; a minute or two, as root)
	@Scripts/install-dependencies build test
	swift build $(SWIFT_FLAGS)
	Tests/Systemd/systemd-scenes --bin "$$(swift build --show-bin-path)" $(SYSTEMD)

bench: release  ## the TUF client and the agent beside python-tuf; the log beside a short one; patches beside those of others
	@Scripts/install-dependencies build test bench
	@Scripts/peers-venv bench
	Benchmarks/bench.py --bin "$$(swift build $(RELEASE_FLAGS) --show-bin-path)"
	Benchmarks/bench_log.py --bin "$$(swift build $(RELEASE_FLAGS) --show-bin-path)"
	Benchmarks/bench_patch.py --bin "$$(swift build $(RELEASE_FLAGS) --show-bin-path)"

fuzz:  ## a minute of libFuzzer (FUZZ_SECONDS) on each reader of patches
	@Scripts/install-dependencies build
	Scripts/fuzz $(or $(FUZZ_SECONDS),60)

lint:  ## formatting, the shell scripts, and the rules of the house
	@Scripts/install-dependencies build test
	swift format lint --strict -r Sources Tests Fuzz Package.swift
	shellcheck Scripts/demo Scripts/fetch-release Scripts/fuzz Scripts/install-dependencies Scripts/peers-venv .ci/run Tests/Systemd/boot
	test -z "$$(gofmt -l Tests/Peers)"
	Scripts/check-house

install: release  ## install tools, units and examples below PREFIX (default /usr/local)
	install -d "$(DESTDIR)$(PREFIX)/bin"
	for product in $(PRODUCTS); do \
	    install -m 0755 "$$(swift build $(RELEASE_FLAGS) --show-bin-path)/$$product" "$(DESTDIR)$(PREFIX)/bin/$$product"; \
	done
	$(MAKE) install-packaging

# What systemd and people need besides the tools. Nothing is enabled.
install-packaging:
	install -d $(addprefix "$(DESTDIR)$(PREFIX)"/,lib/systemd/system lib/sysusers.d lib/tmpfiles.d share/doc/sceau)
	for unit in Packaging/systemd/*.service Packaging/systemd/*.timer; do \
	    sed 's|/usr/local/bin/|$(PREFIX)/bin/|' "$$unit" > "$(DESTDIR)$(PREFIX)/lib/systemd/system/$${unit##*/}"; \
	done
	install -m 0644 Packaging/sysusers.d/sceau.conf "$(DESTDIR)$(PREFIX)/lib/sysusers.d/sceau.conf"
	install -m 0644 Packaging/tmpfiles.d/sceau.conf "$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/sceau.conf"
	install -m 0644 Packaging/agent.yaml Packaging/systemd/root.conf Packaging/polkit/50-sceau.rules \
	    "$(DESTDIR)$(PREFIX)/share/doc/sceau/"

clean:  ## remove what was built and fetched (not Keys/, Releases/ or Staged/)
	rm -rf .build .venv .cache
