{{- define "exporter.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* A Service's name begins with a letter and has no dots; a release may be called
9f or my.exporter. */}}
{{- define "exporter.fullname" -}}
{{- $name := include "exporter.name" . -}}
{{- $release := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- $full := default $release .Values.fullnameOverride | replace "." "-" -}}
{{- regexMatch "^[a-z]" $full | ternary $full (printf "fabric-%s" $full) | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "exporter.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* The maps of a list as one: where two have a key, the later one wins. (Sprig's
merge takes an empty string for a missing one.) */}}
{{- define "exporter.merged" -}}
{{- $all := dict -}}
{{- range . }}{{ range $k, $v := . }}{{ $_ := set $all $k $v }}{{ end }}{{ end -}}
{{- toYaml $all -}}
{{- end }}

{{/* The metadata of an object, of (dict "root" $), and if it has them "name" or the
"suffix" of it, "namespace", "labels" and "annotations". */}}
{{- define "exporter.meta" -}}
{{- $own := dict "app.kubernetes.io/version" .root.Chart.AppVersion "app.kubernetes.io/managed-by" .root.Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_") -}}
name: {{ default (printf "%s%s" (include "exporter.fullname" .root) (default "" .suffix)) .name | quote }}
namespace: {{ default .root.Release.Namespace .namespace | quote }}
labels:
  {{- include "exporter.merged" (list $own .root.Values.commonLabels .labels (include "exporter.selectorLabels" .root | fromYaml)) | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* A registry in the repository itself counts more than the others. */}}
{{- define "exporter.image" -}}
{{- $registry := default .Values.image.registry (.Values.global).imageRegistry -}}
{{- with .Values.image -}}
{{- if and $registry (not (regexMatch "^(localhost|[^/]*[.:][^/]*)/" .repository)) }}{{ $registry }}/{{ end -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end }}
{{- end }}
{{- end }}

{{- define "exporter.serviceAccountName" -}}
{{- default (ternary (include "exporter.fullname" .) "default" (eq true (.Values.serviceAccount).create)) (.Values.serviceAccount).name }}
{{- end }}

{{/* The Secret with the credentials, or "". */}}
{{- define "exporter.credentialsSecret" -}}
{{- if (.Values.credentials).stringData -}}
{{ include "exporter.fullname" . }}
{{- else -}}
{{ default "" (.Values.credentials).existingSecret }}
{{- end }}
{{- end }}

{{- define "exporter.ownConfig" -}}
{{- if not (or (.Values.existingConfig).configMap (.Values.existingConfig).secret) }}true{{ end }}
{{- end }}

{{/* The path of the web configuration file, or "". */}}
{{- define "exporter.webConfigFile" -}}
{{- if or (.Values.web).configSecret (.Values.web).tlsSecret -}}
/etc/equinix_fabric_exporter_web/web.yml
{{- end }}
{{- end }}

{{- define "exporter.scheme" -}}
{{- default (ternary "https" "http" (not (empty (include "exporter.webConfigFile" .)))) (.Values.web).scheme -}}
{{- end }}

{{/* How many pods share the budget of an account. */}}
{{- define "exporter.pods" -}}
{{ max 1 (int .Values.replicas) (int .Values.shards) }}
{{- end }}

{{/* The configuration as values have it: a mapping, or the text of a file. */}}
{{- define "exporter.givenConfig" -}}
{{- if kindIs "string" .Values.config }}{{ .Values.config }}{{ else }}{{ toYaml (default dict .Values.config) }}{{ end }}
{{- end }}

{{/* The configuration of each pod. The budget of an account, which values.config
gives or leaves at the exporter's defaults, is shared by all pods, which know
nothing of each other. What is not a number is left for the exporter to refuse. */}}
{{- define "exporter.config" -}}
{{- $config := include "exporter.givenConfig" . | fromYaml -}}
{{- if (.Values.state).enabled -}}
{{- $_ := set $config "state" (dict "file" (printf "%s/state" (include "exporter.stateDir" .))) -}}
{{- end -}}
{{- $pods := int (include "exporter.pods" .) -}}
{{- $api := default dict $config.api -}}
{{- if and (gt $pods 1) (kindIs "map" $api) -}}
{{- $rate := ternary $api.requests_per_second 5.0 (hasKey $api "requests_per_second") -}}
{{- if kindIs "float64" $rate -}}
{{- $_ := set $api "requests_per_second" (divf $rate $pods) -}}
{{- end -}}
{{- $burst := ternary $api.burst 10.0 (hasKey $api "burst") -}}
{{- if kindIs "float64" $burst -}}
{{- if and (ge $burst 1.0) (eq (floor $burst) $burst) -}}
{{- $_ := set $api "burst" (max 1 (div (int $burst) $pods)) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $config "api" $api -}}
{{- end -}}
{{- toYaml $config -}}
{{- end }}

{{- define "exporter.servicePort" -}}
{{ int (default 10345 (.Values.service).port) }}
{{- end }}
