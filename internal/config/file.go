package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// Stdin is the only File.Path that may be something else than a regular file.
const Stdin = "/dev/stdin"

// File is the configuration file of the exporter. Its fields must not change after
// the first Load. It is safe for concurrent use.
type File struct {
	// Path names a regular file or a link to one, or is Stdin, which is read once.
	Path string
	// Optional allows a missing file: if it never existed, one account with the
	// credentials of the environment discovers all its ports.
	Optional bool
	// Alone is set for a file of another machine: its mode and the files that it
	// names are not checked, and credentials that it lacks are expected in the
	// environment there.
	Alone bool
	// Env looks up environment variables, like os.LookupEnv; nil is an empty
	// environment.
	Env func(string) (string, bool)

	mu    sync.Mutex
	stdin *content // once it has been read
	tried [sha256.Size]byte
	there bool   // the file has been read once
	fault string // of the latest Load, "" if it was accepted
}

// content is what a file held at one moment.
type content struct {
	data     []byte
	mode     fs.FileMode
	writable bool // by other users than the owner
	exposed  bool // other users than the owner may read it
}

// Load reads and checks the configuration. If the file can be read but has faults,
// the error is Faults. Load blocks while a read of the file hangs.
func (f *File) Load() (*Config, error) {
	c, missing := f.read()
	f.mu.Lock()
	f.there = f.there || missing == nil
	there := f.there
	f.mu.Unlock()
	cfg, err := f.check(c, missing, there)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tried, f.fault = fingerprint(c, missing), ""
	if err != nil {
		f.fault = err.Error()
	}
	return cfg, err
}

// check returns the configuration in c, or its faults. A file that existed once is no
// longer optional: an editor may be replacing it.
func (f *File) check(c *content, missing error, there bool) (*Config, error) {
	switch {
	case f.Optional && !there && errors.Is(missing, fs.ErrNotExist):
		return f.environmentOnly(missing)
	case missing != nil:
		return nil, fmt.Errorf("configuration: %w", missing)
	}
	dir := "." // of standard input
	if f.Path != Stdin {
		dir = filepath.Dir(f.Path)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	env := f.Env
	if f.Alone {
		env = func(string) (string, bool) { return "elsewhere", true }
	}
	return parse(f.Path, dir, c, f.Alone, env)
}

// Changed reports whether Load would read another content than the last time. A file
// that has disappeared or become unreadable has changed too.
func (f *File) Changed() bool {
	c, missing := f.read()
	f.mu.Lock()
	changed, fault, there := fingerprint(c, missing) != f.tried, f.fault, f.there
	f.mu.Unlock()
	if changed || fault == "" {
		return changed
	}
	// The fault may have been in a file that it names: Kubernetes may write the
	// Secret after the ConfigMap.
	_, err := f.check(c, missing, there)
	return err == nil || err.Error() != fault
}

func fingerprint(c *content, err error) [sha256.Size]byte {
	if err != nil {
		return sha256.Sum256([]byte("error: " + err.Error()))
	}
	return sha256.Sum256(fmt.Appendf(nil, "writable: %t, %s", c.writable, c.data))
}

func (f *File) read() (*content, error) {
	if f.Path != Stdin {
		return readRegular(f.Path, maxFile)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stdin != nil {
		return f.stdin, nil
	}
	c, err := readOpen(os.Stdin, maxFile)
	if err != nil {
		return nil, err
	}
	f.stdin = c
	return c, nil
}

// environmentOnly is the configuration without a file.
func (f *File) environmentOnly(missing error) (*Config, error) {
	given := func(name string) bool {
		if f.Env == nil {
			return false
		}
		text, _ := f.Env(name)
		return text != ""
	}
	if !given(EnvClientID) && !given(EnvClientSecret) {
		return nil, fmt.Errorf("configuration: %w: name the file with --config.file; or, to poll all ports that the credentials of an app see, set %s and %s in the environment",
			missing, EnvClientID, EnvClientSecret)
	}
	cfg, err := Parse(f.Path, []byte("accounts: [{discover: {enabled: true}}]"), ".", f.Env)
	if faults, ok := errors.AsType[Faults](err); ok {
		for i, fault := range faults { // without line and key, since there is no file
			faults[i] = Fault{File: "without " + f.Path, Problem: fault.Problem}
		}
		return nil, faults
	}
	cfg.FromEnvironment = true
	return cfg, nil
}

// readRegular reads a regular file, at most one byte more than limit. It opens
// nothing else: a pipe could block for ever.
func readRegular(path string, limit int64) (*content, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path) //nolint:gosec // G304: the user names the file to read
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readOpen(f, limit)
}

func readOpen(f *os.File, limit int64) (*content, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	c := &content{data: data, mode: info.Mode().Perm()}
	// Windows has no such bits; those that Go shows there mean nothing.
	if info.Mode().IsRegular() && runtime.GOOS != "windows" {
		c.writable, c.exposed = c.mode&0o022 != 0, c.mode&0o044 != 0
	}
	return c, nil
}

// readPrivate is readRegular for a file that logins depend on: it must be writable
// only by its owner.
func readPrivate(path string, limit int64) ([]byte, error) {
	c, err := readRegular(path, limit)
	if err != nil {
		return nil, err
	}
	if c.writable {
		return nil, fmt.Errorf("%s %s", path, c.tooOpen(path))
	}
	return c.data, nil
}

// tooOpen is the error for a file that other users may write.
func (c *content) tooOpen(path string) string {
	return fmt.Sprintf("may be written by other users than its owner (mode %04o): chmod go-w %s", c.mode, path)
}
