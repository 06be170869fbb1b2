package keys

import "testing"

// BenchmarkOpenRing opens the ring of a store that keeps four classes for eighteen months.
func BenchmarkOpenRing(b *testing.B) {
	dir := b.TempDir()
	classes := []string{"calls", "complaints", "payments", "held"}
	if err := Create(dir, classes, now); err != nil {
		b.Fatal(err)
	}
	k, err := OpenRing(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, class := range classes {
		for i := range 550 {
			p := period{class: class, day: DayOf(now.AddDate(0, 0, -i))}
			k.file.periods[p] = k.key.sealPeriod(p, make([]byte, 32))
		}
	}
	if err := k.save(k.file); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		k, err := OpenRing(dir)
		if err != nil || len(k.Problems()) > 0 {
			b.Fatal(k.Problems(), err)
		}
	}
	b.ReportMetric(float64(len(k.file.periods)), "periods")
}
