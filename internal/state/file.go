package state

import (
	"bufio"
	"crypto/sha256"
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
)

// maxSize is more than ten thousand ports and twenty thousand connections take:
// some 90 MiB where all have packet counters, 350 where those are of a week.
var maxSize int64 = 1 << 29 // bytes

// ErrForeign says that something is at the path that no exporter has put there
// and that must not be moved: a directory, a device, a pipe.
var ErrForeign = errors.New("is no regular file")

// Read returns what the file at path holds, for Decode, and which file that was; nil,
// without an error, if there is none. Every error but ErrForeign and those of the disk
// is about what is in the file.
func Read(path string) ([]byte, fs.FileInfo, error) {
	// A pipe would be waited for, and a device has effects of its own.
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil // nothing is known, and nothing is wrong
	case err != nil:
		return nil, nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, nil, errors.New("is a symbolic link")
	case !info.Mode().IsRegular():
		return nil, nil, ErrForeign
	case info.Size() > maxSize:
		return nil, nil, fmt.Errorf("has %d bytes, more than any state", info.Size())
	}
	f, err := os.Open(path) //nolint:gosec // the configuration names it
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }()
	if info, err = f.Stat(); err != nil {
		return nil, nil, err
	}
	if err := checkOwner(path, info); err != nil {
		return nil, nil, err
	}
	// What is no state need not fit into the memory of the machine.
	line, err := bufio.NewReader(io.LimitReader(f, maxHeader)).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	if err := checkHeader(line); err != nil {
		return nil, nil, err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(f, int64(len(line)), maxSize)); err != nil {
		return nil, nil, err
	}
	if string(line) != headerOf(sum.Sum(nil)) {
		return nil, nil, errTorn
	}
	b := make([]byte, info.Size()) // may have changed since: Decode looks again
	_, err = io.ReadFull(io.NewSectionReader(f, 0, maxSize), b)
	return b, info, err
}

// Save replaces the file at path by one with that content, and returns which file
// that is. Whenever the machine stops, the file is the old one or the new one.
func Save(path string, content []byte) (info fs.FileInfo, err error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeSymlink == 0 {
		return nil, &fs.PathError{Op: "replace", Path: path, Err: ErrForeign}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(content); err != nil {
		return nil, err
	}
	if err = keepOwner(f, path); err != nil {
		return nil, err
	}
	if err = f.Sync(); err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	if err = f.Close(); err != nil {
		return nil, err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return nil, err
	}
	return info, syncDirectory(filepath.Dir(path))
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

// Writable returns why a file at path could not be replaced, nil if it could or if
// there is no path. It leaves nothing behind.
func Writable(path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Lstat(path)
	switch {
	case err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeSymlink == 0:
		return &fs.PathError{Op: "replace", Path: path, Err: ErrForeign}
	case err == nil:
		if err := checkSticky(path, info); err != nil {
			return err
		}
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
