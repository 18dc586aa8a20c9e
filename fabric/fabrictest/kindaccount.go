package fabrictest

import (
	"net/http"
	"time"
)

// accountKinds are about logins, time, and the ports of the account.
var accountKinds = []Kind{
	{Name: "token-expired", scope: ofLogin, Does: "every token ends with the next call, long before its time",
		fault: always(Fault{Times: 1, Do: (*API).ExpireTokens})},
	{Name: "token-endpoint-down", scope: ofLogin, Does: "no token any more: the login answers 503",
		fault: always(Fault{Op: OpToken, Status: http.StatusServiceUnavailable})},
	{Name: "login-refused", scope: ofLogin, Does: "the right credentials are refused, and tokens end",
		fault: func(a *API, _ Switch) Fault {
			a.ExpireTokens()
			return Fault{Op: OpToken, Status: http.StatusBadRequest, Body: loginRefusal}
		}},
	{Name: "login-locked", scope: ofAll, Does: "the account is locked, and tokens end",
		fault: func(a *API, _ Switch) Fault {
			a.LockLogin()
			a.ExpireTokens()
			return Fault{Op: OpToken, Do: func(*API) {}} // to count them
		},
		end: func(a *API, _ Switch) { a.UnlockLogin() }},
	{Name: "clock-ahead", scope: ofAll, clock: 1, Does: "the API's clock jumps ahead of the exporter's", By: time.Hour,
		fault: always(Fault{Do: func(*API) {}})},
	{Name: "clock-behind", scope: ofAll, clock: -1, Does: "the API's clock jumps behind the exporter's", By: time.Hour,
		fault: always(Fault{Do: func(*API) {}})},
	{Name: "suspend", scope: ofAll, clock: 1, Does: "the exporter's machine has slept: the API's clock is ahead, and tokens have ended", By: 8 * time.Hour,
		fault: func(a *API, _ Switch) Fault {
			a.ExpireTokens()
			return Fault{Do: func(*API) {}}
		}},
	{Name: "port-removed", Does: "a port leaves Equinix with the next call",
		fault: func(a *API, s Switch) Fault {
			return Fault{Times: 1, Do: func(a *API) { a.RemovePort(s.port.UUID) }}
		},
		end: func(a *API, s Switch) { a.AddPort(s.port) }},
	{Name: "port-added", Does: "a port comes to Equinix with the next call, a copy of another",
		fault: func(a *API, s Switch) Fault {
			return Fault{Times: 1, Do: func(a *API) { a.AddPort(s.twin()) }}
		},
		end: func(a *API, s Switch) { a.RemovePort(s.twin().UUID) }},
}

// loginRefusal is how the token endpoint refuses credentials.
const loginRefusal = `{"errorDomain":"apps-fqa","errorTitle":"Login Failure","errorCode":"S1006",` +
	`"developerMessage":"Login Failure, please try again.","errorMessage":"Login Failure, please try again."}`

// twin is a port like that of the switch, under another name.
func (s Switch) twin() Port {
	p := s.port.clone()
	p.UUID, p.Name, p.Group, p.Priority = newUUID(hashString(0, s.port.UUID), "twin", 0), p.Name+"-TWIN", "", ""
	return p
}
