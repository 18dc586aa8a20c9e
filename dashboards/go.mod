module github.com/fabric-exporter/equinix_fabric_exporter/dashboards

go 1.26.0

require (
	github.com/grafana/grafana-foundation-sdk/go v0.0.18
	gopkg.in/yaml.v3 v3.0.1
)
