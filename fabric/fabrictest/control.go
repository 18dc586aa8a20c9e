package fabrictest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// controls answers below /control/:
//
//	GET    /control/faults       the catalogue, and what is on
//	POST   /control/faults       switches one on: a switchDoc
//	DELETE /control/faults       switches all off
//	DELETE /control/faults/{id}  switches one off
func (a *API) controls() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /control/faults", a.showFaults)
	mux.HandleFunc("POST /control/faults", a.switchFault)
	mux.HandleFunc("DELETE /control/faults", func(w http.ResponseWriter, _ *http.Request) {
		a.SwitchOff(0)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /control/faults/{id}", func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.Atoi(r.PathValue("id"))
		if err != nil || id == 0 || !a.SwitchOff(id) {
			http.Error(w, "no such fault is on", http.StatusNotFound)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// switchDoc is a [Switch] as it is posted, with durations such as 2m.
type switchDoc struct {
	ID    int    `json:"id,omitempty"`
	Fault string `json:"fault"`
	Path  string `json:"path,omitempty"`
	Port  string `json:"port,omitempty"`
	For   string `json:"for,omitempty"`
	Count int    `json:"count,omitempty"`
	After int    `json:"after,omitempty"`
	By    string `json:"by,omitempty"`

	Until *time.Time `json:"until,omitempty"`
	Hits  *int       `json:"hits,omitempty"`
}

type kindDoc struct {
	Fault string `json:"fault"`
	Does  string `json:"does"`
	By    string `json:"by,omitempty"`
}

func (a *API) showFaults(w http.ResponseWriter, _ *http.Request) {
	doc := struct {
		On        []switchDoc `json:"on"`
		Catalogue []kindDoc   `json:"catalogue"`
	}{On: []switchDoc{}}
	for _, s := range a.SwitchedOn() {
		doc.On = append(doc.On, newSwitchDoc(s))
	}
	for _, k := range Catalogue() {
		doc.Catalogue = append(doc.Catalogue, kindDoc{k.Name, k.Does, text(k.By)})
	}
	jsonReply(doc).send(w, false)
}

func newSwitchDoc(on Switched) switchDoc {
	s := on.Switch
	doc := switchDoc{
		ID: on.ID, Fault: s.Fault, Path: s.Path, Port: s.Port, For: text(s.For), Count: s.Count, After: s.After,
		By: text(s.By), Hits: &on.Hits,
	}
	if !on.Until.IsZero() {
		doc.Until = &on.Until
	}
	return doc
}

func (a *API) switchFault(w http.ResponseWriter, r *http.Request) {
	var doc switchDoc
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		http.Error(w, "something follows the object: post one fault at a time", http.StatusBadRequest)
		return
	}
	s := Switch{Fault: doc.Fault, Path: doc.Path, Port: doc.Port, Count: doc.Count, After: doc.After}
	var forErr, byErr error
	s.For, forErr = duration(doc.For)
	s.By, byErr = duration(doc.By)
	err := errors.Join(forErr, byErr)
	var id int
	if err == nil {
		id, err = a.SwitchOn(s)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	doc.ID = id
	reply := jsonReply(doc)
	reply.status = http.StatusCreated
	reply.send(w, false)
}

// duration reads what text writes.
func duration(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	return time.ParseDuration(text)
}

// text is a duration as it is posted, "" for none.
func text(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
