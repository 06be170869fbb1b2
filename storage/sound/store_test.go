package sound

import (
	"bytes"
	"testing"
	"time"

	"linevault/codec/codectest"
	"linevault/codec/dsp"
	"linevault/codec/opus"
	"linevault/codec/pcm"
	"linevault/storage"
	"linevault/storage/storagetest"
)

// stored is a call that went through a real store: speech, a pause, speech with the last
// second of it withheld by a late mark, and in the middle a new part.
func stored(t *testing.T, near, far []int16) (p *storage.Playback, pause, late pcm.Span) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := storagetest.New(t)
	w, err := storage.OpenWriter(dir, storage.WriterOptions{Now: storagetest.Clock(), OnProblem: func(err error) { t.Error(err) }})
	must(err)
	f := pcm.Format{Rate: 8000, Legs: 2}
	const from = 777777
	now := time.Now()
	call := storage.Call{ID: storage.NewCallID(now), Line: "kiosk", Class: storagetest.Class, Format: f, Start: now, From: from}
	r, err := w.Begin(call)
	must(err)
	e, err := opus.NewEncoder(f)
	must(err)
	total := pcm.Pos(len(near))
	pause = pcm.Span{From: from + total/3, To: from + total/3 + 12345}
	late = pcm.Span{From: from + total - 20000, To: from + total - 12000}
	whole := pcm.Frame{Pos: from, Format: f, PCM: interleave(near, far)}
	encode := func(s pcm.Span) {
		for at := s.From; at < s.To; at += 1600 {
			must(e.Encode(whole.Slice(pcm.Span{From: at, To: min(s.To, at+1600)}), r.Packet))
			if at%8000 < 1600 {
				must(r.Flush())
				must(w.Commit())
			}
		}
	}
	encode(pcm.Span{From: from, To: pause.From})
	must(e.Break(r.Packet))
	must(r.Gap(storage.Gap{Span: pause, Cause: storage.Paused, By: "a test"}))
	half := from + total*2/3
	encode(pcm.Span{From: pause.To, To: half})
	must(e.Break(r.Packet))
	r, err = r.Next(half, call)
	must(err)
	encode(pcm.Span{From: half, To: from + total})
	must(e.Break(r.Packet))
	must(r.Late(late, "a test", "too late"))
	must(r.Finish(storage.End{At: from + total, Why: storage.HungUp}))
	must(w.Close())
	s, err := storage.Open(dir, nil)
	must(err)
	t.Cleanup(s.Close)
	p, err = s.Play(call.ID)
	must(err)
	t.Cleanup(p.Close)
	return p, pause, late
}

// TestThroughAStore: what a real store gives is played as the fake's is.
func TestThroughAStore(t *testing.T) {
	speech := codectest.Speech(t, 60*8000)
	near, far := speech[:30*8000], speech[30*8000:60*8000]
	p, pause, late := stored(t, near, far)
	w, err := NewWAV(p)
	if err != nil {
		t.Fatal(err)
	}
	o, err := NewOgg(p)
	if err != nil {
		t.Fatal(err)
	}
	f := p.Row().Format
	fromOgg, seconds := unogg(t, all(t, o), f)
	if seconds < 29.9975 || seconds > 30.0025+0.0165 { // the new part's break has no gap to lie in
		t.Errorf("%.4f s", seconds)
	}
	for name, legs := range map[string][][]int16{"ogg": fromOgg, "wav": unwav(t, w)} {
		if name == "wav" && len(legs[0]) != len(near) {
			t.Errorf("%d samples, not %d", len(legs[0]), len(near))
		}
		for leg, want := range [][]int16{near, far} {
			slack := 10
			for i, r := range p.Runs() {
				switch {
				case r.Gap != nil:
					slack = 10
				case r.Restart && i > 0 && p.Runs()[i-1].Gap == nil && name == "ogg":
					slack = 132 // until the next gap: the break's padding and look-ahead
				}
				from, to := int(r.Span.From-p.Span().From), int(r.Span.To-p.Span().From)
				if r.Gap != nil || to-from < 6000 || dsp.Level(want[from:to]) < -40 {
					continue
				}
				lag, c := bestLag(want[from:to], legs[leg], from)
				if c < 0.88 || max(lag, -lag) > slack || name == "wav" && max(lag, -lag) > 1 {
					t.Errorf("%s: leg %d at %d: correlation %.3f at %d samples", name, leg, from, c, lag)
				}
			}
			for _, s := range []pcm.Span{pause, late} {
				from, to := s.From-p.Span().From, s.To-p.Span().From
				if l := dsp.Level(legs[leg][from+1200 : to-1200]); l > -65 {
					t.Errorf("%s: leg %d: a gap is at %.0f dBFS", name, leg, l)
				}
			}
		}
	}
	again, err := NewOgg(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	if again.ETag() != o.ETag() || !bytes.Equal(all(t, again), all(t, o)) {
		t.Error("the same call is another file")
	}
}
