package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// maxSize is the maximum size of a state file. Ten thousand ports and twenty thousand
// connections take some 90 MiB if all have packet counters, 350 MiB if the window is
// a week.
var maxSize int64 = 1 << 29

// ErrForeign means that there is no regular file at the path but a directory, a
// device or a pipe, which must not be moved.
var ErrForeign = errors.New("is not a regular file")

// Read returns the content of the file at path, for Decode, and the identity of the
// file. If there is no file the content is nil, without an error. An error that is
// neither ErrForeign nor of the disk is about the content.
func Read(path string) ([]byte, fs.FileInfo, error) {
	// Reading a pipe would block, and reading a device may have side effects.
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil
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
	// A large file of something else must not use up the memory of a small container.
	head := make([]byte, min(info.Size(), maxHeader))
	if _, err := f.ReadAt(head, 0); err != nil {
		return nil, nil, err
	}
	if err := checkHeader(head); err != nil {
		return nil, nil, err
	}
	b := make([]byte, info.Size())
	_, err = f.ReadAt(b, 0)
	return b, info, err
}

// replaceable returns why the file at path must not or cannot be replaced; nil if it
// may be, or if there is no file.
func replaceable(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil: // the write will return the error
		return nil
	case !info.Mode().IsRegular() && info.Mode()&fs.ModeSymlink == 0:
		return &fs.PathError{Op: "replace", Path: path, Err: ErrForeign}
	}
	return checkSticky(path, info)
}

// Save replaces the file at path by a file with that content, and returns its
// identity. If the machine stops meanwhile, the file is the old or the new one.
func Save(path string, content []byte) (info fs.FileInfo, err error) {
	if err := replaceable(path); err != nil {
		return nil, err
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

// syncDirectory makes a rename survive a crash of the machine.
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

// SetAside renames the file at path and returns its new name. It replaces a file that
// was set aside before.
func SetAside(path string) (name string, err error) {
	name = path + ".bad"
	return name, os.Rename(path, name)
}

// Writable returns why a file at path could not be replaced; nil if it could, or if
// path is "". It leaves no file behind.
func Writable(path string) error {
	if path == "" {
		return nil
	}
	if err := replaceable(path); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// Sweep removes unfinished files of path that a process left when it was killed
// during a write.
func Sweep(path string) {
	entries, _ := os.ReadDir(filepath.Dir(path))
	for _, e := range entries {
		number, ours := strings.CutPrefix(e.Name(), "."+filepath.Base(path)+".")
		if _, err := strconv.ParseUint(number, 10, 64); !ours || err != nil || !e.Type().IsRegular() {
			continue // such a file belongs to an editor, or to an exporter whose state file has a longer name
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > time.Minute {
			_ = os.Remove(filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
}
