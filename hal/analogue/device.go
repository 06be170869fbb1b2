package analogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/gordonklaus/portaudio"
)

// Devices lists the input devices there are, each with its name and number of channels. It
// asks a child, for listing opens every device there is, and one that is out of order may
// hang or crash whoever does that. helper is as in Config.
func Devices(helper ...string) ([]string, error) {
	argv, err := helperArgs(helper, CaptureOptions{List: true})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.WaitDelay = reapLimit
	out, err := cmd.Output()
	if x, ok := errors.AsType[*exec.ExitError](err); ok {
		said := strings.TrimSpace(strings.ToValidUTF8(string(x.Stderr), "?"))
		err = fmt.Errorf("%w (it said %q)", err, said[strings.LastIndexByte(said, '\n')+1:])
	}
	if err != nil {
		return nil, fmt.Errorf("listing sound devices: %w", err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' }), nil
}

// helperArgs is the whole command of a child.
func helperArgs(helper []string, o CaptureOptions) ([]string, error) {
	if len(helper) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("finding this program: %w", err)
		}
		helper = []string{self, "card"}
	}
	return append(helper[:len(helper):len(helper)], childArgs(o)...), nil
}

// find looks for a device by its whole name, then by a part that only one of them has: the
// number in a name such as "USB Audio: - (hw:1,0)" changes with the order of plugging in.
func find(ds []*portaudio.DeviceInfo, name string) (*portaudio.DeviceInfo, *fault) {
	var part []*portaudio.DeviceInfo
	for _, d := range ds {
		if d.Name == name {
			return d, nil
		}
		if name != "" && strings.Contains(strings.ToLower(d.Name), strings.ToLower(name)) {
			part = append(part, d)
		}
	}
	if len(part) == 1 {
		return part[0], nil
	}
	if len(part) > 1 {
		return nil, &fault{
			Text: fmt.Sprintf("%d devices have %q in their name", len(part), name),
			Hint: "name one of: " + strings.Join(describe(part), ", "),
		}
	}
	f := &fault{Text: fmt.Sprintf("there is no input device %q", name), Hint: "no input device was found: check the card and its cable"}
	if len(ds) > 0 {
		f.Hint = "the devices there are: " + strings.Join(describe(ds), ", ")
	}
	return nil, f
}

func inputs(ds []*portaudio.DeviceInfo) (in []*portaudio.DeviceInfo) {
	for _, d := range ds {
		if d.MaxInputChannels > 0 {
			in = append(in, d)
		}
	}
	return in
}

// describe names each device as a person would.
func describe(ds []*portaudio.DeviceInfo) []string {
	names := make([]string, len(ds))
	for i, d := range ds {
		names[i] = fmt.Sprintf("%q (%d channels)", d.Name, d.MaxInputChannels)
	}
	return names
}

func printDevices(out io.Writer) error {
	all, err := portaudio.Devices()
	if err != nil {
		return fmt.Errorf("listing devices: %s", spoken(err))
	}
	for _, s := range describe(inputs(all)) {
		if _, err := fmt.Fprintln(out, s); err != nil {
			return err
		}
	}
	return nil
}
