package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Proofs: those that were published, and our own at sampled sizes.

func (l *publishedLog) checkProofs(keys *keys, out *bufio.Writer) error {
	files, err := filepath.Glob(filepath.Join(l.folder, "proofs", "*"))
	if err != nil {
		return err
	}
	sort.Strings(files)
	for _, file := range files {
		size, err := l.checkProof(keys, file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		fmt.Fprintln(out, "proof", filepath.Base(file), size)
	}
	return nil
}

func (l *publishedLog) checkProof(keys *keys, file string) (size int64, err error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	head, signed, found := strings.Cut(string(content), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		return 0, fmt.Errorf("not a tlog-proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return 0, err
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return 0, err
		}
		proof = append(proof, hash)
	}
	tree, _, err := keys.open([]byte(signed))
	if err != nil {
		return 0, err
	}
	if index < 0 || index >= tree.N || tree.N > l.tree.N {
		return 0, fmt.Errorf("index %d of %d", index, tree.N)
	}
	if root, err := l.hashes.root(tree.N); err != nil || root != tree.Hash {
		return 0, fmt.Errorf("a checkpoint of another tree: %v", err)
	}
	entry := l.entries[index]
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return 0, err
	}
	_, logged, _ := strings.Cut(string(entry), "\n")
	digest := sha256.Sum256([]byte(logged))
	if name := hex.EncodeToString(digest[:]) + ".tlog-proof"; filepath.Base(file) != name {
		return 0, fmt.Errorf("the entry's content asks for the name %s", name)
	}
	return tree.N, nil
}

// sampledSizes are those at which trees change their form, as far as this one goes.
func (l *publishedLog) sampledSizes() []int64 {
	sizes := map[int64]bool{}
	for _, size := range []int64{1, 2, 3, 7, 255, 256, 257, 511, 513, 65535, 65536, 65537, l.tree.N / 3, l.tree.N - 1, l.tree.N} {
		if 1 <= size && size <= l.tree.N {
			sizes[size] = true
		}
	}
	var sorted []int64
	for size := range sizes {
		sorted = append(sorted, size)
	}
	sort.Slice(sorted, func(i, j int) bool { return sorted[i] < sorted[j] })
	return sorted
}

// tileReader lets tlog read the published tiles, as its own client would.
type tileReader struct{ log *publishedLog }

func (r tileReader) Height() int                     { return height }
func (r tileReader) SaveTiles([]tlog.Tile, [][]byte) {}
func (r tileReader) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range tiles {
		content, err := r.log.read(tile)
		if err != nil {
			return nil, err
		}
		data = append(data, content)
	}
	return data, nil
}

// proveSamples makes proofs from the published tiles and, for former sizes, from the recomputed tree; checks each.
func (l *publishedLog) proveSamples(out *bufio.Writer) error {
	sizes := l.sampledSizes()
	for _, size := range sizes {
		root, err := l.hashes.root(size)
		if err != nil {
			return err
		}
		var reader tlog.HashReader = l.hashes
		if size == l.tree.N {
			reader = tlog.TileHashReader(l.tree, tileReader{l})
		}
		for _, old := range sizes {
			if err := l.proveInclusion(old-1, size, root, reader, out); err != nil {
				return err
			}
			if err := l.proveConsistency(old, size, root, reader, out); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *publishedLog) proveInclusion(index, size int64, root tlog.Hash, reader tlog.HashReader, out *bufio.Writer) error {
	if index >= size {
		return nil
	}
	proof, err := tlog.ProveRecord(size, index, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(l.entries[index])); err != nil {
		return err
	}
	printProof(out, "inclusion", index, size, proof)
	return nil
}

func (l *publishedLog) proveConsistency(old, size int64, root tlog.Hash, reader tlog.HashReader, out *bufio.Writer) error {
	if old >= size {
		return nil
	}
	proof, err := tlog.ProveTree(size, old, reader)
	if err != nil {
		return err
	}
	oldRoot, err := l.hashes.root(old)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, size, root, old, oldRoot); err != nil {
		return err
	}
	printProof(out, "consistency", old, size, proof)
	return nil
}

func printProof(out *bufio.Writer, kind string, first, size int64, hashes []tlog.Hash) {
	fmt.Fprint(out, kind, " ", first, " ", size)
	for _, hash := range hashes {
		fmt.Fprint(out, " ", hex.EncodeToString(hash[:]))
	}
	fmt.Fprintln(out)
}
