package disclosure

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"linevault/storage/checkpoint"
)

// maxText bounds each file of a pack but the sound.
const maxText = 32 << 20

// Result is what a verification found.
type Result struct {
	Manifest *Manifest // nil if it cannot be read
	Problems []string  // a sentence each; none if all holds
	// Trusted is whether the key came from whoever verifies, and not out of the pack.
	Trusted    bool
	Key        checkpoint.PublicKey
	Checkpoint checkpoint.Checkpoint
	Entry      int64 // the ledger's number of the disclosure
}

// OK reports whether nothing is wrong.
func (r *Result) OK() bool { return len(r.Problems) == 0 }

// verifier is a verification under way.
type verifier struct {
	Result
	r       io.ReaderAt
	members map[string]member
	text    map[string][]byte // of all files but the sound
	found   []Content         // as they are, in order
}

// Verify checks a pack, of which size bytes can be read. A key that is empty is taken out of
// the pack itself. Its error says that it could not read; what is wrong with the pack is in
// the result.
func Verify(r io.ReaderAt, size int64, key checkpoint.PublicKey) (*Result, error) {
	v := &verifier{r: r, members: map[string]member{}, text: map[string][]byte{}}
	members, err := openArchive(r, size)
	if is(err) {
		v.say("the pack", err)
		return &v.Result, nil
	}
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		if err := v.measure(m); err != nil {
			return nil, err
		}
	}
	if want := sums(v.found[:len(v.found)-1]); !bytes.Equal(v.text[NameSums], want) {
		v.say(NameSums, notPack("it does not have the sums of the files in the pack"))
	}
	v.key(key)
	v.manifest()
	if v.Key == "" || v.Manifest == nil {
		return &v.Result, nil
	}
	v.proofs()
	return &v.Result, nil
}

// is reports whether an error is about what the pack says.
func is(err error) bool {
	_, about := errors.AsType[errPack](err)
	return about
}

func (v *verifier) say(what string, err error) {
	v.Problems = append(v.Problems, what+": "+err.Error())
}

// measure reads one file.
func (v *verifier) measure(m member) error {
	v.members[m.name] = m
	meter := newMeter()
	src := io.NewSectionReader(v.r, m.data(), m.size)
	var err error
	if m.name == NameOgg || m.name == NameWAV {
		_, err = io.Copy(meter, src)
	} else if m.size > maxText {
		v.say(m.name, notPack("it has %d bytes, which no pack's has", m.size))
		_, err = io.Copy(meter, src)
	} else {
		b := make([]byte, m.size)
		_, err = io.ReadFull(src, b)
		_, _ = meter.Write(b) // it never fails
		v.text[m.name] = b
	}
	if err != nil {
		return fmt.Errorf("read the pack: %s: %w", m.name, err)
	}
	if meter.crc != m.crc {
		v.say(m.name, notPack("its bytes are not those that were packed"))
	}
	v.found = append(v.found, Content{Name: m.name, Size: m.size, SHA256: meter.sha()})
	return nil
}

// key finds out which key to go by, and opens the checkpoint with it.
func (v *verifier) key(given checkpoint.PublicKey) {
	inside, err := checkpoint.ParsePublicKey(v.text[NameKey])
	if err != nil || string(inside)+"\n" != string(v.text[NameKey]) {
		v.say(NameKey, notPack("it is not a box's public key: it was changed"))
	}
	v.Key = inside
	if given != "" {
		v.Key, v.Trusted = given, true
		if err == nil && inside != given {
			v.say(NameKey, notPack("the pack is of the box %s and the key that you gave is of %s", inside.Name(), given.Name()))
		}
	}
	if v.Key == "" {
		v.say(NameCheckpoint, notPack("without a key nothing about it can be said"))
		return
	}
	if v.Checkpoint, err = checkpoint.Open(v.text[NameCheckpoint], v.Key); err != nil {
		v.say(NameCheckpoint, err)
	}
}

// manifest reads the manifest, and compares what it says of the files.
func (v *verifier) manifest() {
	m, err := readManifest(v.text[NameManifest])
	if err != nil {
		v.say(NameManifest, err)
		return
	}
	v.Manifest = m
	if m.Key != string(v.Key) {
		v.say(NameManifest, notPack("it was made by the box %s, and the key is of %s", checkpoint.PublicKey(m.Key).Name(), v.Key.Name()))
	}
	if err := m.tile(); err != nil {
		v.say(NameManifest, err)
	}
	var vouched []string
	for _, f := range m.Files {
		vouched = append(vouched, f.Name)
		i := slices.IndexFunc(v.found, func(c Content) bool { return c.Name == f.Name })
		if i < 0 || v.found[i].File() != f {
			v.say(f.Name, notPack("it is not the file that the manifest lists"))
		}
	}
	if !slices.Equal(vouched, []string{NameStatement, NamePage, NameOgg, NameWAV}) {
		v.say(NameManifest, notPack("it does not list the sound and the statements"))
	}
}

// proofs checks the ledger's entries against the checkpoint, and what they say against the
// manifest.
func (v *verifier) proofs() {
	var p Proofs
	if err := read(v.text[NameLedger], &p); err != nil {
		v.say(NameLedger, err)
		return
	}
	parts := v.Manifest.Parts
	if len(p.Entries) != len(parts)+1 {
		v.say(NameLedger, notPack("it has %d entries and the call's %d parts and the disclosure need %d", len(p.Entries), len(parts), len(parts)+1))
		return
	}
	tree := v.Checkpoint.Tree
	if p.Size != tree.N {
		v.say(NameLedger, notPack("its proofs are for a ledger of %d entries and the checkpoint is of %d", p.Size, tree.N))
	}
	for i, proof := range p.Entries {
		e, err := proof.check(tree)
		if err != nil {
			v.say(NameLedger, err)
			continue
		}
		if i < len(parts) {
			v.part(i, e)
			continue
		}
		v.Entry = proof.Index
		v.disclosure(e)
	}
}

func (v *verifier) part(i int, e event) {
	p := &v.Manifest.Parts[i]
	if e.Kind != Kind || e.Call != p.Call || !maps.Equal(e.Data, p.Entry()) {
		v.say(NameManifest, notPack("what it says of part %d (%s) is not what the ledger says of it", i, differ(p.Entry(), e.Data)))
	}
}

// differ names what two entries do not say alike.
func differ(a, b map[string]string) string {
	for _, k := range slices.Sorted(maps.Keys(a)) {
		if a[k] != b[k] {
			return k
		}
	}
	return "its kind or its call"
}

func (v *verifier) disclosure(e event) {
	sum := sha256.Sum256(v.text[NameManifest])
	m := v.Manifest
	switch {
	case e.Kind != KindDisclosure || e.Call != m.Call.ID:
		v.say(NameLedger, notPack("its last entry is not that of a disclosure of this call"))
	case e.Data["manifest_sha256"] != hex.EncodeToString(sum[:]):
		v.say(NameManifest, notPack("it is not the manifest that the ledger's entry of this disclosure names: it was changed"))
	case e.Who != m.Request.By || e.Purpose != m.Request.Purpose || e.Reference != m.Request.Reference || !maps.Equal(e.Data, m.Entry(e.Data["manifest_sha256"])):
		v.say(NameManifest, notPack("who got the call and why is not what the ledger says"))
	}
}
