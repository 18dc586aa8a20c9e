package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/state"
)

// stateFile is the file that the configuration names.
type stateFile struct {
	path   string
	unread bool          // the disk did not answer when the file was loaded, so it is not written
	disk   chan struct{} // holds an element during disk access
	seen   fs.FileInfo   // the file as last read or written; only for the holder of disk
}

// within runs do, which accesses the file, while nothing else does. If that takes
// longer than d, it returns an error and do ends by itself.
func (f *stateFile) within(d time.Duration, do func() error) error {
	slow := time.After(d)
	ended := make(chan error, 1)
	select {
	case f.disk <- struct{}{}:
		go func() {
			defer func() { <-f.disk }()
			ended <- do()
		}()
	case <-slow:
		return fmt.Errorf("the disk does not answer within %v", d)
	}
	select {
	case err := <-ended:
		return err
	case <-slow:
		return fmt.Errorf("the disk does not answer within %v", d)
	}
}

// load reads the file at path, and sets it aside if it cannot be used. The document
// is nil if there is no usable file; with an error it has only refused logins.
func (k *keeper) load(path string) (*stateFile, *state.Document, error) {
	if path == "" {
		return nil, nil, nil
	}
	type answer struct {
		content []byte
		info    fs.FileInfo
		err     error
	}
	f, answered := &stateFile{path: path, disk: make(chan struct{}, 1)}, make(chan answer, 1)
	err := f.within(loadTime, func() error {
		state.Sweep(path)
		content, info, err := state.Read(path)
		answered <- answer{content, info, err}
		return nil
	})
	if err != nil {
		k.log.Error("state file cannot be read; the exporter runs without it and does not write it until the next start", "file", path, "err", err)
		f.unread = true
		return f, nil, err
	}
	a := <-answered
	f.seen = a.info
	var doc *state.Document
	if a.err == nil && a.content != nil {
		doc, a.err = state.Decode(a.content, time.Now())
	}
	if a.err != nil {
		k.setAside(path, a.err)
	}
	return f, doc, a.err
}

// setAside renames a file that cannot be used because of err. A file that could not
// be read, or is not the exporter's, is not renamed.
func (k *keeper) setAside(path string, err error) {
	if failed := state.Writable(path); failed != nil {
		err = fmt.Errorf("%w; %w", err, failed)
	}
	log := k.log.With("file", path, "err", err)
	if _, unreadable := errors.AsType[*fs.PathError](err); unreadable || errors.Is(err, state.ErrForeign) || k.beside {
		log.Error("state file cannot be used; the exporter runs without it, so refused logins are counted from 0: " +
			"give the user that runs this the right to read and write the file, or name another state.file")
		return
	}
	name, failed := state.SetAside(path)
	if failed != nil {
		log.Error("state file is not valid and cannot be renamed; the exporter runs without it", "rename_err", failed)
		return
	}
	log.Warn("state file is not valid; the exporter starts without it", "set_aside_as", name)
}

// replace replaces the file by doc, however long that takes.
func (k *keeper) replace(f *stateFile, doc *state.Document) error {
	content, err := doc.Encode()
	if err != nil {
		return err
	}
	info, err := state.Save(f.path, content)
	if err != nil {
		return err
	}
	f.seen = info
	k.mu.Lock()
	defer k.mu.Unlock()
	if f != k.file { // a reload has named another file meanwhile
		return nil
	}
	k.saved = doc.Fleet
	if doc.Fleet != nil && !k.beside { // or a restart would have no values
		k.metrics.wrote(doc.Written, len(content))
	}
	if k.failing {
		k.log.Info("state file can be written again", "file", f.path)
	}
	k.failing = false
	return nil
}

// amend replaces the refused logins in the file and nothing else.
func (k *keeper) amend(f *stateFile) error {
	doc, err := k.read(f)
	switch {
	case err != nil:
		return err
	case doc == nil:
		doc = &state.Document{Written: time.Now(), Key: k.key}
	case doc.Key != k.key:
		return errors.New("another process has begun a new state file meanwhile")
	}
	doc.Logins = k.refusals.Holds()
	return k.replace(f, doc)
}

// catchUp takes over the refused logins that other commands have counted in the file;
// it is called before each login. If the disk hangs, it waits no longer than
// patience.
func (k *keeper) catchUp() {
	k.mu.Lock()
	f := k.file
	k.mu.Unlock()
	if f == nil || f.unread {
		return
	}
	_ = f.within(patience, func() error { // a slow disk is logged at the next write
		k.look(f)
		return nil
	})
}

// look takes over the refused logins that another command has counted in the file, if
// it can be read.
func (k *keeper) look(f *stateFile) {
	if info, err := os.Lstat(f.path); err == nil && f.changed(info) {
		_, _ = k.read(f)
	}
}

func (f *stateFile) changed(info fs.FileInfo) bool {
	return f.seen == nil || !os.SameFile(info, f.seen) || !info.ModTime().Equal(f.seen.ModTime())
}

// read reads the file again. It takes over the refused logins if the file has changed
// and has our key.
func (k *keeper) read(f *stateFile) (*state.Document, error) {
	content, info, err := state.Read(f.path)
	if err != nil || content == nil {
		return nil, err
	}
	doc, err := state.Decode(content, time.Now())
	if doc != nil && doc.Key == k.key && f.changed(info) {
		k.refusals.Merge(doc.Logins)
	}
	f.seen = info
	return doc, err
}

// identities are the fingerprints of the logins of accounts, by account name. Values
// in a state file belong to the account with the same fingerprint. An account whose
// client id cannot be read has no fingerprint.
func identities(key fabric.FingerprintKey, accounts []config.Account) map[string]fabric.Fingerprint {
	all := map[string]fabric.Fingerprint{}
	for _, a := range accounts {
		if x := a.Credentials.TokenExchange; !x.IsZero() {
			all[a.Name] = key.Of(x.STSURL, x.Scope)
		} else if client, err := a.Credentials.ReadID(); err == nil {
			all[a.Name] = key.Of(a.APIURL, client)
		}
	}
	return all
}
