{{- define "exporter.container" -}}
name: exporter
image: {{ include "exporter.image" . | quote }}
{{- with .Values.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
args:
  - --config.file=/etc/equinix_fabric_exporter/config.yml
  - --web.listen-address=:10345
  {{- with include "exporter.webConfigFile" . }}
  - --web.config.file={{ . }}
  {{- end }}
  {{- if (.Values.web).enableReload }}
  - --web.enable-reload
  {{- end }}
  {{- if (.Values.web).enablePprof }}
  - --web.enable-pprof
  {{- end }}
  {{- range $flag, $value := .Values.log }}
  - --log.{{ $flag }}={{ $value }}
  {{- end }}
  {{- if gt (int .Values.shards) 1 }}
  - --shard=$(POD_INDEX)/{{ int .Values.shards }}
  {{- end }}
  {{- with .Values.extraArgs }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- if or (gt (int .Values.shards) 1) .Values.extraEnv }}
env:
  {{- if gt (int .Values.shards) 1 }}
  - name: POD_INDEX
    valueFrom:
      fieldRef:
        fieldPath: metadata.labels['apps.kubernetes.io/pod-index']
  {{- end }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- with .Values.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - name: metrics
    containerPort: 10345
livenessProbe:
  {{- if .Values.livenessProbe }}
  {{- toYaml .Values.livenessProbe | nindent 2 }}
  {{- else }}
  {{- include "exporter.probe" (dict "root" . "path" "/-/healthy") | nindent 2 }}
  periodSeconds: 30
  {{- end }}
readinessProbe:
  {{- if .Values.readinessProbe }}
  {{- toYaml .Values.readinessProbe | nindent 2 }}
  {{- else }}
  {{- include "exporter.probe" (dict "root" . "path" "/-/ready") | nindent 2 }}
  periodSeconds: 10
  {{- end }}
{{- with .Values.lifecycle }}
lifecycle:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  {{- include "exporter.mounts" . | nindent 2 }}
{{- end }}

{{/* No startupProbe: the socket is open and /-/healthy answers before the first
poll. The kubelet does not know the password of a web configuration, nor, since that
may change in its Secret, whether TLS is on: then the exporter asks itself. */}}
{{- define "exporter.probe" -}}
{{- with .root -}}
{{- if include "exporter.webConfigFile" . -}}
exec:
  command:
    - /equinix_fabric_exporter
    - healthcheck
    - --url={{ include "exporter.scheme" . }}://127.0.0.1:10345{{ $.path }}
    - --web.config.file={{ include "exporter.webConfigFile" . }}
    {{- if .Values.web.probeUsername }}
    - --username={{ .Values.web.probeUsername }}
    - --password-file=/etc/equinix_fabric_exporter_web/{{ .Values.web.probePasswordKey }}
    {{- end }}
{{- else -}}
httpGet:
  path: {{ $.path }}
  port: metrics
{{- end }}
timeoutSeconds: 5
{{- end }}
{{- end }}
