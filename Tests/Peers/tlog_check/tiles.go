package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// The published files.

type publishedLog struct {
	folder  string
	tree    tlog.Tree
	entries [][]byte
	hashes  storedHashes
}

// storedHashes holds every hash of the tree, as tlog numbers them.
type storedHashes []tlog.Hash

func (s storedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, index := range indexes {
		if index >= int64(len(s)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		found = append(found, s[index])
	}
	return found, nil
}

// root is tlog.TreeHash, which gives zeros for an empty tree in this version of x/mod.
func (s storedHashes) root(size int64) (tlog.Hash, error) {
	if size == 0 {
		return sha256.Sum256(nil), nil
	}
	return tlog.TreeHash(size, s)
}

// ourPath is where tlog-tiles puts a tile: without the height that x/mod writes, and entries instead of data.
func ourPath(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	if tile.L == -1 {
		path = "entries" + strings.TrimPrefix(path, "data")
	}
	return "tile/" + path
}

func parsePath(path string) (tlog.Tile, error) {
	rest := strings.TrimPrefix(path, "tile/")
	if strings.HasPrefix(rest, "entries/") {
		rest = "data" + strings.TrimPrefix(rest, "entries")
	}
	tile, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", height, rest))
	if err == nil && ourPath(tile) != path {
		err = fmt.Errorf("%q is no path of a tile", path)
	}
	return tile, err
}

// hashesAt is how many hashes lie in the tiles of one level, or entries in the bundles (-1).
func hashesAt(level int, size int64) int64 {
	if level > 0 {
		return size >> uint(height*level)
	}
	return size
}

// tilesAt lists the tiles of one level that a tree of this size has.
func tilesAt(level int, size int64) []tlog.Tile {
	hashes := hashesAt(level, size)
	var tiles []tlog.Tile
	for n := int64(0); n < hashes>>height; n++ {
		tiles = append(tiles, tlog.Tile{H: height, L: level, N: n, W: 1 << height})
	}
	if width := int(hashes & (1<<height - 1)); width > 0 {
		tiles = append(tiles, tlog.Tile{H: height, L: level, N: hashes >> height, W: width})
	}
	return tiles
}

func (l *publishedLog) read(tile tlog.Tile) ([]byte, error) {
	return os.ReadFile(filepath.Join(l.folder, ourPath(tile)))
}

// readEntries reads all bundles of this size and checks that they are the tree of the checkpoint.
func (l *publishedLog) readEntries() error {
	for _, tile := range tilesAt(-1, l.tree.N) {
		bundle, err := l.read(tile)
		if err != nil {
			return err
		}
		count := 0
		for ; len(bundle) >= 2; count++ {
			length := int(binary.BigEndian.Uint16(bundle))
			if len(bundle) < 2+length {
				return fmt.Errorf("%s ends inside an entry", ourPath(tile))
			}
			l.entries = append(l.entries, bundle[2:2+length])
			bundle = bundle[2+length:]
		}
		if len(bundle) != 0 || count != tile.W {
			return fmt.Errorf("%s has %d entries and %d bytes more", ourPath(tile), count, len(bundle))
		}
	}
	for index, entry := range l.entries {
		hashes, err := tlog.StoredHashes(int64(index), entry, l.hashes)
		if err != nil {
			return err
		}
		l.hashes = append(l.hashes, hashes...)
	}
	root, err := l.hashes.root(l.tree.N)
	if err == nil && root != l.tree.Hash {
		err = fmt.Errorf("the entries make root %v, the checkpoint says %v", root, l.tree.Hash)
	}
	return err
}

// checkTiles compares every tile and bundle that is there, partial ones of former sizes too, and misses none.
func (l *publishedLog) checkTiles() error {
	for level := -1; hashesAt(level, l.tree.N) > 0; level++ {
		for _, tile := range tilesAt(level, l.tree.N) {
			if _, err := os.Stat(filepath.Join(l.folder, ourPath(tile))); err != nil {
				return err
			}
		}
	}
	base := filepath.Join(l.folder, "tile")
	return filepath.WalkDir(base, func(path string, item fs.DirEntry, err error) error {
		if err != nil && path == base && l.tree.N == 0 {
			return nil
		}
		if err != nil || item.IsDir() {
			return err
		}
		relative, err := filepath.Rel(l.folder, path)
		if err != nil {
			return err
		}
		return l.checkTile(filepath.ToSlash(relative))
	})
}

func (l *publishedLog) checkTile(path string) error {
	tile, err := parsePath(path)
	if err != nil {
		return err
	}
	found, err := l.read(tile)
	if err != nil {
		return err
	}
	first, end := tile.N<<height, tile.N<<height+int64(tile.W)
	if end > hashesAt(tile.L, l.tree.N) {
		return fmt.Errorf("%s is not of a log of %d entries", path, l.tree.N)
	}
	var expected []byte
	if tile.L >= 0 {
		if expected, err = tlog.ReadTileData(tile, l.hashes); err != nil {
			return err
		}
	} else {
		for _, entry := range l.entries[first:end] {
			expected = append(expected, byte(len(entry)>>8), byte(len(entry)))
			expected = append(expected, entry...)
		}
	}
	if !bytes.Equal(found, expected) {
		return fmt.Errorf("%s is not what the entries make it", path)
	}
	return nil
}
