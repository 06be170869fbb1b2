package link

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/seal"
)

// Beat is how often the recorder tells what its lines do.
const Beat = 100 * time.Millisecond

// Socket is where the recorder of a data folder listens.
func Socket(dir string) string { return filepath.Join(dir, "run", "recorder.sock") }

// Recorder is what the recorder's side answers from.
type Recorder interface {
	Status() Status
	Hand(ctx context.Context, h Hand) Switched
}

// Listen opens the socket of a data folder, readable to its owner only. The caller holds the
// folder's recorder lock, so a socket that is there is a leftover.
func Listen(dir string) (net.Listener, error) {
	path := Socket(dir)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(path, 0o600)
}

// Server answers the desk, from the recorder and its writer.
func Server(r Recorder, w *storage.Writer) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(rw http.ResponseWriter, _ *http.Request) { reply(rw, r.Status()) })
	mux.HandleFunc("GET /events", func(rw http.ResponseWriter, q *http.Request) { stream(rw, q, r) })
	mux.HandleFunc("GET /parts", func(rw http.ResponseWriter, _ *http.Request) { reply(rw, w.LiveParts()) })
	mux.HandleFunc("GET /boxes", func(rw http.ResponseWriter, q *http.Request) { boxes(rw, q, w) })
	mux.HandleFunc("POST /rekey", func(rw http.ResponseWriter, q *http.Request) { rekey(rw, q, w) })
	mux.HandleFunc("POST /hand", func(rw http.ResponseWriter, q *http.Request) { hand(rw, q, r) })
	mux.HandleFunc("POST /notice", func(rw http.ResponseWriter, q *http.Request) { notice(rw, q, r) })
	return &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the desk has gone; it will ask again
}

func stream(w http.ResponseWriter, q *http.Request, r Recorder) {
	t := time.NewTicker(Beat)
	defer t.Stop()
	flush := http.NewResponseController(w)
	enc := json.NewEncoder(w)
	for {
		if enc.Encode(r.Status()) != nil || flush.Flush() != nil {
			return
		}
		select {
		case <-t.C:
		case <-q.Context().Done():
			return
		}
	}
}

func boxes(w http.ResponseWriter, q *http.Request, s *storage.Writer) {
	var part seal.PartID
	n, err := hex.Decode(part[:], []byte(q.FormValue("part")[:min(len(q.FormValue("part")), 2*len(part))]))
	if err != nil || n != len(part) {
		http.Error(w, "part: 32 hexadecimal digits are wanted", http.StatusBadRequest)
		return
	}
	from, err1 := strconv.ParseUint(q.FormValue("from"), 10, 64)
	most, err2 := strconv.Atoi(q.FormValue("max"))
	if err := errors.Join(err1, err2); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b, err := s.LiveBoxes(part, from, most)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	reply(w, b)
}

// rekey puts a period's part keys under its new key from now on.
func rekey(w http.ResponseWriter, q *http.Request, s *storage.Writer) {
	var half [32]byte
	if b, err := hex.DecodeString(q.FormValue("half")); err != nil || copy(half[:], b) != len(half) || len(b) != len(half) {
		http.Error(w, "half: 64 hexadecimal digits are wanted", http.StatusBadRequest)
		return
	}
	if err := s.Rekey(q.FormValue("class"), keys.Day(q.FormValue("day")), half); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
	}
}
