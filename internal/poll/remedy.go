package poll

import (
	"fmt"
	"math"
	"time"
)

// remedy says which settings to change, and to what, so that all intervals hold.
func (p plan) remedy(cfg Config) string {
	over := p.callsPerCycle / p.budgetPerCycle
	if over <= 1 {
		return "the API answers slowly: raise api.concurrency, or poll.interval"
	}
	rate := math.Ceil(cfg.RequestsPerSecond*over*10) / 10
	raise := fmt.Sprintf("raise api.requests_per_second from %v to %v", cfg.RequestsPerSecond, rate)
	fewer := fmt.Sprintf("narrow connections.include and exclude of the account, or lower its connections.max: "+
		"the traffic of %d connections is asked for every %v", p.load.Measured, p.connectionWindows[0])
	if p.firstPerCycle <= p.budgetPerCycle {
		return raise + ", or " + fewer
	}
	interval := time.Duration(float64(cfg.Windows[0].Interval) * over).Round(time.Second)
	remedy := fmt.Sprintf("%s, or all poll intervals by the factor %.2f (poll.interval to %v)", raise, over, interval)
	if p.load.Measured > 0 {
		remedy += "; or " + fewer
	}
	return remedy
}
