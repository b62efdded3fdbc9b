package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Keys and notes.

type keys struct {
	log       note.Verifier
	witnesses []*cosignatureVerifier
}

func newKeys(log string, witnesses []string) (*keys, error) {
	verifier, err := note.NewVerifier(log)
	if err != nil {
		return nil, fmt.Errorf("key of the log: %w", err)
	}
	keys := &keys{log: verifier}
	for _, text := range witnesses {
		witness, err := newCosignatureVerifier(text)
		if err != nil {
			return nil, fmt.Errorf("key of a witness: %w", err)
		}
		keys.witnesses = append(keys.witnesses, witness)
	}
	return keys, nil
}

// cosignatureVerifier verifies signatures of type 04, which x/mod does not know.
type cosignatureVerifier struct {
	name   string
	hash   uint32
	public ed25519.PublicKey
}

func newCosignatureVerifier(vkey string) (*cosignatureVerifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("%q has not three parts", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		return nil, fmt.Errorf("%q is no Ed25519 cosignature key", vkey)
	}
	sum := sha256.Sum256([]byte(parts[0] + "\n" + string(key)))
	if hex.EncodeToString(sum[:4]) != parts[1] {
		return nil, fmt.Errorf("%q has another key id", vkey)
	}
	return &cosignatureVerifier{parts[0], binary.BigEndian.Uint32(sum[:4]), key[1:]}, nil
}

func (v *cosignatureVerifier) Name() string    { return v.name }
func (v *cosignatureVerifier) KeyHash() uint32 { return v.hash }
func (v *cosignatureVerifier) Verify(message, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(signature), message)
	return ed25519.Verify(v.public, []byte(signed), signature[8:])
}

// open verifies a checkpoint. note.Open is content with one good signature of any known key and with any text under it,
// so the log's own signature and the origin are asked for here.
func (k *keys) open(signed []byte) (tree tlog.Tree, cosigned []string, err error) {
	verifiers := []note.Verifier{k.log}
	for _, witness := range k.witnesses {
		verifiers = append(verifiers, witness)
	}
	opened, err := note.Open(signed, note.VerifierList(verifiers...))
	if err != nil {
		return tree, nil, err
	}
	isSigned := false
	for _, signature := range opened.Sigs {
		if signature.Name == k.log.Name() && signature.Hash == k.log.KeyHash() {
			isSigned = true
			continue
		}
		blob, err := base64.StdEncoding.DecodeString(signature.Base64)
		if err != nil {
			return tree, nil, err
		}
		cosigned = append(cosigned, fmt.Sprint(signature.Name, " ", binary.BigEndian.Uint64(blob[4:])))
	}
	if !isSigned {
		return tree, nil, fmt.Errorf("no signature by the log")
	}
	tree, err = parseCheckpoint(opened.Text, k.log.Name())
	return tree, cosigned, err
}

func parseCheckpoint(text, origin string) (tree tlog.Tree, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return tree, fmt.Errorf("a checkpoint of %d lines", len(lines)-1)
	}
	if lines[0] != origin {
		return tree, fmt.Errorf("origin %q, expected %q", lines[0], origin)
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil || strconv.FormatInt(tree.N, 10) != lines[1] {
		return tree, fmt.Errorf("size %q", lines[1])
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}
