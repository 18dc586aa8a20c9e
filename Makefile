# "make help" lists the targets. It prints what stands here: a line with ##@ begins a
# group, and a ## behind a target says what it is for.
GO       ?= go
BIN      := equinix_fabric_exporter
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
INFO     := github.com/prometheus/common/version
LDFLAGS  := -s -w -X $(INFO).Version=$(VERSION) -X $(INFO).Revision=$(shell git rev-parse HEAD 2>/dev/null) -X $(INFO).Branch=$(shell git branch --show-current 2>/dev/null)
GOLANGCI := v2.15.0
NFPM     := v2.45.2
ACTLINT  := v1.7.12
VULN     := v1.9.0
GREMLINS := v0.6.0
TOOLS    := $(CURDIR)/.tools
export CGO_ENABLED := 0
# From an empty cache most of the time goes into compiling: one set of flags for all
# modules, so that nothing is compiled twice, and a compiler that collects less garbage.
export GOFLAGS := -trimpath $(filter-out -trimpath,$(shell $(GO) env GOFLAGS))
export GOGC ?= 400
# Tests find the programs that Go brings here, and list there what they were skipped for.
export PATH := $(TOOLS):$(PATH)
export SKIPPED := $(TOOLS)/skipped

# "make lint" runs all of vet. A busy machine needs more than ten minutes for a package.
TEST     := -vet=off -shuffle=on -timeout=30m

# Packages in which the race detector would find nothing: some start no goroutine, others
# simulate days in one goroutine after another, or read bodies of hundreds of megabytes,
# and would take minutes. Of the daemon it runs the tests that start, stop and reload it.
RACELESS := /(docs|deploy/release.*|internal/(config|human|state|daemon|doctor|faults))$$

# What "make check" leaves to "make test": a package of simulations, and the tests of
# the daemon that take more than two seconds.
SIMULATE := /internal/faults$$
LONG     := ^Test(CommandsCount|TheDaemonOnlyReads|NoReloadLocks|AThousandPorts|AfterAKill|ARestartLeaves)
LONG     := $(LONG)|^Test(EveryMetricOfA|EveryFigureOfA|ConnectionsShowNeither|PacketCountersFollow)

.PHONY: build demo help check test setup unit e2e race compose rules bench performance microbench tools lint fmt fuzz soak kill golden docs dashboards docker dist dist-again dist-check workflows vuln mutants
##@ See it
build: ## compile the exporter
	$(GO) build -ldflags '$(LDFLAGS)' -o $(BIN) .
demo: build ## run a simulated Equinix API and the exporter: http://localhost:10345/
	./$(BIN) demo $(ARGS)
docker: ## build the container image
	docker build --build-arg VERSION=$(VERSION) -t $(BIN) .
help: ## print this list
	@awk -F ':.*## ' '/^##@ / {print "\n" substr($$0, 5)} /^[a-z][a-z -]*:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ While you work
check: ## check format, vet and run the quick tests: under a minute
	@files=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go')); [ -z "$$files" ] || { echo "not formatted, run make fmt:"; echo "$$files"; exit 1; }
	$(GO) vet ./...
	$(GO) test -vet=off -skip='$(LONG)' $$($(GO) list ./... | grep -vE '$(SIMULATE)')
fmt: tools ## format the code
	$(TOOLS)/golangci-lint fmt ./...
golden: ## rewrite the generated documents and the expected outputs of tests
	$(GO) test ./collector ./docs ./internal/config ./internal/doctor ./internal/faults ./internal/portlist -update
docs: golden
dashboards: ## rewrite dashboards/*.json from their Go code
	cd e2e && $(GO) test ./board -run=TestDashboardsAreGeneratedFromTheCode -update
# On Linux, for some minutes; nothing else should run meanwhile.
bench: build ## measure scrapes, polls and memory of fleets of 100 to 10,000 ports
	cd e2e && $(GO) run ./bench -exporter=$(CURDIR)/$(BIN)
performance: build ## the same, and write the result into docs/performance.md
	cd e2e && $(GO) run ./bench -exporter=$(CURDIR)/$(BIN) -page=$(CURDIR)/docs/performance.md
microbench: ## run the Go benchmarks of all packages
	$(GO) test -run='^$$' -bench=. -benchmem ./...

##@ Before you hand in a change
test: setup unit e2e ## run all tests, end-to-end tests included; with NOSKIP=1 a missing program is an error
	@if [ -s $(SKIPPED) ]; then echo 'Skipped, for want of:'; sort -u $(SKIPPED); fi
setup:
	./.ci/setup
	mkdir -p $(TOOLS) && rm -f $(SKIPPED)
unit: build
	$(GO) test $(TEST) ./...
# Without what "make compose", "make rules" and "make chart" test. Most of these tests wait
# for other processes, so more of them run at a time than there are processors.
e2e: build $(TOOLS)/alertmanager
	cd e2e && EXPORTER=$(CURDIR)/$(BIN) $(GO) test $(TEST) -count=1 -parallel=8 -skip=^TestCompose . ./bench ./board ./history ./need ./receiver ./soak
# Not part of "make test": compiling everything a second time takes longer than testing
# it. The end-to-end tests with many clients run an exporter that has the race detector.
race: ## run the tests with the race detector; needs a C compiler
	CGO_ENABLED=1 $(GO) test $(TEST) -race $$($(GO) list ./... | grep -vE '$(RACELESS)')
	CGO_ENABLED=1 $(GO) test $(TEST) -race -run='Reload|Login|Logins|Refus|Token|Leave|Stop|Clos' -skip=Commands ./internal/daemon # Commands: one after the other, for days
	CGO_ENABLED=1 $(GO) build -race -o $(TOOLS)/racing/ .
	cd e2e && EXPORTER=$(TOOLS)/racing/$(BIN) $(GO) test $(TEST) -count=1 -run='^TestPressure$$|NoFileDescriptor' .
lint: tools ## run the linters, vet and go fix on all modules and systems
	for m in . e2e; do (cd $$m && $(GO) mod tidy -diff && $(GO) fix -diff ./... && $(TOOLS)/golangci-lint run --config $(CURDIR)/.golangci.yml ./...) || exit 1; done
	for os in darwin windows; do GOOS=$$os $(GO) vet -trimpath ./... || exit 1; done
# "make compose" and "make rules" need prometheus and promtool, 2.42 or later, which are in
# Debian's package prometheus: Go cannot install them (see e2e/go.mod).
compose: build $(TOOLS)/alertmanager $(TOOLS)/amtool ## test deploy/compose
	cd e2e && EXPORTER=$(CURDIR)/$(BIN) $(GO) test $(TEST) -count=1 -run=^TestCompose .
rules: $(TOOLS)/amtool ## test the alerts and recording rules, with promtool and with replayed hours
	promtool check rules --lint=all --lint-fatal deploy/prometheus/equinix_fabric.*.yml
	promtool check config deploy/prometheus/prometheus.yml deploy/prometheus/examples/prometheus*.yml
	amtool check-config deploy/prometheus/alertmanager.yml
	ls deploy/prometheus/tests/*.yml | xargs -P 2 -n 1 promtool test rules
	cd e2e && $(GO) test $(TEST) -count=1 ./replay
workflows: $(TOOLS)/actionlint ## check the GitHub workflows
	./.ci/workflows $(TOOLS)/actionlint
fuzz: ## run every fuzz test for TIME, 30s by default
	./.ci/fuzz $(or $(TIME),30s)
# SOAK: how long, in real time, and of how many PORTS. SCALE: at most so many simulated seconds in a real one;
# 0 for as many as the processor can do. SEED decides faults and changes.
SOAK  := 30m
PORTS := 1000
SCALE := 0
SEED  := 1
soak: ## run the exporter for SOAK (30m) against APIs that break at random, every number recomputed
	cd e2e && $(GO) test -count=1 -timeout=0 -run=TestSoak -v ./soak -soak.for=$(SOAK) -soak.scale=$(SCALE) -soak.seed=$(SEED) -soak.ports=$(PORTS)
KILL  := 5s
kill: build ## kill the exporter at random moments for KILL (5s), and look for gaps after each restart
	cd e2e && EXPORTER=$(CURDIR)/$(BIN) $(GO) test $(TEST) -count=1 -run=TestAKillLosesNoSeries . -kill.for=$(KILL)
# Takes an hour; AREA="collector fabric:stats" takes less, WORKERS=2 as well.
mutants: $(TOOLS)/gremlins ## change one operator after another, and list the changes that no test notices
	./.ci/mutants $(AREA)
vuln: ## look for known vulnerabilities; needs https://vuln.go.dev
	$(GO) run golang.org/x/vuln/cmd/govulncheck@$(VULN) ./...

##@ Release
dist: $(TOOLS)/nfpm ## build everything that a release offers, into dist/
	./deploy/release/build
dist-again: $(TOOLS)/nfpm ## build it once more elsewhere with an empty cache, and compare the bytes
	./deploy/release/again
dist-check: $(TOOLS)/nfpm ## install and run the packages; needs root, dpkg, rpm, systemd, jq, zip
	./.ci/dist

include deploy/helm/helm.mk

# Tools, which the targets above install when they need them.
tools: $(TOOLS)/golangci-lint $(TOOLS)/nfpm $(TOOLS)/actionlint
$(TOOLS)/alertmanager $(TOOLS)/amtool: e2e/go.mod
	mkdir -p $(TOOLS) && cd e2e && $(GO) build -o $@ github.com/prometheus/alertmanager/cmd/$(@F)
$(TOOLS)/nfpm:
	GOBIN=$(TOOLS) $(GO) install github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM)
$(TOOLS)/actionlint:
	GOBIN=$(TOOLS) $(GO) install github.com/rhysd/actionlint/cmd/actionlint@$(ACTLINT)
$(TOOLS)/gremlins:
	GOBIN=$(TOOLS) $(GO) install github.com/go-gremlins/gremlins/cmd/gremlins@$(GREMLINS)
$(TOOLS)/golangci-lint:
	GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
