# The Helm chart, with tools of its own.
HELM        := v3.22.0
KUBECONFORM := v0.8.0
# Schemas are generated from the oldest Kubernetes that the chart supports and from the newest.
KUBERNETES  := v1.29.6 v1.37.2
OPERATOR    := v0.85.0
GATEWAY     := v1.6.3

.PHONY: chart helm kubetools

##@ The Helm chart
chart: build kubetools ## test the chart
	cd e2e && $(GO) test $(TEST) -count=1 ./helm/...
helm: kubetools ## rewrite the chart's README, its copies of rules and dashboards, and deploy/kubernetes
	cd e2e && $(GO) test ./helm -run='InStep$$' -update
kubetools: $(TOOLS)/helm $(TOOLS)/kubeconform $(KUBERNETES:%=$(TOOLS)/schemas/%)
$(TOOLS)/helm:
	GOBIN=$(TOOLS) $(GO) install helm.sh/helm/v3/cmd/helm@$(HELM)
$(TOOLS)/kubeconform:
	GOBIN=$(TOOLS) $(GO) install github.com/yannh/kubeconform/cmd/kubeconform@$(KUBECONFORM)
$(TOOLS)/schemas/%: deploy/helm/helm.mk
	rm -rf $@
	cd e2e && $(GO) run ./helm/kubeschema -kubernetes=$* -operator=$(OPERATOR) -gateway=$(GATEWAY) -out=$@
