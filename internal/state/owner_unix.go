//go:build unix

package state

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const root = 0

var geteuid = os.Geteuid // tests replace it

func owner(info fs.FileInfo) (uid, gid int) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return root, root
	}
	return int(s.Uid), int(s.Gid)
}

func directory(path string) (uid, gid int, mode fs.FileMode, err error) {
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return 0, 0, 0, err
	}
	uid, gid = owner(info)
	return uid, gid, info.Mode(), nil
}

// checkOwner refuses a file that another user may have written, for example in a
// directory that all users may write to: its content may be forged.
func checkOwner(path string, info fs.FileInfo) error {
	me := geteuid()
	uid, _ := owner(info)
	if uid == me || uid == root {
		return nil
	}
	if dir, _, _, err := directory(path); me == root && err == nil && uid == dir {
		return nil
	}
	return &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf(
		"belongs to user %d, but this process runs as user %d: remove it, and use a directory for the state in which only user %d may write", uid, me, me)}
}

// checkSticky returns why the file cannot be replaced in a directory with the sticky
// bit; nil if it can.
func checkSticky(path string, info fs.FileInfo) error {
	me := geteuid()
	uid, _ := owner(info)
	dir, _, mode, err := directory(path)
	if err != nil {
		return err
	}
	if mode&fs.ModeSticky == 0 || me == root || me == uid || me == dir {
		return nil
	}
	return &fs.PathError{Op: "replace", Path: path, Err: fmt.Errorf(
		"belongs to user %d, and in its directory users may replace only their own files (sticky bit): have it removed, or name another state.file", uid)}
}

// keepOwner changes the owner of a file that root writes to the owner of the
// directory, the exporter's user, who could not read a file of root.
func keepOwner(f *os.File, path string) error {
	if geteuid() != root {
		return nil
	}
	uid, gid, _, err := directory(path)
	if err != nil || uid == root {
		return err
	}
	return f.Chown(uid, gid)
}
