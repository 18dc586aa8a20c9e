{{- define "exporter.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "exporter.fullname" -}}
{{- $name := include "exporter.name" . -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "exporter.labels" -}}
{{ include "exporter.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "exporter.meta" -}}
name: {{ include "exporter.fullname" . }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "exporter.labels" . | nindent 2 }}
{{- end }}

{{- define "exporter.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end }}
{{- end }}
{{- end }}

{{- define "exporter.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "exporter.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* The Secret with the credentials, "" for none. */}}
{{- define "exporter.credentialsSecret" -}}
{{- if .Values.credentials.stringData -}}
{{ include "exporter.fullname" . }}
{{- else -}}
{{ .Values.credentials.existingSecret }}
{{- end }}
{{- end }}

{{- define "exporter.ownConfig" -}}
{{- if not (or .Values.existingConfig.configMap .Values.existingConfig.secret) }}true{{ end }}
{{- end }}

{{/* The path of the web configuration file, "" for none. */}}
{{- define "exporter.webConfigFile" -}}
{{- if or .Values.web.configSecret .Values.web.tlsSecret -}}
/etc/equinix_fabric_exporter_web/web.yml
{{- end }}
{{- end }}

{{- define "exporter.scheme" -}}
{{- if .Values.web.scheme -}}
{{ .Values.web.scheme }}
{{- else if include "exporter.webConfigFile" . -}}
https
{{- else -}}
http
{{- end }}
{{- end }}

{{/* How many pods share the budget of an account. */}}
{{- define "exporter.pods" -}}
{{ max (int .Values.replicas) (int .Values.shards) }}
{{- end }}

{{/* The configuration of each pod. The budget of an account, which values.config
gives or leaves at the exporter's defaults, is shared by all pods, which know
nothing of each other. What is no number is left for the exporter to refuse. */}}
{{- define "exporter.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if .Values.state.enabled -}}
{{- $_ := set $config "state" (dict "file" (printf "%s/state" (include "exporter.stateDir" .))) -}}
{{- end -}}
{{- $pods := int (include "exporter.pods" .) -}}
{{- $api := default dict $config.api -}}
{{- if and (gt $pods 1) (kindIs "map" $api) -}}
{{- $rate := ternary $api.requests_per_second 5 (hasKey $api "requests_per_second") -}}
{{- if regexMatch "^(int|int64|float64)$" (kindOf $rate) -}}
{{- $_ := set $api "requests_per_second" (divf $rate $pods) -}}
{{- end -}}
{{- $burst := ternary $api.burst 10 (hasKey $api "burst") -}}
{{- if regexMatch "^(int|int64|float64)$" (kindOf $burst) -}}
{{- if and (ge (float64 $burst) 1.0) (eq (floor $burst) (float64 $burst)) -}}
{{- $_ := set $api "burst" (max 1 (div (int $burst) $pods)) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $config "api" $api -}}
{{- end -}}
{{- toYaml $config -}}
{{- end }}
