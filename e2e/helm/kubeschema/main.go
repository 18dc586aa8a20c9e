// Command kubeschema turns what Kubernetes, the Prometheus operator and the Gateway
// API publish about their objects into the JSON schemas that kubeconform reads, one
// file for each kind: deployment-apps-v1.json. They are stricter than the API server
// by design: an unknown field is refused, where a server would drop it.
//
// All sources are Go modules, so that a build trusts only the module proxy and its
// checksum database: k8s.io/kubernetes contains its OpenAPI document, the other
// modules their custom resource definitions.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	kubernetesModule = "k8s.io/kubernetes"
	operatorModule   = "github.com/prometheus-operator/prometheus-operator"
	openAPIFile      = "api/openapi-spec/swagger.json"
	definitionFiles  = "jsonnet/prometheus-operator/*-crd.json"
	gatewayModule    = "sigs.k8s.io/gateway-api"
	routeFiles       = "config/crd/standard/*_httproutes.yaml"
)

func main() {
	kubernetes := flag.String("kubernetes", "", "version of "+kubernetesModule)
	operator := flag.String("operator", "", "version of "+operatorModule)
	gateway := flag.String("gateway", "", "version of "+gatewayModule)
	out := flag.String("out", "", "directory to write; it must not be there yet")
	flag.Parse()
	if err := run(context.Background(), *kubernetes, *operator, *gateway, *out); err != nil {
		fmt.Fprintf(os.Stderr, "kubeschema: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kubernetes, operator, gateway, out string) error {
	if kubernetes == "" || operator == "" || gateway == "" || out == "" {
		return errors.New("-kubernetes, -operator, -gateway and -out are required")
	}
	schemas, err := read(ctx, kubernetes, operator, gateway)
	if err != nil {
		return err
	}
	return write(out, schemas)
}

// read downloads the modules and returns the schemas by file name.
func read(ctx context.Context, kubernetes, operator, gateway string) (map[string]Schema, error) {
	dir, err := download(ctx, kubernetesModule+"@"+kubernetes)
	if err != nil {
		return nil, err
	}
	document, err := os.ReadFile(filepath.Join(dir, openAPIFile)) //nolint:gosec // G304: of the module
	if err != nil {
		return nil, err
	}
	b, err := NewBook(document)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", openAPIFile, err)
	}
	for _, source := range [][2]string{{operatorModule + "@" + operator, definitionFiles}, {gatewayModule + "@" + gateway, routeFiles}} {
		module, pattern := source[0], source[1]
		if dir, err = download(ctx, module); err != nil {
			return nil, err
		}
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("%s has no %s", module, pattern)
		}
		for _, file := range files {
			content, err := os.ReadFile(file) //nolint:gosec // G304: of the module
			if err != nil {
				return nil, err
			}
			if err := b.AddResource(content); err != nil {
				return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
			}
		}
	}
	return b.Schemas(), nil
}

// download returns the directory of a module in the module cache.
func download(ctx context.Context, module string) (string, error) {
	// In a directory without go.mod, our requirements do not apply.
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module) //nolint:gosec // G204: a version of a constant path
	cmd.Dir = os.TempDir()
	answer, err := cmd.Output()
	var m struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(answer, &m); jsonErr != nil {
		return "", fmt.Errorf("go mod download %s: %w", module, errors.Join(err, jsonErr))
	}
	if m.Error != "" {
		return "", fmt.Errorf("go mod download %s: %s", module, m.Error)
	}
	return m.Dir, nil
}

// write writes every schema to a file in out, which is created only when complete:
// for make an existing directory is up to date.
func write(out string, schemas map[string]Schema) error {
	if err := os.MkdirAll(filepath.Dir(out), 0o750); err != nil {
		return err
	}
	part, err := os.MkdirTemp(filepath.Dir(out), "part-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(part) }()
	for name, s := range schemas {
		content, err := json.Marshal(s)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(part, name), content, 0o600); err != nil {
			return err
		}
	}
	return os.Rename(part, out)
}
