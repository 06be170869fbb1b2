package correlate

import (
	"math"
	"math/cmplx"
	"testing"
)

// TestCorrelate compares with the definition of a Fourier coefficient.
func TestCorrelate(t *testing.T) {
	var b Block
	for i := range b {
		b[i] = float32(1000*math.Sin(0.7*float64(i)) + 300*math.Cos(2.1*float64(i)+1) + float64(i))
	}
	var f Folded
	f.Fold(&b)
	probes := [4]Probe{NewProbe(400), NewProbe(697), NewProbe(1336), NewProbe(2100)}
	var four [4]complex64
	Four(&probes, &f, &four)
	for k := range probes {
		var want complex128
		for i, v := range b {
			want += complex(float64(v), 0) * cmplx.Exp(complex(0, -probes[k].Omega*(float64(i)-(Len-1)/2.)))
		}
		for _, got := range []complex64{probes[k].Correlate(&f), four[k]} {
			if cmplx.Abs(complex128(got)-want) > 1e-4*cmplx.Abs(want)+0.1 {
				t.Errorf("probe %d: %v, want %v", k, got, want)
			}
		}
	}
	var e float64
	for _, v := range b {
		e += float64(v) * float64(v)
	}
	if got := float64(b.Energy()); math.Abs(got-e) > 1e-5*e {
		t.Errorf("energy %g, want %g", got, e)
	}
}
