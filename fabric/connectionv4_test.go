package fabric_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

func TestConnectionSide(t *testing.T) {
	for point, want := range map[string]fabric.Side{
		`"type":"COLO","port":{"name":"port"},"name":"point"`:                                      {Type: "COLO", Name: "port"},
		`"type":"SP","port":{"name":"theirs"},"profile":{"name":"profile"}`:                        {Type: "SP", Name: "profile"},
		`"type":"CLOUD_ROUTER","router":{"name":"router","uuid":"` + id("u") + `"},"name":"point"`: {Type: "CLOUD_ROUTER", Name: "router"},
		`"type":"VD","virtualDevice":{"type":"EDGE","name":"device"}`:                              {Type: "VD", Name: "device"},
		`"type":"NETWORK","network":{"name":"network"}`:                                            {Type: "NETWORK", Name: "network"},
		`"name":"point"`: {Name: "point"},
		// Most virtual devices have no name in Equinix' own examples.
		`"type":"VD","virtualDevice":{"type":"EDGE","uuid":"d-1"}`:    {Type: "VD", Name: "d-1"},
		`"type":"VD","name":"point","virtualDevice":{"uuid":"d-1"}`:   {Type: "VD", Name: "point"},
		`"type":"CLOUD_ROUTER","router":{"uuid":"r-1"}`:               {Type: "CLOUD_ROUTER", Name: "r-1"},
		`"type":"XF_IC","interconnect":{"uuid":"i-1","name":"metal"}`: {Type: "XF_IC", Name: "metal"},
		`"type":"METAL_NETWORK","virtualNetwork":{"uuid":"n-1"}`:      {Type: "METAL_NETWORK", Name: "n-1"},
		`"type":"COLO","port":{"uuid":"not-one"}`:                     {Type: "COLO", Name: "not-one"},
		`"type":"SUBNET"`: {Type: "SUBNET", Name: "SUBNET"},
		`"type":"SP"},"serviceToken":{"uuid":"t-1","name":"hub token"},"x":{"y":1`: {Type: "SP", Name: "hub token"},
		`"type":"SP"},"serviceToken":{"uuid":"t-1"},"x":{"y":1`:                    {Type: "SP", Name: "SP"}, // the UUID is what redeems a token
		`"location":{"metroCode":"SV","metroName":"x"}`:                            {Metro: "SV"},
		`"profile":null,"router":null,"location":null,"name":null`:                 {},
		`"profile":"p","router":[1],"network":{"name":{"x":"y"}}`:                  {}, // names are not worth an error
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
		body := fmt.Sprintf(`{"data":[{"uuid":"`+id("c")+`","aSide":{"accessPoint":{"port":{"uuid":"`+id("p")+`"}}},"zSide":{"accessPoint":{%s}}}]}`, point)
		got, err := drain(newClient(t, always(200, body)).Connections(t.Context(), []string{id("p")}))
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %v, %v", point, got, err)
			continue
		}
		if diff := cmp.Diff(want, got[0].ZSide); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", point, diff)
		}
	}
}
