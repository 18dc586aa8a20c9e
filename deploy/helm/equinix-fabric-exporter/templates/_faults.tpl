{{/* Values that the schema lets through and that make no sense, or are called
otherwise here: all of them in one error. */}}
{{- define "exporter.faults" -}}
{{- $faults := list -}}
{{- $monitor := dict "additionalLabels" "labels" "relabelings" "endpoint.relabelings" "metricRelabelings" "endpoint.metricRelabelings" "tlsConfig" "endpoint.tlsConfig" "basicAuth" "endpoint.basicAuth" -}}
{{- $elsewhere := dict
  "" (dict "replicaCount" "replicas" "imagePullSecrets" "image.pullSecrets" "extraObjects" "extraManifests" "env" "extraEnv" "extraEnvFrom" "envFrom"
    "initContainers" "extraInitContainers" "containers" "extraContainers" "sidecars" "extraContainers" "volumes" "extraVolumes" "volumeMounts" "extraVolumeMounts"
    "annotations" "deploymentAnnotations" "updateStrategy" "strategy" "containerSecurityContext" "securityContext" "persistence" "state.persistentVolume")
  "serviceMonitor" $monitor
  "podMonitor" $monitor
  "prometheusRule" (dict "additionalLabels" "labels" "additionalRuleLabels" "ruleLabels") -}}
{{- range $block, $names := $elsewhere -}}
{{- range $theirs, $ours := $names -}}
{{- if hasKey (ternary $.Values (default dict (get $.Values $block)) (empty $block)) $theirs -}}
{{- $prefix := ternary "" (printf "%s." $block) (empty $block) -}}
{{- $faults = append $faults (printf "%s%s: is called %s%s in this chart" $prefix $theirs $prefix $ours) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with .Values -}}
{{- $claim := and (.state).enabled ((.state).persistentVolume).enabled -}}
{{- if and (gt (int .shards) 1) (gt (int .replicas) 1) -}}
{{- $faults = append $faults "replicas: shards have one pod each; install the chart twice for two of each" -}}
{{- end -}}
{{- if and $claim (le (int .shards) 1) -}}
{{- if gt (int .replicas) 1 -}}
{{- $faults = append $faults "state.persistentVolume.enabled: replicas would write to the same file; leave it out, or give one replica" -}}
{{- end -}}
{{- if and .strategy (ne (toString .strategy.type) "Recreate") -}}
{{- $faults = append $faults "strategy: with state.persistentVolume the old pod has to stop first; leave it out, or make it Recreate" -}}
{{- end -}}
{{- end -}}
{{- if and $claim (gt (int .shards) 1) ((.state).persistentVolume).existingClaim -}}
{{- $faults = append $faults "state.persistentVolume.existingClaim: each shard has a claim of its own, called state-NAME-INDEX" -}}
{{- end -}}
{{- if and ((.state).persistentVolume).enabled (not (.state).enabled) -}}
{{- $faults = append $faults "state.persistentVolume.enabled: nothing is kept without state.enabled" -}}
{{- end -}}
{{- if and (.existingConfig).configMap (.existingConfig).secret -}}
{{- $faults = append $faults "existingConfig: give configMap or secret, not both" -}}
{{- end -}}
{{- if and (.credentials).existingSecret (.credentials).stringData -}}
{{- $faults = append $faults "credentials.stringData: set credentials.existingSecret to \"\" to make a Secret instead" -}}
{{- end -}}
{{- if and (.tokenExchange).enabled (not (.tokenExchange).audience) -}}
{{- $faults = append $faults "tokenExchange.audience: is required, since a token without one is good for the Kubernetes API" -}}
{{- end -}}
{{- if ne (empty (.web).probeUsername) (empty (.web).probePasswordKey) -}}
{{- $faults = append $faults "web.probeUsername, web.probePasswordKey: belong together" -}}
{{- end -}}
{{- if and (.web).probeUsername (not (.web).configSecret) -}}
{{- $faults = append $faults "web.probeUsername: there is no web.configSecret that asks for a user" -}}
{{- end -}}
{{- if and (.serviceMonitor).enabled (.podMonitor).enabled -}}
{{- $faults = append $faults "podMonitor.enabled: serviceMonitor is enabled too, and every pod would be scraped twice" -}}
{{- end -}}
{{- if and (.ingress).enabled (not (.ingress).hosts) -}}
{{- $faults = append $faults "ingress.hosts: is required" -}}
{{- end -}}
{{- end -}}
{{- if include "exporter.ownConfig" . -}}
{{- $config := include "exporter.givenConfig" . | fromYaml -}}
{{- if hasKey $config "Error" -}}
{{- $faults = append $faults (printf "config: is not a mapping in YAML: %s" $config.Error) -}}
{{- else if not $config.accounts -}}
{{- $faults = append $faults "config.accounts: is required; or name existingConfig" -}}
{{- end -}}
{{- if and (.Values.state).enabled $config.state -}}
{{- $faults = append $faults "config.state: is what the chart writes; set state.enabled to false to keep the state elsewhere, in a volume of extraVolumes" -}}
{{- end -}}
{{- range $i, $account := ternary $config.accounts list (kindIs "slice" $config.accounts) -}}
{{- if and (kindIs "map" $account) (hasKey $account "client_secret") -}}
{{- $faults = append $faults (printf "config.accounts[%d].client_secret: does not belong in a ConfigMap; put it in a Secret and name the file in client_secret_file" $i) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $faults -}}
{{- fail (printf "\n%s" (join "\n" $faults)) -}}
{{- end -}}
{{- end }}
