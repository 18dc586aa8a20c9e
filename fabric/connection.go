package fabric

// Connection is one virtual connection, as far as the exporter looks at it:
// never e-mail addresses or authentication keys. Strings are "" and pointers
// nil where the API says nothing.
type Connection struct {
	UUID           string // lower case
	Name           string
	Type           string // e.g. EVPL_VC
	State          string // lifecycle state
	EquinixStatus  string
	ProviderStatus string
	Bandwidth      *float64 // bit/s

	ASidePort, ZSidePort string // port UUIDs, lower case; "" where that side is no port
}
