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

.PHONY: build demo test unit e2e rules bench tools lint fmt fuzz golden docs docker
build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) .
demo: build
	./$(BIN) demo
test: unit e2e
unit:
	$(GO) vet ./...
	$(GO) test $(RACE) -shuffle=on ./...
e2e: build
	cd e2e && $(GO) vet ./... && $(GO) test -shuffle=on -count=1 . -exporter=$(CURDIR)/$(BIN) && $(GO) test -shuffle=on -count=1 ./*/
rules:
	promtool check rules --lint=all --lint-fatal deploy/prometheus/equinix_fabric.*.yml
	promtool check config deploy/prometheus/prometheus.yml
	amtool check-config deploy/prometheus/alertmanager.yml
	ls deploy/prometheus/tests/*.yml | xargs -P 2 -n 1 promtool test rules
bench:
	$(GO) test -run='^$$' -bench=. -benchmem ./...
tools: $(TOOLS)/golangci-lint
lint: tools
	$(GO) mod tidy -diff && cd e2e && $(GO) mod tidy -diff
	$(GO) fix -diff ./...
	$(TOOLS)/golangci-lint run ./...
	cd e2e && $(TOOLS)/golangci-lint run --config ../.golangci.yml ./...
$(TOOLS)/golangci-lint:
	GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
fmt: tools
	$(TOOLS)/golangci-lint fmt ./...
fuzz:
	./.ci/fuzz $(or $(TIME),30s)
golden docs:
	$(GO) test ./collector ./docs ./internal/config -update
docker:
	docker build --build-arg VERSION=$(VERSION) -t $(BIN) .
