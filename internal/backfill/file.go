package backfill

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/tsdb/fileutil"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/history"
)

// file makes one OpenMetrics text of all points. OpenMetrics wants all series of a family
// together, and points come port by port: they wait on the disk, 16 bytes each.
type file struct {
	mu     sync.Mutex
	points *os.File
	size   int64
}

// stretch is where consecutive points of one series are in the file points.
type stretch struct {
	fleet.Track // without its points

	Resolution time.Duration
	At         int64
	Count      int
}

// pointSize is the size of a point: Unix milliseconds and the bits of the value in the unit
// of its family.
const pointSize = 16

// newFile goes on behind the points of the subjects that are done.
func newFile(dir string, done []*subject) (*file, error) {
	f := &file{}
	for _, s := range done {
		for _, t := range s.Stretches {
			f.size = max(f.size, t.At+int64(t.Count)*pointSize)
		}
	}
	var err error
	f.points, err = os.OpenFile(filepath.Join(dir, "points"), os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // G304: the command line names it
	if err != nil {
		return nil, err
	}
	if info, err := f.points.Stat(); err != nil || info.Size() < f.size {
		return nil, fmt.Errorf("%s lacks points; delete %s to begin anew", f.points.Name(), dir)
	}
	return f, nil
}

// Take keeps the points of h.
func (f *file) Take(h *fleet.History) ([]stretch, error) {
	var all []stretch
	var b []byte
	for _, t := range h.Tracks {
		family := history.FamilyOf(t.Quantity, h.Connection)
		at := int64(len(b))
		for _, p := range t.Points {
			b = binary.LittleEndian.AppendUint64(b, uint64(p.End.UnixMilli()))
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(family.Value(p)))
		}
		n := len(t.Points)
		t.Points = nil
		all = append(all, stretch{t, h.Resolution, at, n})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range all {
		all[i].At += f.size
	}
	if _, err := f.points.WriteAt(b, f.size); err != nil {
		return nil, err
	}
	f.size += int64(len(b))
	return all, nil
}

// write writes the text: family by family, the series of each sorted.
func (f *file) write(w io.Writer, subjects []*subject) error {
	families := map[string]map[string][]stretch{} // by name and labels, ascending by time
	for _, s := range subjects {
		for _, t := range s.Stretches {
			name := history.FamilyOf(t.Quantity, s.Connection).Name
			if families[name] == nil {
				families[name] = map[string][]stretch{}
			}
			labels := labelText(history.Labels(s.Subject, t.Resolution, &t.Track))
			families[name][labels] = append(families[name][labels], t)
		}
	}
	out := bufio.NewWriterSize(w, 1<<20)
	for _, family := range history.Families() {
		all := families[family.Name]
		if len(all) == 0 {
			continue
		}
		fmt.Fprintf(out, "# HELP %s %s\n# TYPE %[1]s gauge\n", family.Name, family.Help)
		if family.Unit != "" {
			fmt.Fprintf(out, "# UNIT %s %s\n", family.Name, family.Unit)
		}
		for _, labels := range slices.Sorted(maps.Keys(all)) {
			for _, t := range all[labels] {
				if err := f.writeSamples(out, family.Name+labels+" ", t); err != nil {
					return err
				}
			}
		}
	}
	fmt.Fprintln(out, "# EOF")
	return out.Flush()
}

func (f *file) writeSamples(out *bufio.Writer, name string, t stretch) error {
	in := bufio.NewReaderSize(io.NewSectionReader(f.points, t.At, int64(t.Count)*pointSize), 1<<16)
	var p [pointSize]byte
	for range t.Count {
		if _, err := io.ReadFull(in, p[:]); err != nil {
			return err
		}
		ms := int64(binary.LittleEndian.Uint64(p[:8])) //nolint:gosec // G115: as Take wrote it
		line := append(out.AvailableBuffer(), name...)
		line = strconv.AppendFloat(line, math.Float64frombits(binary.LittleEndian.Uint64(p[8:])), 'g', -1, 64)
		line = strconv.AppendInt(append(line, ' '), ms/1000, 10)
		if ms %= 1000; ms != 0 {
			line = strconv.AppendInt(append(line, '.'), 1000+ms, 10)
			line = slices.Delete(line, len(line)-4, len(line)-3) // the 1 before the three digits
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// labelText is {a="b",c="d"}.
func labelText(labels []string) string {
	var b strings.Builder
	for i := 0; i < len(labels); i += 2 {
		fmt.Fprintf(&b, `,%s="%s"`, labels[i], escape.Replace(labels[i+1]))
	}
	return "{" + b.String()[1:] + "}"
}

// replace makes the text the content of the file at path, whole or not at all.
func (f *file) replace(path, dir string, subjects []*subject) error {
	next, err := os.Create(filepath.Join(dir, "text")) //nolint:gosec // G304: the command line names it
	if err != nil {
		return err
	}
	if err = f.write(next, subjects); err == nil {
		err = next.Sync()
	}
	if err = errors.Join(err, next.Close()); err != nil {
		return err
	}
	return fileutil.Rename(next.Name(), path)
}
