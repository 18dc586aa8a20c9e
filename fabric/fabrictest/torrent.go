package fabrictest

import (
	"bytes"
	"compress/gzip"
	"net/http"
)

const (
	chunk     = 1 << 20
	hugeBody  = 200 * chunk
	gzipBombs = 10 << 10 // chunks
)

// huge answers with 200 MB of JSON that never comes to an end, in pieces, so that
// its length is not known beforehand.
func huge(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	pour(w, blank(), hugeBody/chunk)
}

// bomb answers with 10 GiB in 10 MiB, as if it were JSON that gzip makes small.
func bomb(w http.ResponseWriter, _ *http.Request) {
	var small bytes.Buffer
	z := gzip.NewWriter(&small)
	_, _ = z.Write(blank()) // a buffer takes all
	_ = z.Close()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Encoding", "gzip")
	pour(w, small.Bytes(), gzipBombs)
}

// dense answers with 3 MB in which a million objects without a member stand where
// intervals, ports and connections do.
func dense(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	objects := bytes.Repeat([]byte("{},"), 500_000)
	for _, part := range [][]byte{
		[]byte(`{"capacity":1,"inboundStats":[`), objects, []byte(`{}],"outboundStats":[],"data":[`), objects, []byte(`{}]}`),
	} {
		pour(w, part, 1)
	}
}

// blank is what JSON may begin with without end.
func blank() []byte { return bytes.Repeat([]byte(" "), chunk) }

// pour writes b so many times, or until the caller has had enough.
func pour(w http.ResponseWriter, b []byte, n int) {
	for range n {
		if _, err := w.Write(b); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}
