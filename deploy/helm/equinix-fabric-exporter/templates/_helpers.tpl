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
