// Logcheck reads a published log with the notes and tiles of Go's own checksum database: none of
// the code that wrote the log is in it.
//
// It takes where the log is (an address or a folder) and, on standard input, one JSON document
// with the verifier key, the names of checkpoints, and proofs. It prints what it has checked, and
// exits with 1 at the first thing that does not hold.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type record struct {
	Index      int64    `json:"index"`
	Size       int64    `json:"size"`
	Hashes     []string `json:"hashes"`
	LeafHash   string   `json:"leaf_hash"`
	Checkpoint string   `json:"checkpoint"`
}

type growth struct {
	First  int64    `json:"first"`
	Second int64    `json:"second"`
	Hashes []string `json:"hashes"`
}

type asked struct {
	VerifierKey string   `json:"vkey"`
	Checkpoints []string `json:"checkpoints"`
	Proofs      []record `json:"proofs"`
	Consistency []growth `json:"consistency"`
}

func main() {
	var input asked
	must(json.NewDecoder(os.Stdin).Decode(&input))
	verifier, err := note.NewVerifier(strings.TrimSpace(input.VerifierKey))
	must(err)
	log := &published{
		base: os.Args[1], verifiers: note.VerifierList(verifier), tiles: map[string][]byte{},
	}

	newest := log.checkpoint(log.read("log/checkpoint"), verifier.Name())
	hashes := tlog.TileHashReader(newest, log)
	for _, name := range input.Checkpoints {
		older := log.checkpoint(log.read(name), verifier.Name())
		if name != fmt.Sprintf("log/checkpoints/%d-%x", older.N, older.Hash[:]) {
			fail("%s is a checkpoint of another name", name)
		}
		root, err := tlog.TreeHash(older.N, hashes)
		must(err)
		if root != older.Hash {
			fail("%s is not of this tree", name)
		}
		proof, err := tlog.ProveTree(newest.N, older.N, hashes)
		must(err)
		must(tlog.CheckTree(proof, newest.N, newest.Hash, older.N, older.Hash))
	}
	for _, each := range input.Proofs {
		tree := log.checkpoint([]byte(each.Checkpoint), verifier.Name())
		if tree.N != each.Size {
			fail("a proof says another size than its checkpoint")
		}
		leaf := decode([]string{each.LeafHash})[0]
		must(tlog.CheckRecord(decode(each.Hashes), tree.N, tree.Hash, each.Index, leaf))
	}
	for _, each := range input.Consistency {
		first, err := tlog.TreeHash(each.First, hashes)
		must(err)
		second, err := tlog.TreeHash(each.Second, hashes)
		must(err)
		must(tlog.CheckTree(decode(each.Hashes), each.Second, second, each.First, first))
	}
	entries := log.entries(newest.N, hashes)
	fmt.Printf(
		`{"size":%d,"checkpoints":%d,"proofs":%d,"consistency":%d,"entries":%d,"tiles":%d}`+"\n",
		newest.N, len(input.Checkpoints), len(input.Proofs), len(input.Consistency), entries,
		len(log.tiles),
	)
}

// Published reads a log's files, over HTTP or from a folder. It is a tlog.TileReader.
type published struct {
	base      string
	verifiers note.Verifiers
	tiles     map[string][]byte
}

func (log *published) read(name string) []byte {
	data, err := log.get(name)
	must(err)
	return data
}

func (log *published) get(name string) ([]byte, error) {
	if !strings.HasPrefix(log.base, "http://") {
		return os.ReadFile(filepath.Join(log.base, filepath.FromSlash(name)))
	}
	answer, err := http.Get(log.base + "/" + name)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", name, answer.Status)
	}
	return data, err
}

func (log *published) checkpoint(data []byte, origin string) tlog.Tree {
	opened, err := note.Open(data, log.verifiers)
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != origin {
		fail("a note is no checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	return tlog.Tree{N: size, Hash: decode(lines[2:3])[0]}
}

func (log *published) Height() int { return 8 }

func (log *published) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(tiles))
	for place, tile := range tiles {
		data, err := log.tile(tile, tile.Path(), tlog.HashSize)
		if err != nil {
			return nil, err
		}
		found[place] = data
	}
	return found, nil
}

func (log *published) SaveTiles([]tlog.Tile, [][]byte) {}

// Tile reads a tile, or the front of the full one where the partial one is gone. C2SP's layout has
// the same paths as Go's, without the height.
func (log *published) tile(tile tlog.Tile, path string, each int) ([]byte, error) {
	name := "log/" + strings.Replace(path, "tile/8/", "tile/", 1)
	if known, is := log.tiles[name]; is {
		return known, nil
	}
	data, err := log.get(name)
	if err != nil && tile.W < 256 {
		data, err = log.get(strings.SplitN(name, ".p/", 2)[0])
		if err == nil && len(data) >= tile.W*each {
			data = data[:tile.W*each]
		}
	}
	if err == nil {
		log.tiles[name] = data
	}
	return data, err
}

// Entries checks every entry bundle against the tiles, and counts the entries.
func (log *published) entries(size int64, hashes tlog.HashReader) int64 {
	const entry = 2 + 49
	var count int64
	for index := int64(0); index*256 < size; index++ {
		tile := tlog.Tile{H: 8, L: 0, N: index, W: 256}
		if size-index*256 < 256 {
			tile.W = int(size - index*256)
		}
		path := strings.Replace(tile.Path(), "tile/8/0/", "tile/8/entries/", 1)
		data, err := log.tile(tile, path, entry)
		must(err)
		if len(data) != tile.W*entry {
			fail("%s has %d bytes", path, len(data))
		}
		for ; len(data) > 0; data = data[entry:] {
			if binary.BigEndian.Uint16(data) != entry-2 {
				fail("%s holds an entry of another length", path)
			}
			found, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, count)})
			must(err)
			if tlog.RecordHash(data[2:entry]) != found[0] {
				fail("entry %d is not what the tile says", count)
			}
			count++
		}
	}
	return count
}

func decode(texts []string) []tlog.Hash {
	hashes := make([]tlog.Hash, len(texts))
	for place, text := range texts {
		data, err := base64.StdEncoding.Strict().DecodeString(text)
		must(err)
		if len(data) != tlog.HashSize {
			fail("a hash has %d bytes", len(data))
		}
		copy(hashes[place][:], data)
	}
	return hashes
}

func must(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}
