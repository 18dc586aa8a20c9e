package config_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

func TestSecretNeverShows(t *testing.T) {
	const text = "s3cr3t"
	secret := config.Secret(text)
	holder := config.Config{Accounts: []config.Account{{Credentials: config.Credentials{ClientSecret: secret}}}}
	leaks := []string{text, fmt.Sprintf("%x", text), fmt.Sprintf("%X", text), fmt.Sprintf("%d", []byte(text)), fmt.Sprintf("% x", text)}
	for name, v := range map[string]any{"value": secret, "pointer": &secret, "config": holder} {
		for how, out := range shown(t, v) {
			for _, leak := range leaks {
				if strings.Contains(out, leak) {
					t.Errorf("%s by %s shows %s: %s", name, how, leak, out)
				}
			}
			// A pointer may show as its address, and %T is the type alone.
			if name != "pointer" && !strings.HasSuffix(how, "T") && !strings.Contains(out, "secret") {
				t.Errorf("%s by %s does not say that there is a secret: %s", name, how, out)
			}
		}
	}
	if got := secret.Reveal(); got != text {
		t.Errorf("Reveal() = %q", got)
	}
}

// shown is v in every way that Go knows to write it, by the name of the way.
func shown(t *testing.T, v any) map[string]string {
	t.Helper()
	out := map[string]string{"Sprint": fmt.Sprint(v), "Errorf": fmt.Errorf("wrapped: %v", v).Error()}
	// Not p and w: fmt asks no methods for them, but go vet refuses them.
	for _, verb := range "abcdefghijklmnoqrstuvxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		for _, flags := range []string{"", "+", "#", " ", "0", "-20", "20.10"} {
			format := "%" + flags + string(verb)
			out[format] = fmt.Sprintf(format, v)
		}
	}
	for name, marshal := range map[string]func(any) ([]byte, error){"JSON": json.Marshal, "YAML": yaml.Marshal, "XML": xml.Marshal} {
		text, err := marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(text)
	}
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("message", "v", v, "group", slog.GroupValue(slog.Any("v", v)))
	}
	out["slog"] = log.String()
	return out
}

func TestSecretEmptyShowsNothing(t *testing.T) {
	var secret config.Secret
	if got, want := fmt.Sprintf("%v|%s|%#v", secret, secret, secret), `||""`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
