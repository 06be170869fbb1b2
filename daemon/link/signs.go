package link

// Signs counts what a line has signalled since the recorder started, for whoever tests it. It
// holds no digit and no number.
type Signs struct {
	Seized  uint64   `json:"seized"`  // how often loop current, a contact or the D-channel told of a call
	Rung    uint64   `json:"rung"`    // how many bursts of ringing were signalled or heard
	Keyed   []uint64 `json:"keyed"`   // push-button digits of each leg, of the one on which they are louder
	Clipped []uint64 `json:"clipped"` // blocks of each leg that reach full scale
}

// Wiring is how a line is connected, as the configuration has it.
type Wiring struct {
	Card     string `json:"card,omitempty"`
	Kind     string `json:"kind,omitempty"`     // of the card
	Channels []int  `json:"channels,omitempty"` // of the card; of a primary rate card the timeslot
	Detect   string `json:"detect,omitempty"`   // how its calls are found
	OnPause  string `json:"on_pause,omitempty"`
}
