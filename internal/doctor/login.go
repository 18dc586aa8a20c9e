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
	correctSecret = "correct client_id and client_secret (My Apps on https://developer.equinix.com); where the API calls the account locked, unlock it first; " +
		"try sparingly: five refused logins in a row, those of other programs included, lock the account"
	correctExchange = "check token_exchange.scope, and that the organisation trusts issuer, audience and subject of the token; " +
		"a token that has expired, or a clock that is wrong, is refused too"
	correctFiles = "make the file hold the credential and nothing else, readable by the user that the exporter runs as"
)

// logIn logs in once. A refusal is never tried again: the account would be
// locked, and a human may share it.
func (e *exam) logIn(ctx context.Context) {
	if e.stopped(ctx, checkCredentials) {
		return
	}
	token, err := e.tokens.TokenContext(ctx)
	if err == nil {
		e.add(ok, checkCredentials, "", "logged in; the token is good for "+short(time.Until(token.Expiry)), "")
		return
	}
	e.blocker = "the login failed"
	if refused, is := errors.AsType[*fabric.LoginError](err); is {
		detail, remedy := "login refused: "+refused.Err.Error(), correctSecret
		if refused.Exchange {
			remedy = correctExchange
		}
		if e.last.Load() == nil { // no request was sent
			detail = fmt.Sprintf("not tried: the state file counts %s of this secret, the latest: %v", human.Plural(refused.Refusals, "refused login"), refused.Err)
			remedy += "; once the account is unlocked and the secret is right, try again with --login.forget-refusals"
			if !refused.NextTry.IsZero() {
				remedy += ", or after " + refused.NextTry.UTC().Format(time.RFC3339)
			}
		}
		e.add(fail, checkCredentials, "", detail, remedy)
		return
	}
	if unread, is := errors.AsType[*fabric.CredentialsError](err); is {
		e.add(fail, checkCredentials, "", "cannot be read: "+unread.Err.Error(), correctFiles)
		return
	}
	e.fault(ctx, checkCredentials, "", "", err)
}

// short is d without the digits that would be wrong a moment later.
func short(d time.Duration) string {
	unit := time.Second
	if d >= 2*time.Minute {
		unit = time.Minute
	}
	return model.Duration(max(d, 0).Truncate(unit)).String()
}
