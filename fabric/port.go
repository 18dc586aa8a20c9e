package fabric

// Port is what an inventory call says of one port. Strings are "" and pointers
// nil where the API says nothing.
type Port struct {
	UUID  string // lower case
	Name  string
	State string // lifecycle state, e.g. ACTIVE (v4) or PROVISIONED (v3)

	// OperationalStatus is UP, DOWN or PARTIAL where the API says it of the
	// port itself; the list call says it of the physical links only.
	OperationalStatus string
	MaintenanceStatus string

	Capacity  *float64 // line rate, bit/s
	Allocated *float64 // bandwidth sold to connections, bit/s; not traffic
	Available *float64 // line rate not yet sold to connections, bit/s
	Links     []Link   // the physical ports, each once; several in a LAG

	RepeatedLinks int // entries of physical ports that were listed before; not in Links

	MetroCode, MetroName, Region, IBX string
	Encapsulation                     string
	Package                           string
	Speed                             string // of one physical link, in Mbit/s as the v4 API spells it, e.g. "10000"
	RedundancyPriority                string // PRIMARY or SECONDARY
	RedundancyGroup                   string // UUID of the primary port, lower case; a primary may have none
	LAG                               *bool
	ProjectID                         string
}

// Link is one physical port of a port.
type Link struct {
	UUID              string
	OperationalStatus string   // UP or DOWN, "" where the API does not say
	Speed             *float64 // bit/s
}
