package helm_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// renderings are the objects of the value files, by name, once they are rendered.
var renderings = map[string]objects{}

// eachRendering runs a test on the objects of every value file, to read them.
func eachRendering(t *testing.T, test func(t *testing.T, name string, os objects)) {
	t.Helper()
	c := fullChart(t)
	for name, file := range values(t) {
		t.Run(name, func(t *testing.T) {
			if renderings[name] == nil {
				renderings[name] = c.render(t, "--values="+file)
			}
			test(t, name, renderings[name])
		})
	}
}

func TestPodHasNoRights(t *testing.T) {
	eachRendering(t, func(t *testing.T, name string, os objects) {
		w := os.workload(t)
		pod, container := w.podSpec(), w.container(t)
		var user, group any = 65534, 65534
		if name == "openshift" { // which refuses any but its own
			user, group = nil, nil
		}
		for where, held := range map[string]bool{
			"automountServiceAccountToken": pod["automountServiceAccountToken"] == false,
			"enableServiceLinks":           pod["enableServiceLinks"] == false,
			"runAsNonRoot":                 pod.at("securityContext")["runAsNonRoot"] == true,
			"runAsUser":                    pod.at("securityContext")["runAsUser"] == user,
			"runAsGroup":                   pod.at("securityContext")["runAsGroup"] == group,
			"fsGroup":                      pod.at("securityContext")["fsGroup"] == group,
			"seccompProfile":               pod.at("securityContext", "seccompProfile")["type"] == "RuntimeDefault",
			"readOnlyRootFilesystem":       container.at("securityContext")["readOnlyRootFilesystem"] == true,
			"allowPrivilegeEscalation":     container.at("securityContext")["allowPrivilegeEscalation"] == false,
			"capabilities":                 fmt.Sprint(container.at("securityContext", "capabilities")["drop"]) == "[ALL]",
			"add no capabilities":          container.at("securityContext", "capabilities")["add"] == nil,
			"no host namespaces":           pod["hostNetwork"] == nil && pod["hostPID"] == nil && pod["hostIPC"] == nil,
			"mounts but the state's are read-only": !slices.ContainsFunc(container.list("volumeMounts"), func(m object) bool {
				return m["readOnly"] != true && m.string("name") != "state"
			}),
		} {
			if !held {
				t.Errorf("%s does not hold: %v", where, pod)
			}
		}
		for _, a := range os.all("ServiceAccount") {
			if a["automountServiceAccountToken"] != false || pod.string("serviceAccountName") != a.name() {
				t.Errorf("service account of %q: %v", pod.string("serviceAccountName"), a)
			}
		}
		for _, rights := range []string{"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"} {
			if len(os.all(rights)) > 0 {
				t.Errorf("there is a %s", rights)
			}
		}
	})
}

func TestTokenIsProjectedForTokenExchangeOnly(t *testing.T) {
	eachRendering(t, func(t *testing.T, name string, os objects) {
		var tokens []object
		for _, v := range os.workload(t).podSpec().list("volumes") {
			for _, source := range v.at("projected").list("sources") {
				tokens = append(tokens, source.at("serviceAccountToken"))
			}
		}
		want := map[string]object{
			"token-exchange": {"path": "equinix", "audience": "https://sts.eqix.equinix.com", "expirationSeconds": 3600},
			"everything":     {"path": "equinix", "audience": "equinix", "expirationSeconds": 600},
		}[name]
		if got := fmt.Sprint(tokens); (want == nil && len(tokens) > 0) || (want != nil && got != fmt.Sprint([]object{want})) {
			t.Errorf("tokens %s, want %v", got, want)
		}
	})
}

func TestEnvironmentHoldsNoSecret(t *testing.T) {
	eachRendering(t, func(t *testing.T, name string, os objects) {
		for _, e := range os.workload(t).container(t).list("env") {
			if strings.Contains(e.string("name"), "EQUINIX") && e.at("valueFrom", "secretKeyRef") == nil {
				t.Errorf("%v", e)
			}
			if e.string("name") == "GOMEMLIMIT" { // all of the limit leaves no room; the exporter takes a part by itself
				t.Errorf("%v", e)
			}
		}
	})
}

func TestShardsAreNumberedByTheStatefulSet(t *testing.T) {
	os := fullChart(t).render(t, "--set=shards=3")
	w := os.workload(t)
	container := w.container(t)
	if w.kind() != "StatefulSet" || w.at("spec")["replicas"] != 3 || w.at("spec").string("serviceName") != os.one(t, "Service").name() {
		t.Errorf("%s: %v", w.kind(), w.at("spec"))
	}
	if args := container.strings("args"); !slices.Contains(args, "--shard=$(POD_INDEX)/3") {
		t.Errorf("arguments %v", args)
	}
	index := slices.IndexFunc(container.list("env"), func(e object) bool {
		return e.string("name") == "POD_INDEX" &&
			e.at("valueFrom", "fieldRef").string("fieldPath") == "metadata.labels['apps.kubernetes.io/pod-index']"
	})
	if index < 0 {
		t.Errorf("environment %v", container.list("env"))
	}
	for _, arg := range fullChart(t).render(t).workload(t).container(t).strings("args") {
		if strings.Contains(arg, "shard") {
			t.Errorf("one pod is a shard: %s", arg)
		}
	}
}
