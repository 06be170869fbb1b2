package storage_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"linevault/storage"
	"linevault/storage/storagetest"
)

// Lines record, the writer commits and rolls, a desk follows and plays, all at once.
func TestTogether(t *testing.T) {
	dir := storagetest.New(t)
	w, err := storage.OpenWriter(dir, storage.WriterOptions{
		MaxSegment: 300 << 10, OnProblem: func(err error) { t.Error(err) },
	})
	must(t, err)
	s := openStore(t, dir, recorder{w})
	ctx, stop := context.WithCancel(t.Context())
	var writer, lines sync.WaitGroup
	writer.Go(func() { w.Run(ctx, 3*time.Millisecond) })
	writer.Go(func() {
		for ctx.Err() == nil {
			if err := s.Refresh(); err != nil {
				t.Error(err)
			}
			page, err := s.Calls(storage.Query{Limit: 3})
			if err != nil {
				t.Error(err)
			}
			for _, row := range page.Rows {
				p, err := s.Play(row.Call.ID)
				if err != nil {
					t.Error(err)
					continue
				}
				at := p.Span().From
				for {
					packet, gap, err := p.Next()
					if err != nil {
						break // the end of what is on disk
					}
					if gap != nil {
						t.Errorf("a gap %+v", gap)
						at = gap.Span.To
					} else if packet.Leg == 1 {
						at = packet.Span.To
					}
				}
				if at != p.Span().To {
					t.Errorf("call %s played to %d of %d", row.Call.ID, at, p.Span().To)
				}
				p.Close()
			}
		}
	})
	writer.Go(func() {
		for ctx.Err() == nil {
			storagetest.Check(t, dir, recorder{w})
		}
	})
	const calls = 6
	ids, keeps := make([][calls]storage.CallID, 4), make([][calls]kept, 4)
	for i := range ids {
		lines.Go(func() {
			for n := range calls {
				talk := storagetest.NewTalk(telephone, 0, uint64(i*calls+n))
				r, err := w.Begin(talk.Call(i*calls + n))
				if err != nil {
					t.Error(err)
					return
				}
				k := &keeps[i][n]
				ids[i][n] = r.ID()
				for range 150 {
					if err := talk.Instant(k.into(r)); err != nil {
						t.Error(err)
					}
				}
				k.end = talk.Pos
				if err := r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	lines.Wait()
	stop()
	writer.Wait()
	must(t, w.Close())
	must(t, s.Refresh())
	for i := range ids {
		for n, id := range ids[i] {
			compare(t, s, id, &keeps[i][n])
		}
	}
	if p := s.Problems(); len(p) > 0 {
		t.Errorf("problems: %v", p)
	}
}
