package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

const (
	correctSecret = "correct client_id and client_secret (My Apps on https://developer.equinix.com); if the API calls the account locked, " +
		"unlock it first; try sparingly: five refused logins in a row, those of other programs included, lock the account"
	correctExchange = "check token_exchange.scope, and that the organisation trusts issuer, audience and subject of the token; " +
		"a token that has expired is refused too, and so is any token if a clock is wrong"
	correctFiles = "make the file hold the credential and nothing else, readable by the user that the exporter runs as"
)

// logIn logs in once. After a refusal it does not try again: five in a row lock the
// account, which people may use too.
func (e *exam) logIn(ctx context.Context) {
	e.check = "credentials"
	if e.cannotAsk(ctx) {
		return
	}
	token, err := e.tokens.TokenContext(ctx)
	if err == nil {
		e.add(ok, "", "logged in; the token is good for "+human.Duration(time.Until(token.Expiry)), "")
		return
	}
	e.blocked = "the login failed"
	if refused, is := errors.AsType[*fabric.LoginError](err); is {
		detail, remedy := "login refused: "+refused.Err.Error(), correctSecret
		if refused.Exchange {
			remedy = correctExchange
		}
		if e.lastErr.Load() == nil { // no request was sent
			detail = fmt.Sprintf("not tried: the state file has %s of this secret, the latest: %v", human.Plural(refused.Refusals, "refused login"), refused.Err)
			remedy += "; once the account is unlocked and the secret is right, try again with --login.forget-refusals"
			if !refused.NextTry.IsZero() {
				remedy += ", or after " + refused.NextTry.UTC().Format(time.RFC3339)
			}
		}
		e.add(fail, "", detail, remedy)
		return
	}
	if unread, is := errors.AsType[*fabric.CredentialsError](err); is {
		e.add(fail, "", "cannot be read: "+unread.Err.Error(), correctFiles)
		return
	}
	e.fault(ctx, "", "", err)
}

// clockSkew is how far the local clock is ahead of the API's, by the Date header of its
// answers, or of the answer to the login, which may be refused because of it.
func (e *exam) clockSkew() (skew time.Duration, known bool) {
	if skew, known = e.client.ClockSkew(); known {
		return skew, true
	}
	return e.tokens.ClockSkew()
}

// checkClock compares the local clock with the API's.
func (e *exam) checkClock() {
	const (
		agreement = 2 * time.Second
		tolerable = time.Minute
		harmful   = 5 * time.Minute // windows lack their newest samples, or end in the future
		setClock  = "synchronise the clock of this host, by NTP or chrony"
	)
	e.check = "clock"
	skew, known := e.clockSkew()
	off, direction := skew.Abs().Round(time.Second), "ahead of" // the header has whole seconds
	if skew < 0 {
		direction = "behind"
	}
	detail := fmt.Sprintf("about %s %s the clock of the API", model.Duration(off), direction)
	switch {
	case !known:
		e.add(skip, "", "no answer had a date", "")
	case off > harmful:
		e.add(fail, "", detail+": windows are asked for at the wrong time", setClock)
	case off > tolerable:
		e.add(warn, "", detail, setClock)
	case off > agreement:
		e.add(ok, "", detail, "")
	default:
		e.add(ok, "", "agrees with the clock of the API", "")
	}
}
