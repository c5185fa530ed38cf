.DEFAULT_GOAL := help
.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*##"} \
		/^[a-z-]+:.*##/ {printf "  \033[36m%-14s\033[0m %s\n", $$1, $$2} \
		/^##@/ {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)}' $(MAKEFILE_LIST)

BIN := .venv/bin

##@ Run it
.PHONY: up box down status demo hosts certificate
up: servers ## Start two datacentres and a witness on this machine; prints the addresses
	@$(BIN)/python -m cluster up

box: servers ## Start the self-hosted box: one node of each, no second datacentre
	@$(BIN)/python -m cluster up --topology box

down: python ## Stop exactly what `make up` or `make box` started; data stays in var/
	@$(BIN)/python -m cluster down

status: python ## Show every process, pair and portal count
	@$(BIN)/portico status

demo: up ## Two companies sign up and work while things are killed; prints a verdict
	@$(BIN)/portico demo

hosts: python ## Add hosts-file entries for portals: make hosts NAMES="acme beta"
	@$(BIN)/python -m cluster hosts $(NAMES)

certificate: python ## Show the front door's certificate; FILE=mine.pem replaces it, RENEW=1 makes a new one
	@$(BIN)/python -m cluster certificate $(if $(FILE),--file $(FILE)) $(if $(RENEW),--renew)

##@ Every change
.PHONY: fmt check test test-box clients-test endurance failover-test failover-table rest-fuzz features
fmt: python ## Format, and fix what can be fixed
	@$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format .

check: python ## Format, lint, types, import contracts: no servers needed
	$(BIN)/ruff format --check . && $(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: laboratory ## The whole suite against real servers of its own; narrow with T=path
	$(BIN)/pytest $(if $(T),$(T),-n 2)

test-box: servers ## The same suite on the self-hosted box, where it makes sense there
	@PORTICO_TEST_SETTINGS=tests/portico.box.toml $(BIN)/pytest $(T)

clients-test: clients ## Public clients, unmodified, against a cluster of their own (three minutes)
	@PORTICO_TEST_SETTINGS=tests/clients/portico.toml PORTICO_CLIENTS=full $(BIN)/pytest $(or $(T),tests/clients)

endurance: servers ## A hundred kills, and ten minutes of random ones under load (half an hour)
	$(BIN)/pytest tests/endurance

failover-test: laboratory ## Harm both datacentres in every way there is, under load (an hour); SEED= ONLY=name,name PROFILE=long
	@$(BIN)/python -m laboratory --seed $(or $(SEED),1) --only "$(ONLY)" --profile $(or $(PROFILE),full)

failover-table: python ## Put what `make failover-test` measured into docs/failover.md
	@$(BIN)/python -m laboratory render

rest-fuzz: python ## Fuzz what reads requests of the compatible REST API, ten minutes; SECONDS= for longer
	@.tools/uv/bin/uv pip install --quiet --no-deps --python $(BIN)/python --target .tools/atheris atheris==3.0.0
	PYTHONPATH=.tools/atheris $(BIN)/python services/portal/tests/rest/fuzz.py -max_total_time=$(or $(SECONDS),600)

features: python ## Which of the 350 rows of docs/features.csv a passing test shows
	@$(BIN)/python -m testkit.features

##@ Measure
.PHONY: bench load
bench: up ## Each request beside its bare floor, in one run
	@deploy/bootstrap.sh bench
	@$(BIN)/python -m loadtests.bench

load: up ## Twenty companies at work for a minute: sign-up, leads, files
	@$(BIN)/locust -f loadtests/locustfile.py --headless -u 20 -r 4 -t 60s --only-summary

##@ Housekeeping
.PHONY: lock migration python servers laboratory clients
LOCAL := kernel telemetry web etcd routes db cache blobs jobs testkit routing signup portal worker console failover cluster
lock: ## Resolve all dependencies anew into requirements.lock
	@deploy/bootstrap.sh uv
	@.tools/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-header \
		--custom-compile-command "make lock" $(addprefix --no-emit-package ,$(LOCAL)) --group dev \
		services/*/pyproject.toml libs/*/pyproject.toml deploy/cluster/pyproject.toml -o requirements.lock
	@.tools/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		--custom-compile-command "make lock" tests/clients/requirements.in -o tests/clients/requirements.lock

python:
	@deploy/bootstrap.sh

servers:
	@deploy/bootstrap.sh servers

laboratory:
	@deploy/bootstrap.sh laboratory

clients:
	@deploy/bootstrap.sh clients
