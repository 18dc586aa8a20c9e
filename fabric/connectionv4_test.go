package fabric_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

func TestConnectionSide(t *testing.T) {
	for point, want := range map[string]fabric.Side{
		`"type":"COLO","port":{"name":"port"},"name":"point"`:                        {Type: "COLO", Name: "port"},
		`"type":"SP","port":{"name":"theirs"},"profile":{"name":"profile"}`:          {Type: "SP", Name: "profile"},
		`"type":"CLOUD_ROUTER","router":{"name":"router","uuid":"u"},"name":"point"`: {Type: "CLOUD_ROUTER", Name: "router"},
		`"type":"VD","virtualDevice":{"type":"EDGE","name":"device"}`:                {Type: "VD", Name: "device"},
		`"type":"NETWORK","network":{"name":"network"}`:                              {Type: "NETWORK", Name: "network"},
		`"name":"point"`: {Name: "point"},
		`"location":{"metroCode":"SV","metroName":"x"}`:            {Metro: "SV"},
		`"profile":null,"router":null,"location":null,"name":null`: {},
		`"profile":"p","router":[1],"network":{"name":{"x":"y"}}`:  {}, // names are not worth an error
		`"linkProtocol":null`:                                           {},
		`"linkProtocol":{"type":"UNTAGGED"}`:                            {},
		`"linkProtocol":{"vlanTag":101}`:                                {VLAN: "101"},
		`"linkProtocol":{"vlanTag":"101"}`:                              {VLAN: "101"},
		`"linkProtocol":{"vlanTagMin":300,"vlanTagMax":1099}`:           {VLAN: "300-1099"},
		`"linkProtocol":{"vlanTagMin":300,"vlanTagMax":300}`:            {VLAN: "300"},
		`"linkProtocol":{"vlanTagMin":300}`:                             {VLAN: "300"},
		`"linkProtocol":{"vlanSTag":7}`:                                 {VLAN: "7"},
		`"linkProtocol":{"vlanSTag":7,"vlanCTag":8}`:                    {VLAN: "7.8"},
		`"linkProtocol":{"vlanSTag":7,"vlanCTagMin":8,"vlanCTagMax":9}`: {VLAN: "7.8-9"},
		`"linkProtocol":{"vlanCTag":8}`:                                 {VLAN: "8"},
		`"linkProtocol":{"vlanTag":[1]}`:                                {},
		`"linkProtocol":[]`:                                             {},
	} {
		body := fmt.Sprintf(`{"data":[{"uuid":"c","aSide":{"accessPoint":{"port":{"uuid":"p"}}},"zSide":{"accessPoint":{%s}}}]}`, point)
		got, err := drain(newClient(t, always(200, body)).Connections(t.Context(), []string{"p"}))
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %v, %v", point, got, err)
			continue
		}
		if diff := cmp.Diff(want, got[0].ZSide); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", point, diff)
		}
	}
}
