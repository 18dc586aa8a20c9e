# The chart, with tools of its own: make chart tests it.
HELM        := v3.22.0
KUBECONFORM := v0.8.0
# Schemas are made of the oldest Kubernetes that the chart takes and of the newest.
KUBERNETES  := v1.29.6 v1.37.2
OPERATOR    := v0.85.0
GATEWAY     := v1.6.3

.PHONY: chart helm kubetools
chart: build kubetools
	cd e2e && $(GO) test $(TEST) -count=1 ./helm/...
# Brings the chart's copies of rules and dashboards, its README and
# deploy/kubernetes in step.
helm: kubetools
	cd e2e && $(GO) test ./helm -run='InStep$$' -update
kubetools: $(TOOLS)/helm $(TOOLS)/kubeconform $(KUBERNETES:%=$(TOOLS)/schemas/%)
$(TOOLS)/helm:
	GOBIN=$(TOOLS) $(GO) install helm.sh/helm/v3/cmd/helm@$(HELM)
$(TOOLS)/kubeconform:
	GOBIN=$(TOOLS) $(GO) install github.com/yannh/kubeconform/cmd/kubeconform@$(KUBECONFORM)
$(TOOLS)/schemas/%: deploy/helm/helm.mk
	rm -rf $@
	cd e2e && $(GO) run ./helm/kubeschema -kubernetes=$* -operator=$(OPERATOR) -gateway=$(GATEWAY) -out=$@
