# The two commands of the README are `make demo` and `make test`.
.DEFAULT_GOAL := help
python := .deps/venv/bin/python
# Suites that run again with the state in PostgreSQL, which they start themselves.
on_postgres := $(addprefix Tests/e2e/,test_catalog_specification.py test_catalog_kills.py test_kill.py \
	test_many_writers.py test_pipeline_changes.py test_transactions.py)
firn := .build/release/firn
data ?= ./firn-data

.PHONY: help bootstrap build demo run lint test test-swift test-sql test-e2e test-slow test-clients test-tsan test-bare bench bench-tpch format clean

help: ## Shows this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

bootstrap: ## Installs what is missing
	@Scripts/bootstrap

build: bootstrap ## Builds the release binary
	@swift build -c release --product firn

demo: build ## Sends 336,776 flights through the whole platform and asks questions of them
	@$(python) Scripts/demo --firn $(firn) --data $(data)

run: build ## Serves what the demo left in ./firn-data
	@$(firn) serve --data $(data)

lint: bootstrap ## Checks format, imports and house rules
	@swift format lint --strict --recursive --parallel --configuration .swift-format Sources Tests Package.swift
	@$(python) Scripts/check-imports
	@$(python) Scripts/tidy
	@$(python) Scripts/make-docs --check

test: lint build test-swift test-e2e ## Everything that must hold before a change lands

test-swift: bootstrap
	@swift build --build-tests
	@Scripts/test-swift

test-e2e: build
	@$(python) -m pytest -q -p no:cacheprovider Tests/e2e -m "not slow and not clients"
	@FIRN_TEST_METASTORE=postgres $(python) -m pytest -q -p no:cacheprovider $(on_postgres) -m "not slow and not clients"

test-slow: build ## The long suites: more seeds, more kills, every planted bug
	@swift build --product firn
	@Scripts/fuzz 600
	@FIRN_SEEDS=10000 swift test --filter SimulationTests.everyAcknowledgedEvent
	@FIRN_FUZZ=40 swift test --filter "damaged|refusesDamage|survivesMutation|Mutation"
	@$(python) -m pytest -q -p no:cacheprovider Tests/e2e -m slow

test-clients: build ## Heavy clients
	@$(python) -m pytest -q -p no:cacheprovider Tests/e2e -m clients

test-tsan: bootstrap ## Streams and pipelines under the thread sanitizer
	@FIRN_ROOMS=Streams,Pipelines swift build --build-tests --sanitize=thread --scratch-path .build/tsan
	@FIRN_ROOMS=Streams,Pipelines TSAN_OPTIONS="suppressions=$(CURDIR)/Scripts/tsan.suppressions" \
		Scripts/test-swift --sanitize=thread --scratch-path .build/tsan --filter "StreamsTests|PipelinesTests"

test-bare: ## Proves the set-up on a bare Debian 12 in a chroot (root only)
	@Scripts/test-bare

bench: build ## Prints the numbers the README quotes (MINUTES=10 for the whole steady load)
	@$(python) Scripts/bench --firn $(firn)
	@$(python) Scripts/bench-pipelines --firn $(firn) --minutes $(or $(MINUTES),1)
	@$(python) Scripts/bench-s3 --firn $(firn)
	@$(python) Scripts/bench-catalog --firn $(firn)
	@$(python) Scripts/bench-catalog --firn $(firn) --metastore postgres
	@$(python) Scripts/bench-tpch --firn $(firn) --scale 1

bench-tpch: build ## Runs TPC-H beside DuckDB over the same files (SCALE=1)
	@$(python) Scripts/bench-tpch --firn $(firn) --scale $(or $(SCALE),1)

format: ## Formats every Swift file
	@swift format --in-place --recursive --parallel --configuration .swift-format Sources Tests Package.swift

clean: ## Removes builds; keeps .deps
	@rm -rf .build
