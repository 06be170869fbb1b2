package browser

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"

	"linevault/daemon/web"
)

// TestLocked looks at the page of a desk whose keys are locked.
func TestLocked(t *testing.T) {
	t.Parallel()
	needs(t)
	s := &site{log: new(bytes.Buffer)}
	server := httptest.NewTLSServer(web.Locked(web.Config{
		Version: "test", Log: slog.New(slog.NewTextHandler(s.log, nil)),
		Branding: web.Branding{Council: "Example Borough Council", Service: "Call recordings", Colour: "#00625e"},
	}, func(context.Context) bool { return !s.hush.Load() }))
	t.Cleanup(server.Close)
	s.url = server.URL
	s.run(t, "locked.mjs")
}
