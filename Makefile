# demo and test are all a newcomer needs; both install what is missing first.
.PHONY: help demo test chaos bench lint format build bootstrap clean

build_flags := -c release
# Line by line, and not for ever: of a test that hangs one sees the name.
run_tests := stdbuf --output=L timeout --foreground --signal=INT 40m \
    swift test $(build_flags) --skip-build --disable-swift-testing

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*## /	/' | expand -t 12

demo: build ## Do the main job on real parts, in front of you
	@.build/release/leadwright demo

test: ## Run all tests
	@scripts/bootstrap --tests
	swift build $(build_flags) --build-tests
	$(run_tests)

chaos: ## Kill real processes and draw schedules for a quarter of an hour, and look for what that broke
	@scripts/bootstrap --tests
	swift build $(build_flags) --build-tests
	LEADWRIGHT_CHAOS=long LEADWRIGHT_SCHEDULES=5000 $(run_tests) --filter 'ChaosTests|RandomScheduleTests'

bench: ## Measure the model core beside llama.cpp
	@Benchmarks/model/run

lint: ## Check the form of the code
	swift format lint --strict --recursive Sources Tests Migrations Package.swift
	@scripts/check-tree

format: ## Bring the code into form
	swift format --in-place --recursive Sources Tests Migrations Package.swift

build: bootstrap ## Build the leadwright command
	swift build $(build_flags) --product leadwright

bootstrap: ## Install what is missing
	@scripts/bootstrap

clean: ## Remove what was built; downloads stay
	rm -rf .build .local/demo .local/run
