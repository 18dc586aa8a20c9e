# make demo: see it work, without credentials.   make test: all tests.
GO       ?= go
BIN      := equinix_fabric_exporter
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
INFO     := github.com/prometheus/common/version
LDFLAGS  := -s -w -X $(INFO).Version=$(VERSION) -X $(INFO).Revision=$(shell git rev-parse HEAD 2>/dev/null) -X $(INFO).Branch=$(shell git branch --show-current 2>/dev/null)
GOLANGCI := v2.15.0
TOOLS    := $(CURDIR)/.tools
# The race detector needs a C compiler.
RACE     := $(if $(shell command -v $$($(GO) env CC) 2>/dev/null),-race)

.PHONY: build demo test unit e2e bench tools lint fmt fuzz golden docs dashboards docker
build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) .
demo: build
	./$(BIN) demo
test: unit e2e
unit:
	$(GO) vet ./...
	$(GO) test $(RACE) -shuffle=on ./...
	cd dashboards && $(GO) vet ./... && $(GO) test -shuffle=on ./...
e2e: build
	cd e2e && $(GO) vet ./... && $(GO) test -shuffle=on -count=1 . -exporter=$(CURDIR)/$(BIN) $(E2EFLAGS) && $(GO) test -shuffle=on -count=1 ./*/
bench:
	$(GO) test -run='^$$' -bench=. -benchmem ./...
tools: $(TOOLS)/golangci-lint
lint: tools
	for m in . e2e dashboards; do (cd $$m && $(GO) mod tidy -diff && $(GO) fix -diff ./... && $(TOOLS)/golangci-lint run --config $(CURDIR)/.golangci.yml ./...) || exit 1; done
$(TOOLS)/golangci-lint:
	GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
fmt: tools
	$(TOOLS)/golangci-lint fmt ./...
fuzz:
	./.ci/fuzz $(or $(TIME),30s)
golden docs:
	$(GO) test ./collector ./docs ./internal/config ./internal/doctor ./internal/portlist -update
dashboards:
	cd dashboards && $(GO) run .
docker:
	docker build --build-arg VERSION=$(VERSION) -t $(BIN) .
