package fabric

// Connection is one virtual connection, as far as the exporter looks at it:
// never e-mail addresses, authentication keys or account numbers. Strings are
// "" and pointers nil where the API says nothing.
type Connection struct {
	UUID              string // lower case
	Name              string
	Type              string // e.g. EVPL_VC
	State             string // lifecycle state
	Direction         string // INTERNAL, INCOMING or OUTGOING, as the account sees it
	OperationalStatus string // UP or DOWN
	EquinixStatus     string
	ProviderStatus    string
	MaintenanceStatus string   // e.g. SCHEDULED
	Bandwidth         *float64 // bit/s

	RedundancyGroup    string // lower case; the same for the connections that back each other up
	RedundancyPriority string // PRIMARY or SECONDARY

	ASidePort, ZSidePort string // port UUIDs, lower case; "" where that side is no port
	ASide, ZSide         Side
}

// Side is one end of a connection, but for the port that it is on.
type Side struct {
	Type  string // of the access point, e.g. COLO, SP, CLOUD_ROUTER
	Name  string // of the service profile, router, device, network, port or service token; else a UUID of one; else Type
	Metro string // code
	VLAN  string // 101, 100-199, or outer.inner
}
