package link

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"linevault/codec/pcm"
)

// Notice is an alarm that the desk turns on or off: of what only the desk can see and mend.
type Notice struct {
	Key  string
	Line pcm.LineID
	Text string // empty: it is over
}

// Noticed is a recorder that takes notices.
type Noticed interface{ Notice(Notice) }

// Notice turns an alarm on or off, so that everybody who asks the recorder for alarms sees it.
func (c *Client) Notice(ctx context.Context, n Notice) error {
	body, err := c.ask(ctx, http.MethodPost, "/notice", url.Values{"key": {n.Key}, "line": {string(n.Line)}, "text": {n.Text}})
	if err != nil {
		return err
	}
	return body.Close()
}

func notice(w http.ResponseWriter, q *http.Request, r Recorder) {
	b, takes := r.(Noticed)
	if !takes || q.FormValue("key") == "" {
		http.Error(w, "no notice is taken of this", http.StatusBadRequest)
		return
	}
	b.Notice(Notice{Key: q.FormValue("key"), Line: pcm.LineID(q.FormValue("line")), Text: q.FormValue("text")})
	_ = json.NewEncoder(w).Encode(struct{}{}) // the desk has gone; it will ask again
}
