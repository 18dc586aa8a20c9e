package state

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// version is that of the format. A change of what fleet keeps is one of it.
const version = 1

// maxSize is more than ten thousand ports and twenty thousand connections take,
// some 50 MiB where all have packet counters.
const maxSize = 1 << 27

// ErrForeign says that something is at the path that no exporter has put there
// and that must not be moved: a directory, a device, a pipe.
var ErrForeign = errors.New("is no regular file")

// maxHeader is more than a header has bytes.
const maxHeader = 200

var errTorn = errors.New("is torn or altered: the checksum does not fit")

// header is the first line of a file.
func header(body []byte) string {
	sum := sha256.Sum256(body)
	return headerOf(sum[:])
}

func headerOf(sum []byte) string {
	return fmt.Sprintf("equinix_fabric_exporter state %d sha256 %x\n", version, sum)
}

// Load reads the file at path. It is nil, without an error, where there is none.
// Every error but ErrForeign and those of reading is about what is in the file; the
// document beside it is that of Decode.
func Load(path string, now time.Time) (*Document, error) {
	// A pipe would be waited for, and a device has effects of its own.
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil //nolint:nilnil // nothing is known, and nothing is wrong
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, errors.New("is a symbolic link")
	case !info.Mode().IsRegular():
		return nil, ErrForeign
	case info.Size() > maxSize:
		return nil, fmt.Errorf("has %d bytes, more than any state", info.Size())
	}
	f, err := os.Open(path) //nolint:gosec // the configuration names it
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	// What is no state need not fit into the memory of the machine.
	line, err := bufio.NewReader(io.LimitReader(f, maxHeader)).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := checkHeader(line); err != nil {
		return nil, err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(f, int64(len(line)), maxSize)); err != nil {
		return nil, err
	}
	if string(line) != headerOf(sum.Sum(nil)) {
		return nil, errTorn
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, maxSize))
	if err != nil {
		return nil, err
	}
	return Decode(b, now)
}

// checkHeader reports whether the first line of a file can be that of a state of
// this version.
func checkHeader(line []byte) error {
	if !bytes.HasSuffix(line, []byte("\n")) {
		return errors.New("has no header")
	}
	var v int
	if _, err := fmt.Sscanf(string(line[:min(len(line), maxHeader)]), "equinix_fabric_exporter state %d", &v); err != nil {
		return errors.New("is not the state of an exporter")
	}
	if v != version {
		return fmt.Errorf("is of version %d of the format, not %d", v, version)
	}
	return nil
}

// Decode reads what a file holds. The document is fit to be shown. Where what is
// known of ports cannot be, the document beside the error has the refused logins
// alone: a clock that was set back must not cost the count of them.
func Decode(b []byte, now time.Time) (*Document, error) {
	i := bytes.IndexByte(b, '\n') + 1
	line, body := b[:i], b[i:]
	if err := checkHeader(line); err != nil {
		return nil, err
	}
	if string(line) != header(body) {
		return nil, errTorn
	}
	var d Document
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("goes on after its end")
	}
	if err := d.checkLogins(); err != nil {
		return nil, err
	}
	for who, h := range d.Logins { // a text must not cost the count
		h.Reason = human.Printable(h.Reason)
		d.Logins[who] = h
	}
	if err := d.check(now); err != nil {
		return &Document{Key: d.Key, Logins: d.Logins}, err
	}
	return &d, nil
}

// Encode is what a file is to hold.
func (d *Document) Encode() ([]byte, error) {
	body, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	return append([]byte(header(body)), body...), nil
}

// Save replaces the file at path. Whenever the machine stops, the file is the old
// one or the new one. It returns the size.
func (d *Document) Save(path string) (size int, err error) {
	b, err := d.Encode()
	if err != nil {
		return 0, err
	}
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeSymlink == 0 {
		return 0, &fs.PathError{Op: "replace", Path: path, Err: ErrForeign}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(b); err != nil {
		return 0, err
	}
	if err = f.Sync(); err != nil {
		return 0, err
	}
	if err = f.Close(); err != nil {
		return 0, err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return 0, err
	}
	return len(b), syncDirectory(filepath.Dir(path))
}

// syncDirectory makes a rename last.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil // directories cannot be opened
	}
	d, err := os.Open(path) //nolint:gosec // the configuration names it
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// SetAside renames the file at path out of the way, and returns its new name. One
// that was set aside before is replaced.
func SetAside(path string) (name string, err error) {
	name = path + ".bad"
	return name, os.Rename(path, name)
}

// Writable returns why a file at path could not be replaced, nil where it could or
// where there is no path. It leaves nothing behind.
func Writable(path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeSymlink == 0 {
		return &fs.PathError{Op: "replace", Path: path, Err: ErrForeign}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// Sweep removes what a process that was killed while it wrote has left beside the
// file at path.
func Sweep(path string) {
	entries, _ := os.ReadDir(filepath.Dir(path))
	for _, e := range entries {
		number, ours := strings.CutPrefix(e.Name(), "."+filepath.Base(path)+".")
		if _, err := strconv.ParseUint(number, 10, 64); !ours || err != nil || !e.Type().IsRegular() {
			continue // of an editor, or of an exporter whose file has a longer name
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > time.Minute {
			_ = os.Remove(filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
}
