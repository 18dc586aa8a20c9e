package daemon

import "github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"

// forgetful is a snapshot without the errors in it: they are of no use to another
// process, and are the only texts that come from outside unchecked.
func forgetful(s *fleet.Snapshot) *fleet.Snapshot {
	if s == nil {
		return nil
	}
	next := *s
	next.Accounts = make([]fleet.Account, len(s.Accounts))
	for i, a := range s.Accounts {
		a.InventoryPoll.Err, a.LoginError, a.LastError = "", "", ""
		next.Accounts[i] = a
	}
	next.Ports = make([]*fleet.Port, len(s.Ports))
	for i, p := range s.Ports {
		port := *p
		port.Polls, port.ConnectionsPoll.Err = withoutErrors(p.Polls), ""
		next.Ports[i] = &port
	}
	next.Connections = make([]*fleet.Tracked, len(s.Connections))
	for i, c := range s.Connections {
		conn := *c
		conn.Polls = withoutErrors(c.Polls)
		next.Connections[i] = &conn
	}
	return &next
}

func withoutErrors(polls []fleet.Poll) []fleet.Poll {
	kept := make([]fleet.Poll, len(polls))
	for i, p := range polls {
		p.Err = ""
		kept[i] = p
	}
	return kept
}
