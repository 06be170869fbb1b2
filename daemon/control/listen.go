package control

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"linevault/storage"
	"linevault/storage/ledger"
	"linevault/storage/sound"
)

// Purpose is why somebody listens.
type Purpose struct{ ID, Text string }

// Purposes lists what calls may be listened to for, until a council's policy says otherwise.
var Purposes = []Purpose{
	{"quality", "Quality and training"},
	{"complaint", "Complaint or dispute"},
	{"legal", "Legal claim"},
	{"safety", "Staff safety"},
	{"customers", "Understanding customers"},
	{"access", "Subject access request"},
	{"crime", "Crime prevention"},
}

// PurposeError says that a purpose or its reference is not right.
type PurposeError struct {
	Field string // "purpose" or "reference"
	Text  string
}

func (e *PurposeError) Error() string { return e.Text }

const maxReference = 100

// Listening is a permission to hear one call for one purpose.
type Listening struct {
	Purpose   string // in words
	Reference string
	Until     time.Time
}

// grants are the permissions in force, in memory: a restart asks for the purpose again.
type grants struct {
	mu   sync.Mutex // guards held
	held map[string]*grant
}

type grant struct {
	actor, call string
	Listening
}

// grantLife is how long one purpose lasts: as long as the longest calls, and a pause for tea.
const grantLife = 4 * time.Hour

// Listen writes down who will hear the call, why and for which case, and permits it. The
// permission holds for that actor and that call only.
func (d *Desk) Listen(a Actor, id, purpose, reference string) (permit string, err error) {
	if err := a.need(Listen); err != nil {
		return "", err
	}
	call, err := d.Call(a, id)
	if err != nil {
		return "", err
	}
	if call.Live {
		return "", ErrLive
	}
	i := slices.IndexFunc(Purposes, func(p Purpose) bool { return p.ID == purpose })
	if i < 0 {
		return "", &PurposeError{Field: "purpose", Text: "Select why you are listening to this call"}
	}
	reference = strings.TrimSpace(reference)
	if utf8.RuneCountInString(reference) > maxReference {
		return "", &PurposeError{Field: "reference", Text: fmt.Sprintf("Reference must be %d characters or fewer", maxReference)}
	}
	err = d.write(ledger.Event{
		Kind: "play", Who: a.Name, Call: id, Purpose: Purposes[i].Text, Reference: reference, Data: from(a.Address),
	})
	if err != nil {
		return "", err
	}
	return d.grants.add(d.Now(), grant{actor: a.Name, call: id, Listening: Listening{
		Purpose: Purposes[i].Text, Reference: reference, Until: d.Now().Add(grantLife),
	}}), nil
}

// Listening is what permit permits the actor, or ErrNoGrant.
func (d *Desk) Listening(a Actor, id, permit string) (Listening, error) {
	if err := a.need(Listen); err != nil {
		return Listening{}, err
	}
	return d.grants.find(d.Now(), a.Name, id, permit)
}

func (g *grants) add(now time.Time, made grant) string {
	permit := rand.Text()
	g.mu.Lock()
	defer g.mu.Unlock()
	for old, held := range g.held {
		if now.After(held.Until) {
			delete(g.held, old)
		}
	}
	g.held[permit] = &made
	return permit
}

func (g *grants) find(now time.Time, actor, call, permit string) (Listening, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	held := g.held[permit]
	if held == nil || held.actor != actor || held.call != call || now.After(held.Until) {
		return Listening{}, ErrNoGrant
	}
	return held.Listening, nil
}

// Format is a kind of sound file.
type Format string

// The formats that calls are played and exported in.
const (
	Ogg Format = "ogg"
	WAV Format = "wav"
)

// Sound is a call as a file that exists only while it is read. The reader closes it.
type Sound struct {
	io.ReadSeeker
	io.Closer
	Size int64
	ETag string // quoted, as HTTP wants it
	Type string // MIME type
	Name string // a file name, which tells nothing of who spoke
}

// Audio is the sound of a call that the actor has a permit for.
func (d *Desk) Audio(a Actor, id, permit string, f Format) (*Sound, error) {
	if _, err := d.Listening(a, id, permit); err != nil {
		return nil, err
	}
	return d.open(id, f)
}

// Export is Audio to be taken out of the box: that is written down apart.
func (d *Desk) Export(a Actor, id, permit string, f Format) (*Sound, error) {
	if err := a.need(Export); err != nil {
		return nil, err
	}
	why, err := d.Listening(a, id, permit)
	if err != nil {
		return nil, err
	}
	s, err := d.open(id, f)
	if err != nil {
		return nil, err
	}
	data := from(a.Address)
	data["format"], data["sound"] = string(f), s.ETag
	err = d.write(ledger.Event{
		Kind: "export", Who: a.Name, Call: id, Purpose: why.Purpose, Reference: why.Reference, Data: data,
	})
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

var errFormat = errors.New("calls come as ogg or wav")

func (d *Desk) open(id string, f Format) (*Sound, error) {
	play, err := d.play(id)
	if err != nil {
		return nil, err
	}
	s, err := soundOf(play, f)
	if err != nil {
		play.Close()
		return nil, err
	}
	p := playing{ReadSeeker: s.ReadSeeker, desk: d, id: storage.CallID(id), play: play}
	s.ReadSeeker, s.Closer, s.Name = p, p, "call-"+id+"."+string(f)
	return s, nil
}

func soundOf(play *storage.Playback, f Format) (*Sound, error) {
	if play.Row().Live {
		return nil, ErrLive
	}
	switch f {
	case Ogg:
		o, err := sound.NewOgg(play)
		if err != nil {
			return nil, fmt.Errorf("lay out the call as Ogg: %w", err)
		}
		return &Sound{ReadSeeker: o, Size: o.Size(), ETag: o.ETag(), Type: "audio/ogg"}, nil
	case WAV:
		w, err := sound.NewWAV(play)
		if err != nil {
			return nil, fmt.Errorf("lay out the call as WAV: %w", err)
		}
		return &Sound{ReadSeeker: w, Size: w.Size(), ETag: w.ETag(), Type: "audio/wav"}, nil
	}
	return nil, errFormat
}

// playing is the sound of a call while it is read.
type playing struct {
	io.ReadSeeker
	desk *Desk
	id   storage.CallID
	play *storage.Playback
}

// Read has the call examined again, the next time, if damage turns up that was not known.
func (p playing) Read(b []byte) (int, error) {
	n, err := p.ReadSeeker.Read(b)
	if _, damaged := errors.AsType[*storage.DamagedError](err); damaged {
		p.desk.findings.forget(p.id)
		p.desk.Log.Error("part of a call was found damaged while it was played; the rest plays", "call", p.id, "err", err)
	}
	return n, err
}

// Close forgets the call's keys.
func (p playing) Close() error {
	p.play.Close()
	return nil
}
