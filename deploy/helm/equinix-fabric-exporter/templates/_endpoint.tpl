{{/* The endpoint of a monitor, of (dict "root" . "monitor" …). Rules and alerts
know the job by its name, and the operator would name it after the Service. */}}
{{- define "exporter.endpoint" -}}
{{- $endpoint := dict "port" "metrics" "scheme" (include "exporter.scheme" .root) -}}
{{- with .monitor -}}
{{- range $key := list "interval" "scrapeTimeout" }}{{ with index $.monitor $key }}{{ $_ := set $endpoint $key . }}{{ end }}{{ end -}}
{{- $job := dict "action" "replace" "targetLabel" "job" "replacement" "equinix_fabric" -}}
{{- $relabelings := concat (list $job) (default list (.endpoint).relabelings) -}}
{{- include "exporter.merged" (list $endpoint .endpoint (dict "relabelings" $relabelings)) -}}
{{- end }}
{{- end }}

{{/* What both kinds of monitor have besides their endpoint. */}}
{{- define "exporter.monitorSpec" -}}
selector:
  matchLabels:
    {{- include "exporter.selectorLabels" .root | nindent 4 }}
namespaceSelector:
  matchNames: [{{ .root.Release.Namespace | quote }}]
{{- range $key := list "sampleLimit" "targetLabels" "podTargetLabels" }}
{{- with index $.monitor $key }}
{{ $key }}: {{ toJson . }}
{{- end }}
{{- end }}
{{- end }}
