package capture

import "linevault/daemon/link"

// Notice turns an alarm of the desk's on or off.
func (r *Recorder) Notice(n link.Notice) {
	if n.Text == "" {
		r.Health.Clear(n.Key)
		return
	}
	r.Health.Raise(n.Key, n.Line, n.Text)
}
