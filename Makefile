# make demo: see it work, without credentials.   make test: the tests.   make fuzz TIME=5m: each target so long.
GO       ?= go
BIN      := equinix_fabric_exporter
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
INFO     := github.com/prometheus/common/version
LDFLAGS  := -s -w -X $(INFO).Version=$(VERSION) -X $(INFO).Revision=$(shell git rev-parse HEAD 2>/dev/null) -X $(INFO).Branch=$(shell git branch --show-current 2>/dev/null)
GOLANGCI := v2.15.0
NFPM     := v2.45.2
ACTLINT  := v1.7.12
VULN     := v1.9.0
TOOLS    := $(CURDIR)/.tools
export CGO_ENABLED := 0
# From an empty cache most of the time goes into compiling: one set of flags for all
# modules, so that nothing is compiled twice, and a compiler that collects less garbage.
export GOFLAGS := -trimpath $(filter-out -trimpath,$(shell $(GO) env GOFLAGS))
export GOGC ?= 400
# Tests find the programs that Go brings here, and list there what they were skipped for.
export PATH := $(TOOLS):$(PATH)
export SKIPPED := $(TOOLS)/skipped

# make lint has the whole of vet. A busy machine needs more than ten minutes for a package.
TEST     := -vet=off -shuffle=on -timeout=30m

# Where the race detector would find nothing: some packages start no goroutine, some
# take minutes with it for days of simulated time in one goroutine after the other and
# bodies of hundreds of megabytes. Of the daemon it has what starts, stops and reloads.
RACELESS := /(docs|deploy/release.*|internal/(config|human|state|daemon|doctor|faults|soak))$$

.PHONY: build demo test setup unit e2e race compose rules bench tools lint fmt fuzz soak kill golden docs dashboards docker dist dist-again dist-check workflows vuln
build:
	$(GO) build -ldflags '$(LDFLAGS)' -o $(BIN) .
demo: build
	./$(BIN) demo
test: setup unit e2e # sets itself up; with NOSKIP=1 a test that lacks a program fails
	@if [ -s $(SKIPPED) ]; then echo 'Skipped, for want of:'; sort -u $(SKIPPED); fi
setup:
	./.ci/setup
	mkdir -p $(TOOLS) && rm -f $(SKIPPED)
unit: build
	$(GO) test $(TEST) ./...
# Not what make compose, make rules and make chart test. Most of these tests wait for
# other processes, so more of them than there are processors run at a time.
e2e: build $(TOOLS)/alertmanager
	cd e2e && EXPORTER=$(CURDIR)/$(BIN) $(GO) test $(TEST) -count=1 -parallel=8 -skip=^TestCompose . ./board ./need
# Not part of make test: to compile everything a second time takes longer than to test
# it. Of the end-to-end tests, those with many clients have an exporter with it.
race: # needs a C compiler
	CGO_ENABLED=1 $(GO) test $(TEST) -race $$($(GO) list ./... | grep -vE '$(RACELESS)')
	CGO_ENABLED=1 $(GO) test $(TEST) -race -run='Reload|Login|Logins|Refus|Token|Leave|Stop|Clos' -skip=Commands ./internal/daemon # Commands: one after the other, for days
	CGO_ENABLED=1 $(GO) build -race -o $(TOOLS)/racing/ .
	cd e2e && EXPORTER=$(TOOLS)/racing/$(BIN) $(GO) test $(TEST) -count=1 -run='^TestPressure$$|NoFileDescriptor' .
# make compose and make rules want prometheus and promtool, 2.42 or later, which
# Debian's package prometheus has: Go cannot bring them (see e2e/go.mod).
compose: build $(TOOLS)/alertmanager $(TOOLS)/amtool
	cd e2e && EXPORTER=$(CURDIR)/$(BIN) $(GO) test $(TEST) -count=1 -run=^TestCompose .
rules: $(TOOLS)/amtool # with promtool; then hours of the simulated API are replayed
	promtool check rules --lint=all --lint-fatal deploy/prometheus/equinix_fabric.*.yml
	promtool check config deploy/prometheus/prometheus.yml deploy/prometheus/examples/prometheus*.yml
	amtool check-config deploy/prometheus/alertmanager.yml
	ls deploy/prometheus/tests/*.yml | xargs -P 2 -n 1 promtool test rules
	cd e2e && $(GO) test $(TEST) -count=1 ./replay
bench:
	$(GO) test -run='^$$' -bench=. -benchmem ./...
tools: $(TOOLS)/golangci-lint $(TOOLS)/nfpm $(TOOLS)/actionlint
lint: tools
	for m in . e2e; do (cd $$m && $(GO) mod tidy -diff && $(GO) fix -diff ./... && $(TOOLS)/golangci-lint run --config $(CURDIR)/.golangci.yml ./...) || exit 1; done
	for os in darwin windows; do GOOS=$$os $(GO) vet -trimpath ./... || exit 1; done
dist: $(TOOLS)/nfpm # all that a release offers
	./deploy/release/build
dist-again: $(TOOLS)/nfpm # once more, elsewhere, with an empty cache: the same bytes?
	./deploy/release/again
dist-check: $(TOOLS)/nfpm # needs root, dpkg, rpm, systemd, jq, zip
	./.ci/dist
workflows: $(TOOLS)/actionlint
	./.ci/workflows $(TOOLS)/actionlint
$(TOOLS)/alertmanager $(TOOLS)/amtool: e2e/go.mod
	mkdir -p $(TOOLS) && cd e2e && $(GO) build -o $@ github.com/prometheus/alertmanager/cmd/$(@F)
$(TOOLS)/nfpm:
	GOBIN=$(TOOLS) $(GO) install github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM)
$(TOOLS)/actionlint:
	GOBIN=$(TOOLS) $(GO) install github.com/rhysd/actionlint/cmd/actionlint@$(ACTLINT)
$(TOOLS)/golangci-lint:
	GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
vuln: # needs https://vuln.go.dev
	$(GO) run golang.org/x/vuln/cmd/govulncheck@$(VULN) ./...
fmt: tools
	$(TOOLS)/golangci-lint fmt ./...
fuzz:
	./.ci/fuzz $(or $(TIME),30s)
# SOAK: how long, in real time, and of how many PORTS. SCALE: simulated seconds in a
# real one, at most; 0 for as many as there is processor time for. SEED decides faults
# and changes.
SOAK  := 30m
PORTS := 1000
SCALE := 0
SEED  := 1
soak:
	$(GO) test -count=1 -timeout=0 -run=TestSoak -v ./internal/soak -soak.for=$(SOAK) -soak.scale=$(SCALE) -soak.seed=$(SEED) -soak.ports=$(PORTS)
# KILL: how long to kill the exporter at any moment and to look for gaps.
KILL  := 5s
kill: build
	cd e2e && EXPORTER=$(CURDIR)/$(BIN) $(GO) test $(TEST) -count=1 -run=TestAKillLosesNoSeries . -kill.for=$(KILL)
golden docs:
	$(GO) test ./collector ./docs ./internal/config ./internal/doctor ./internal/faults ./internal/portlist -update
dashboards:
	cd e2e && $(GO) test ./board -run=TestCommittedDashboardsAreThoseOfTheCode -update
docker:
	docker build --build-arg VERSION=$(VERSION) -t $(BIN) .
include deploy/helm/helm.mk
