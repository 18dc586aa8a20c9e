{{/* The endpoint of a monitor, of (dict "root" . "monitor" …). Rules and alerts
know the job by its name, and the operator would name it after the Service. */}}
{{- define "exporter.endpoint" -}}
{{- $job := dict "action" "replace" "targetLabel" "job" "replacement" "equinix_fabric" -}}
{{- $own := dict "port" "metrics" "scheme" (include "exporter.scheme" .root) "interval" .monitor.interval -}}
{{- $endpoint := merge (deepCopy .monitor.endpoint) $own -}}
{{- $relabelings := concat (list $job) (default list .monitor.endpoint.relabelings) -}}
{{- toYaml (set $endpoint "relabelings" $relabelings) -}}
{{- end }}
