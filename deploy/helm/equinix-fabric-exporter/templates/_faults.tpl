{{/* Values that the schema lets through and that make no sense together, all in
one go. */}}
{{- define "exporter.faults" -}}
{{- $faults := list -}}
{{- with .Values -}}
{{- if and (gt (int .shards) 1) (gt (int .replicas) 1) -}}
{{- $faults = append $faults "replicas: shards have one pod each; install the chart twice for two of each" -}}
{{- end -}}
{{- if and .state.enabled .state.persistentVolume.enabled (le (int .shards) 1) -}}
{{- if gt (int .replicas) 1 -}}
{{- $faults = append $faults "state.persistentVolume.enabled: replicas would write to the same file; leave it out, or give one replica" -}}
{{- end -}}
{{- if and .strategy (ne (toString .strategy.type) "Recreate") -}}
{{- $faults = append $faults "strategy: with state.persistentVolume the old pod has to stop first; leave it out, or make it Recreate" -}}
{{- end -}}
{{- end -}}
{{- if and .state.persistentVolume.enabled (not .state.enabled) -}}
{{- $faults = append $faults "state.persistentVolume.enabled: nothing is kept without state.enabled" -}}
{{- end -}}
{{- if and .state.enabled .config.state -}}
{{- $faults = append $faults "config.state: is what the chart writes; set state.enabled to false to keep the state elsewhere, in a volume of extraVolumes" -}}
{{- end -}}
{{- if and .existingConfig.configMap .existingConfig.secret -}}
{{- $faults = append $faults "existingConfig: give configMap or secret, not both" -}}
{{- end -}}
{{- if and .credentials.existingSecret .credentials.stringData -}}
{{- $faults = append $faults "credentials.stringData: set credentials.existingSecret to \"\" to make a Secret instead" -}}
{{- end -}}
{{- if and .tokenExchange.enabled (not .tokenExchange.audience) -}}
{{- $faults = append $faults "tokenExchange.audience: is required, since a token without one is good for the Kubernetes API" -}}
{{- end -}}
{{- if ne (empty .web.probeUsername) (empty .web.probePasswordKey) -}}
{{- $faults = append $faults "web.probeUsername, web.probePasswordKey: belong together" -}}
{{- end -}}
{{- if and .web.probeUsername (not .web.configSecret) -}}
{{- $faults = append $faults "web.probeUsername: there is no web.configSecret that asks for a user" -}}
{{- end -}}
{{- if and .serviceMonitor.enabled .podMonitor.enabled -}}
{{- $faults = append $faults "podMonitor.enabled: serviceMonitor is enabled too, and every pod would be scraped twice" -}}
{{- end -}}
{{- range $i, $account := .config.accounts -}}
{{- if hasKey $account "client_secret" -}}
{{- $faults = append $faults (printf "config.accounts[%d].client_secret: does not belong in a ConfigMap; put it in a Secret and name the file in client_secret_file" $i) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $faults -}}
{{- fail (printf "\n%s" (join "\n" $faults)) -}}
{{- end -}}
{{- end }}
