package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Two exporters share the demo's ports: none is missing, none is in both, and no
// pair is torn apart.
func TestShardsShareThePorts(t *testing.T) {
	t.Parallel()
	watch := func(shard string) (ports, pairs []string) {
		x := start(t, nil, "demo", "--web.listen-address=127.0.0.1:0", "--shard="+shard)
		base := x.find(t, &x.stdout, announced)
		ready(t, base)
		families := scrapeOnce(t, base)
		for _, m := range families[prefix+"port_info"].GetMetric() {
			ports = append(ports, label(m, "port_name"))
		}
		for _, m := range families[prefix+"pair_info"].GetMetric() {
			pairs = append(pairs, label(m, "pair"))
		}
		if n := families[prefix+"shards"].GetMetric()[0].GetGauge().GetValue(); !strings.HasSuffix(shard, fmt.Sprintf("/%v", n)) {
			t.Errorf("shards of %s: %v", shard, n)
		}
		info := families[prefix+"shard_info"].GetMetric()
		if len(info) != 1 || label(info[0], "shard")+"/"+label(info[0], "shards") != shard {
			t.Errorf("shard_info of %s: %v", shard, info)
		}
		return ports, pairs
	}
	whole, wholePairs := watch("0/1")
	var shared, sharedPairs []string
	for _, shard := range []string{"0/2", "1/2"} {
		ports, pairs := watch(shard)
		if len(ports) == 0 || len(ports) == len(whole) {
			t.Errorf("shard %s has %d of %d ports", shard, len(ports), len(whole))
		}
		shared, sharedPairs = append(shared, ports...), append(sharedPairs, pairs...)
	}
	for _, s := range [][]string{whole, wholePairs, shared, sharedPairs} {
		slices.Sort(s)
	}
	if !slices.Equal(whole, shared) || !slices.Equal(wholePairs, sharedPairs) {
		t.Errorf("together the shards have\n%v\n%v\nand one exporter\n%v\n%v", shared, sharedPairs, whole, wholePairs)
	}
}

func TestInvalidShard(t *testing.T) {
	t.Parallel()
	x := start(t, nil, "--shard=3/3")
	if code := x.wait(t); code == 0 || !strings.Contains(x.stderr.String(), "the index must be 0 to 2") {
		t.Errorf("exit code %d, %s", code, x.stderr.String())
	}
}
