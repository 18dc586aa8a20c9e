package backfill

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/prometheus/tsdb/fileutil"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// progress is the directory that remembers which ports and connections are complete, so that
// the same command goes on after it was stopped or killed:
//
//	progress  a line of JSON with what was asked for, then one for each complete subject
//	points    of a backfill to a file: the points of the subjects
//	lock      held while a backfill runs
type progress struct {
	dir    string
	Task   task
	Done   []*subject
	lock   fileutil.Releaser
	mu     sync.Mutex
	record *os.File
}

// task is what a backfill asks for. The times stay the same when it goes on later.
type task struct {
	Command    string // the flags that matter, as they were given
	From, To   time.Time
	Resolution time.Duration
}

// subject is a port or connection, and what came of it.
type subject struct {
	fleet.Subject
	tally

	Stretches []stretch `json:",omitempty"` // its points in the file points
}

// open makes the directory, or goes on with what is there if that is of the same command.
func open(dir string, t task) (_ *progress, err error) {
	if err := os.Mkdir(dir, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("directory for the progress: %w", err)
	}
	p := &progress{dir: dir, Task: t}
	if p.lock, _, err = fileutil.Flock(filepath.Join(dir, "lock")); err != nil {
		return nil, fmt.Errorf("%s: another backfill runs here: %w", dir, err)
	}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	path := filepath.Join(dir, "progress")
	if p.record, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err != nil { //nolint:gosec // G304: the command line names it
		return nil, err
	}
	text, err := os.ReadFile(path) //nolint:gosec // G304: the command line names it
	if err != nil {
		return nil, err
	}
	whole := bytes.LastIndexByte(text, '\n') + 1 // the line after it was being written during a kill
	for i, line := range bytes.SplitAfter(text[:whole], []byte("\n")) {
		switch {
		case len(line) == 0:
			continue
		case i == 0:
			err = json.Unmarshal(line, &p.Task)
		default:
			p.Done = append(p.Done, &subject{})
			err = json.Unmarshal(line, p.Done[len(p.Done)-1])
		}
		if err != nil {
			return nil, fmt.Errorf("%s cannot be read: %w; delete %s to begin anew", path, err, dir)
		}
	}
	if p.Task.Command != t.Command {
		return nil, fmt.Errorf("%s is of another backfill: %s; finish that one, or delete %s", dir, p.Task.Command, dir)
	}
	if err := p.record.Truncate(int64(whole)); err != nil {
		return nil, err
	}
	if _, err := p.record.Seek(int64(whole), 0); err != nil {
		return nil, err
	}
	if whole == 0 {
		return p, p.write(t)
	}
	return p, nil
}

// add records that a subject is complete.
func (p *progress) add(s *subject) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Done = append(p.Done, s)
	return p.write(s)
}

// write adds a line, and returns when it is on the disk.
func (p *progress) write(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := p.record.Write(append(line, '\n')); err != nil {
		return err
	}
	return p.record.Sync()
}

// complete reports whether a port or connection is complete.
func (p *progress) complete(of fleet.Subject) bool {
	for _, s := range p.Done {
		if s.UUID == of.UUID {
			return true
		}
	}
	return false
}

func (p *progress) close() {
	if p.record != nil {
		_ = p.record.Close()
	}
	_ = p.lock.Release()
}

// remove forgets the progress.
func (p *progress) remove() error {
	p.close()
	return os.RemoveAll(p.dir)
}
