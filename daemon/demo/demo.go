// Package demo makes the demonstration: believable council calls, written as scripts and
// spoken by a speech synthesiser, the configuration of four lines on which they come and go,
// and a payment terminal that pauses one of them.
package demo

import (
	"embed"
	"fmt"
	"path"
)

//go:embed scripts/*.txt
var scripts embed.FS

// Line is one line of the demonstration.
type Line struct {
	ID         string
	Name       string
	Department string
	Number     string
	Scripts    []string // the calls, in the order in which they come, over and over
}

// Lines are the lines of the demonstration. The numbers are from the range that Ofcom keeps
// for drama, as are those of all callers.
var Lines = []Line{
	{
		ID: "council-tax", Name: "Council tax", Department: "Revenues", Number: "020 7946 0101",
		Scripts: []string{"council-tax", "council-tax-arrears", "council-tax-callback"},
	},
	{
		ID: "parking", Name: "Parking", Department: "Parking services", Number: "020 7946 0102",
		Scripts: []string{"parking-fine", "parking-permit", "blue-badge"},
	},
	{
		ID: "housing-repairs", Name: "Housing repairs", Department: "Housing", Number: "020 7946 0103",
		Scripts: []string{"housing-repair", "leaseholder", "out-of-hours"},
	},
	{
		ID: "customer-services", Name: "Customer services", Department: "Customer contact", Number: "020 7946 0104",
		Scripts: []string{"missed-bin", "adult-social-care", "elections"},
	},
}

// load reads and parses the script called name.
func load(name string) (*Script, []byte, error) {
	file := path.Join("scripts", name+".txt")
	text, err := scripts.ReadFile(file)
	if err != nil {
		return nil, nil, fmt.Errorf("demo: script %s: %w", name, err)
	}
	s, err := Parse(name, string(text))
	return s, text, err
}
