module github.com/fabric-exporter/equinix_fabric_exporter/deploy/helm

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	gopkg.in/yaml.v3 v3.0.1
)
