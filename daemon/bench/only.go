package bench

// Only does one side's work and prints nothing, for a profiler to count instructions: the
// path, bare libopus, or neither but what both need besides.
func Only(what, dir string, speech []int16, lines, seconds, complexity int) error {
	p, err := NewPath(dir, speech, lines, complexity)
	if err != nil {
		return err
	}
	b, err := NewBare(speech, lines, complexity)
	if err != nil {
		return err
	}
	for range seconds {
		b.Prepare()
		switch what {
		case "path":
			err = p.Second()
			for i := range b.pend {
				for leg := range b.pend[i] {
					b.pend[i][leg] = b.pend[i][leg][:0]
				}
			}
		case "bare":
			err = b.Second()
		}
		if err != nil {
			return err
		}
	}
	return nil
}
