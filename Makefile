# Every target does its own set-up. Nothing is written outside this folder but the user's data
# folder (SOBRIETY_HOME moves it); caches go below .cache.
PYTHON ?= python3
ZONE ?= CA-QC
KIND ?= direct
export XDG_CACHE_HOME := $(CURDIR)/.cache
BIN := .venv/bin

.PHONY: help run test lint types docs bench load soak faults accuracy deps wheel clean

help:
	@echo "make run     watch this machine for 30 s and write report.html  (ZONE=CA-QC KIND=direct)"
	@echo "make test    lint, types and the whole test suite"
	@echo "make deps    what some tests need from Debian and npm: chromium, snmpd, ipmitool, openssl, iproute2, systemd, dbus-daemon, nginx, prometheus, victoria-metrics, Java, Ansible, axe-core"
	@echo "make bench   ratios against baselines measured in the same run"
	@echo "make load    a gateway under the load of ten thousand agents: half an hour, 10 GB below .cache"
	@echo "make soak    a simulated day of the agent, and ten minutes beside other agents"
	@echo "make faults  hundreds of killed agents and gateways, torn networks, full disks (docs/reliability.md)"
	@echo "make accuracy  refit the estimators on the public data, and print how well they do"
	@echo "make docs    refresh what is generated in README and docs"
	@echo "make wheel   build the package"

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "sobriety needs Python 3.11 or later; this is $$($(PYTHON) --version). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed-report: pyproject.toml | .venv/pyvenv.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[report]'
	@touch $@

.venv/installed-dev: pyproject.toml | .venv/pyvenv.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ .venv/installed-report

run: .venv/installed-report
	$(BIN)/sobriety collect --for 30s --interval 1s
	$(BIN)/sobriety report --zone $(ZONE) --factor-kind $(KIND) --output report.html

# Two at a time, as on the machine that the ten minutes were set for; who runs out of tests takes
# half of the other's.
test: lint types
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

lint: .venv/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python -m cogapp --check -r README.md README.fr.md docs/*.md

types: .venv/installed-dev
	$(BIN)/mypy
	$(BIN)/pyright

docs: .venv/installed-dev
	$(BIN)/python -m tools.schemas
	$(BIN)/python -m cogapp -r README.md README.fr.md docs/*.md

bench: .venv/installed-dev
	$(BIN)/python -m benchmarks

# A simulated day of the agent, and ten real minutes of it beside others: slow, and not part of bench.
soak: .venv/installed-dev
	$(BIN)/python -m benchmarks.soak
	$(BIN)/python -m benchmarks.agent --long

# The tables of docs/reliability.md. Full and read-only disks are mounted, which only root may.
faults: .venv/installed-dev
	SOBRIETY_FAULTS=long $(BIN)/python -m pytest tests/faults/test_gateway_faults.py tests/faults/test_push_faults.py

# Ten thousand agents push to a gateway, and the lake is counted: half an hour, and not part of bench.
load: .venv/installed-dev
	$(BIN)/python -m benchmarks load

# Refits from public data that is not part of this project: make accuracy DATA=folder
accuracy: .venv/installed-dev
	for tool in fit_power fit_server_idle fit_terminals fit_making accuracy; do \
		$(BIN)/python -m tools.$$tool $(if $(DATA),--data $(DATA)) || exit 1; done
	$(BIN)/python -m cogapp -r docs/accuracy.md

wheel: .venv/installed-dev
	$(BIN)/python -m build --wheel --no-isolation

# axe-core is looked for in .tools, which git does not see.
deps:
	$(if $(filter 0,$(shell id -u)),,sudo )apt-get update -qq
	$(if $(filter 0,$(shell id -u)),,sudo )apt-get install -y -qq --no-install-recommends chromium chromium-driver fonts-dejavu-core snmpd ipmitool openssl iproute2 systemd dbus-daemon nginx-light prometheus victoria-metrics openjdk-17-jre-headless ansible-core
	npm install --cache .cache/npm --silent --no-save --no-package-lock --prefix .tools axe-core@4

clean:
	rm -rf .venv .cache .tools build dist *.egg-info
