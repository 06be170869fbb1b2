package notary

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"linevault/daemon/syslog"
	"linevault/storage/checkpoint"
	"linevault/storage/durable"
	"linevault/storage/evidence"
)

// Sender takes messages off the box; syslog.Server is one.
type Sender interface {
	Send(ctx context.Context, messages []syslog.Message) error
}

// outbox sends each checkpoint at least once, oldest first, however often it takes. How far it
// has come is in DIR/ledger/sent, so that it goes on there after a restart.
type outbox struct {
	dir  string
	list *evidence.Checkpoints
	to   Sender
}

// atOnce is how many checkpoints go in one connection.
const atOnce = 100

func sentFile(dir string) string { return filepath.Join(dir, "ledger", "sent") }

// Sent is how many bytes of the list of checkpoints have left the box of a data folder.
func Sent(dir string) (int64, error) {
	b, err := os.ReadFile(sentFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return 0, nil // damaged: all are sent again
	}
	return n, nil
}

func setSent(dir string, n int64) error {
	return durable.Write(sentFile(dir), fmt.Appendln(nil, n))
}

// send sends what has not left yet.
func (o *outbox) send(ctx context.Context) error {
	for {
		at, err := Sent(o.dir)
		if err != nil {
			return err
		}
		signed, next, err := o.list.After(at, atOnce)
		if err != nil || len(signed) == 0 {
			return err
		}
		var messages []syslog.Message
		for _, s := range signed {
			c, err := checkpoint.Open(s, o.list.PublicKey())
			if err != nil {
				continue // a damaged one is no news
			}
			messages = append(messages, message(c, s))
		}
		if err := o.to.Send(ctx, messages); err != nil {
			return err
		}
		if err := setSent(o.dir, next); err != nil {
			return err
		}
	}
}

// message carries a checkpoint so that people can read it, and the signed note itself.
func message(c checkpoint.Checkpoint, signed []byte) syslog.Message {
	host, _ := os.Hostname() // a name is welcome and no more
	return syslog.Message{
		At: c.At, Host: host, App: "linevault", PID: os.Getpid(), ID: "checkpoint",
		Text: fmt.Sprintf("ledger checkpoint origin=%s size=%d root=%x at=%s note=%s", c.Origin, c.Tree.N, c.Tree.Hash[:],
			c.At.UTC().Format(time.RFC3339), base64.StdEncoding.EncodeToString(signed)),
	}
}
