// Package soak holds no code of the exporter: its test runs the whole of it for
// as long as asked against the simulated API, which breaks and changes at
// random, and recomputes every number that /metrics shows from what the
// simulated API knows to be true. "make soak" is how to run it.
package soak
