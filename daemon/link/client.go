package link

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/seal"
)

// ErrDown says that no recorder answers on a data folder.
var ErrDown = errors.New("the recorder does not answer")

// Client is the desk's side. It holds no state: every call stands for itself, so a recorder
// may go and come back between two of them. It implements storage.Live and
// storage.Rekeyer.
type Client struct{ http http.Client }

// Dial makes a client of the recorder of a data folder, which need not run yet.
func Dial(dir string) *Client {
	path := Socket(dir)
	return &Client{http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
	}}}
}

// Status is the whole recorder now.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	return s, c.get(ctx, "/status", nil, &s)
}

// Watch yields the recorder's state every Beat until ctx ends or the recorder goes, which it
// yields as an error, last.
func (c *Client) Watch(ctx context.Context) iter.Seq2[Status, error] {
	return func(yield func(Status, error) bool) {
		body, err := c.open(ctx, "/events", nil)
		if err != nil {
			yield(Status{}, err)
			return
		}
		defer body.Close()
		for d := json.NewDecoder(bufio.NewReader(body)); ; {
			var s Status
			if err := d.Decode(&s); err != nil {
				if ctx.Err() == nil {
					yield(Status{}, fmt.Errorf("%w: %w", ErrDown, err))
				}
				return
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

// LiveParts lists the parts in the recorder's active segments. Without a recorder there are
// none.
func (c *Client) LiveParts(ctx context.Context) ([]storage.LivePart, error) {
	var p []storage.LivePart
	err := c.get(ctx, "/parts", nil, &p)
	if errors.Is(err, ErrDown) {
		return nil, nil
	}
	return p, err
}

// LiveBoxes reads committed boxes of a live part, sealed as they are on the disk.
func (c *Client) LiveBoxes(ctx context.Context, part seal.PartID, from uint64, maxBytes int) ([]storage.SealedBox, error) {
	var b []storage.SealedBox
	return b, c.get(ctx, "/boxes", url.Values{
		"part": {part.String()}, "from": {strconv.FormatUint(from, 10)}, "max": {strconv.Itoa(maxBytes)},
	}, &b)
}

// Rekey tells the recorder that a period has a new key; see storage.Rekeyer.
func (c *Client) Rekey(ctx context.Context, class string, day keys.Day, half [32]byte) error {
	body, err := c.ask(ctx, http.MethodPost, "/rekey", url.Values{
		"class": {class}, "day": {string(day)}, "half": {hex.EncodeToString(half[:])},
	})
	if err != nil {
		return err
	}
	return body.Close()
}

func (c *Client) get(ctx context.Context, path string, q url.Values, v any) error {
	body, err := c.open(ctx, path, q)
	if err != nil {
		return err
	}
	defer body.Close()
	return json.NewDecoder(body).Decode(v)
}

func (c *Client) open(ctx context.Context, path string, q url.Values) (io.ReadCloser, error) {
	return c.ask(ctx, http.MethodGet, path, q)
}

func (c *Client) ask(ctx context.Context, method, path string, q url.Values) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://recorder"+path+"?"+q.Encode(), nil)
	if err != nil {
		return nil, err
	}
	a, err := c.http.Do(r)
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, ErrDown
	}
	if err != nil {
		return nil, fmt.Errorf("recorder: %w", err)
	}
	if a.StatusCode != http.StatusOK {
		defer a.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(a.Body, 1000)) // the status says enough without it
		return nil, fmt.Errorf("recorder: %s: %s", a.Status, strings.TrimSpace(string(text)))
	}
	return a.Body, nil
}
