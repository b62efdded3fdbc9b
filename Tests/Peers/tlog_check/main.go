// Checks a published log with Go's own transparency log code, golang.org/x/mod/sumdb: the second opinion on our notes,
// tiles and proofs.
//
//	tlog_check LOG LOG-VKEY [WITNESS-VKEY …]
//
// LOG is a folder with checkpoint, tile/ and proofs/. Checks the checkpoint's signatures; recomputes the tree from the
// bundles; compares every tile and bundle that is there, and misses none that should be; checks every proof in proofs/.
// Prints what it found, then proofs of its own at sampled sizes, for our code to make as well:
//
//	log SIZE ROOT-HEX
//	cosigned NAME SECONDS
//	proof NAME-OF-FILE SIZE
//	inclusion INDEX SIZE HASH-HEX …
//	consistency OLD-SIZE SIZE HASH-HEX …
//
// Built with GO111MODULE=off over Debian's golang-golang-x-mod-dev.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

const height = 8

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: tlog_check LOG LOG-VKEY [WITNESS-VKEY ...]")
		os.Exit(64)
	}
	if err := check(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "tlog_check:", err)
		os.Exit(1)
	}
}

func check(folder, logKey string, witnessKeys []string) error {
	keys, err := newKeys(logKey, witnessKeys)
	if err != nil {
		return err
	}
	signed, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	tree, cosigned, err := keys.open(signed)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	log := &publishedLog{folder: folder, tree: tree}
	if err := log.readEntries(); err != nil {
		return err
	}
	if err := log.checkTiles(); err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	fmt.Fprintf(out, "log %d %s\n", tree.N, hex.EncodeToString(tree.Hash[:]))
	for _, line := range cosigned {
		fmt.Fprintln(out, "cosigned", line)
	}
	if err := log.checkProofs(keys, out); err != nil {
		return err
	}
	return log.proveSamples(out)
}
