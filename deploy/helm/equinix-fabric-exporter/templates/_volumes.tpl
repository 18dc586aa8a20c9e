{{- define "exporter.mounts" -}}
- name: config
  mountPath: /etc/equinix_fabric_exporter
  readOnly: true
{{- if include "exporter.credentialsSecret" . }}
- name: credentials
  mountPath: /var/run/secrets/equinix
  readOnly: true
{{- end }}
{{- if (.Values.tokenExchange).enabled }}
- name: token
  mountPath: /var/run/secrets/tokens
  readOnly: true
{{- end }}
{{- if include "exporter.webConfigFile" . }}
- name: web
  mountPath: /etc/equinix_fabric_exporter_web
  readOnly: true
{{- end }}
{{- if (.Values.web).tlsSecret }}
- name: tls
  mountPath: /etc/equinix_fabric_exporter_tls
  readOnly: true
{{- end }}
{{- if (.Values.state).enabled }}
- name: state
  mountPath: {{ include "exporter.stateDir" . }}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "exporter.stateDir" -}}
/var/lib/equinix_fabric_exporter
{{- end }}

{{- define "exporter.stateClaim" -}}
{{- if and (.Values.state).enabled ((.Values.state).persistentVolume).enabled }}true{{ end }}
{{- end }}

{{/* The specification of a claim. A state file is of one exporter, so one node. */}}
{{- define "exporter.claim" -}}
{{- with .Values.state.persistentVolume -}}
accessModes: {{ default (list "ReadWriteOnce") .accessModes | toJson }}
{{- with .storageClass }}
storageClassName: {{ . | quote }}
{{- end }}
resources:
  requests:
    storage: {{ default "1Gi" .size }}
{{- end }}
{{- end }}

{{/* Directories, never single files (subPath): those would not follow changes.
0440: the owner and the pod's group may read them, and no one else. */}}
{{- define "exporter.volumes" -}}
- name: config
  {{- with (.Values.existingConfig).secret }}
  secret:
    secretName: {{ . | quote }}
    defaultMode: 0440
    items: [{key: {{ default "config.yml" $.Values.existingConfig.key | quote }}, path: config.yml}]
  {{- else }}
  configMap:
    name: {{ default (include "exporter.fullname" .) (.Values.existingConfig).configMap | quote }}
    {{- if (.Values.existingConfig).configMap }}
    items: [{key: {{ default "config.yml" .Values.existingConfig.key | quote }}, path: config.yml}]
    {{- end }}
  {{- end }}
{{- with include "exporter.credentialsSecret" . }}
- name: credentials
  secret:
    secretName: {{ . | quote }}
    defaultMode: 0440
{{- end }}
{{- with .Values.tokenExchange }}
{{- if .enabled }}
- name: token
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken:
          path: equinix
          audience: {{ .audience | quote }}
          expirationSeconds: {{ int (default 3600 .expirationSeconds) }}
{{- end }}
{{- end }}
{{- if (.Values.web).configSecret }}
- name: web
  secret:
    secretName: {{ .Values.web.configSecret | quote }}
    defaultMode: 0440
{{- else if (.Values.web).tlsSecret }}
- name: web
  configMap:
    name: {{ include "exporter.fullname" . }}-web
{{- end }}
{{- with (.Values.web).tlsSecret }}
- name: tls
  secret:
    secretName: {{ . | quote }}
    defaultMode: 0440
{{- end }}
{{- if include "exporter.stateClaim" . }}
{{- if le (int .Values.shards) 1 }}
- name: state
  persistentVolumeClaim:
    claimName: {{ default (printf "%s-state" (include "exporter.fullname" .)) .Values.state.persistentVolume.existingClaim | quote }}
{{- end }}
{{- else if (.Values.state).enabled }}
- name: state
  emptyDir:
    sizeLimit: 1Gi
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
