package helm_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestSelectorsFindThePods follows every selector to the labels that it must
// match, and every port name to the port.
func TestSelectorsFindThePods(t *testing.T) {
	eachRendering(t, func(t *testing.T, _ string, os objects) {
		w := os.workload(t)
		service := os.one(t, "Service")
		for where, s := range map[string]struct{ selector, labels object }{
			w.kind():                          {w.at("spec", "selector", "matchLabels"), w.podLabels()},
			"Service":                         {service.at("spec", "selector"), w.podLabels()},
			"ServiceMonitor":                  {selector(os.all("ServiceMonitor")), service.at("metadata", "labels")},
			"PodMonitor":                      {selector(os.all("PodMonitor")), w.podLabels()},
			"PodDisruptionBudget":             {selector(os.all("PodDisruptionBudget")), w.podLabels()},
			"NetworkPolicy":                   {selector(os.all("NetworkPolicy")), w.podLabels()},
			"podAntiAffinity or own affinity": {antiAffinity(w), w.podLabels()},
		} {
			if s.selector != nil && !s.selector.within(s.labels) {
				t.Errorf("%s: %v does not select %v", where, s.selector, s.labels)
			}
		}
		for _, o := range os {
			if ns := o.at("metadata").string("namespace"); ns != "monitoring" {
				t.Errorf("%s %s is in namespace %q", o.kind(), o.name(), ns)
			}
		}
		ports := w.container(t).list("ports")
		if len(ports) != 1 || ports[0].string("name") != "metrics" || ports[0]["containerPort"] != 10345 {
			t.Errorf("ports %v", ports)
		}
		for _, o := range slices.Concat(os.all("Ingress"), os.all("HTTPRoute")) {
			if text := fmt.Sprint(o.at("spec")); !strings.Contains(text, "name:"+service.name()+" port:") {
				t.Errorf("%s does not lead to the Service: %s", o.kind(), text)
			}
		}
		if p := service.at("spec").list("ports"); len(p) != 1 || p[0].string("name") != "metrics" || p[0].string("targetPort") != "metrics" {
			t.Errorf("ports of the service %v", p)
		}
		for _, m := range slices.Concat(os.all("ServiceMonitor"), os.all("PodMonitor")) {
			endpoints := slices.Concat(m.at("spec").list("endpoints"), m.at("spec").list("podMetricsEndpoints"))
			if len(endpoints) != 1 || endpoints[0].string("port") != "metrics" {
				t.Errorf("endpoints %v", endpoints)
			}
			if names := m.at("spec", "namespaceSelector").strings("matchNames"); !slices.Equal(names, []string{"monitoring"}) {
				t.Errorf("namespaces %v", names)
			}
		}
	})
}

// selector is the selector of the first of some objects; nil if there are no objects.
// An empty selector, which selects everything, is returned as one that finds nothing.
func selector(os objects) object {
	if len(os) == 0 {
		return nil
	}
	for _, key := range []string{"selector", "podSelector"} {
		if s := os[0].at("spec", key, "matchLabels"); len(s) > 0 {
			return s
		}
	}
	return object{}
}

func antiAffinity(workload object) object {
	for _, p := range workload.podSpec().at("affinity", "podAntiAffinity").list("preferredDuringSchedulingIgnoredDuringExecution") {
		return p.at("podAffinityTerm", "labelSelector", "matchLabels")
	}
	return nil
}

func TestNetworkPolicyLetsInPrometheusAndOutHTTPS(t *testing.T) {
	c := fullChart(t)
	spec := c.render(t, "--set=networkPolicy.enabled=true").one(t, "NetworkPolicy").at("spec")
	got := fmt.Sprint(spec["policyTypes"], spec["ingress"], spec["egress"])
	const want = "[Ingress Egress] " +
		"[map[from:[map[namespaceSelector:map[matchLabels:map[kubernetes.io/metadata.name:monitoring]]]] ports:[map[port:metrics protocol:TCP]]]] " +
		"[map[ports:[map[port:53 protocol:UDP] map[port:53 protocol:TCP]]] map[ports:[map[port:443 protocol:TCP]]]]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestServiceHasNoAddressOfItsOwn(t *testing.T) {
	eachRendering(t, func(t *testing.T, _ string, os objects) {
		if ip := os.one(t, "Service").at("spec")["clusterIP"]; ip != "None" {
			t.Errorf("clusterIP %v mixes the counters of several pods", ip)
		}
	})
}

func TestSchemeOfMonitorsIsThatOfTheExporter(t *testing.T) {
	for want, args := range map[string][]string{
		"http":  {"--set=podMonitor.enabled=true"},
		"https": {"--set=podMonitor.enabled=true", "--set=web.tlsSecret=x"},
	} {
		m := fullChart(t).render(t, args...).one(t, "PodMonitor")
		if got := m.at("spec").list("podMetricsEndpoints")[0].string("scheme"); got != want {
			t.Errorf("scheme %s, want %s", got, want)
		}
	}
}

func TestJobIsTheOneOfTheAlerts(t *testing.T) {
	eachRendering(t, func(t *testing.T, name string, os objects) {
		for _, m := range slices.Concat(os.all("ServiceMonitor"), os.all("PodMonitor")) {
			endpoint := slices.Concat(m.at("spec").list("endpoints"), m.at("spec").list("podMetricsEndpoints"))[0]
			relabelings := endpoint.list("relabelings")
			want := object{"action": "replace", "targetLabel": "job", "replacement": "equinix_fabric"}
			if len(relabelings) == 0 || !want.within(relabelings[0]) {
				t.Errorf("relabelings %v", relabelings)
			}
			if name == "everything" && (len(relabelings) != 2 || relabelings[1].string("action") != "labeldrop" ||
				endpoint.string("interval") != "30s" || endpoint.string("scrapeTimeout") != "20s" || m.at("spec")["sampleLimit"] != 50000) {
				t.Errorf("what the values say of the endpoint is lost: %v", endpoint)
			}
		}
	})
}
