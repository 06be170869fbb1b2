package q931

// CallState is a call's state as STATUS reports it (Q.931 4.5.7).
type CallState uint8

// The states that matter to a tap.
const (
	StateNull   CallState = 0
	StateActive CallState = 10
)

// CallState is the message's call state element.
func (m *Message) CallState() (CallState, bool) {
	b, ok := m.Find(CallStateElement)
	if !ok || len(b) == 0 {
		return 0, false
	}
	return CallState(b[0] & 0x3F), true
}

// RestartClass is what a RESTART restarts (Q.931 4.5.25).
type RestartClass uint8

// The classes of restart.
const (
	RestartChannels   RestartClass = 0 // those of the channel identification
	RestartInterface  RestartClass = 6
	RestartInterfaces RestartClass = 7
)

// RestartClass is the message's restart indicator; without one it is RestartChannels.
func (m *Message) RestartClass() RestartClass {
	b, ok := m.Find(RestartIndicator)
	if !ok || len(b) == 0 {
		return RestartChannels
	}
	return RestartClass(b[0] & 0x07)
}

// Notification is a notification description (Q.931 4.5.22, Q.932 9.3).
type Notification uint8

// The notifications that are told on.
const (
	UserSuspended  Notification = 0
	UserResumed    Notification = 1
	RemoteHold     Notification = 0x79
	RemoteRetrieve Notification = 0x7A
)

// Notification is the message's notification indicator.
func (m *Message) Notification() (Notification, bool) {
	b, ok := m.Find(NotificationIndic)
	if !ok || len(b) == 0 {
		return 0, false
	}
	return Notification(b[0] & 0x7F), true
}

// Inband reports whether the message says that tones or announcements can be heard (Q.931 4.5.23,
// progress 1 and 8).
func (m *Message) Inband() bool {
	for i := range m.Body {
		e := &m.Body[i]
		if e.Codeset == 0 && e.ID == ProgressIndicator && len(e.Value) > 1 {
			if p := e.Value[1] & 0x7F; p == 1 || p == 8 {
				return true
			}
		}
	}
	return false
}
