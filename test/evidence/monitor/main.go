// A monitor of a tiled log by the Go checksum database's own code (golang.org/x/mod/sumdb): note verifies the checkpoint,
// tlog authenticates every tile against its root. usage: monitor PREFIX VKEY
// Prints the size of the log after it has proved each entry, and the consistency with every tenth smaller size.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func get(url string) []byte {
	response, err := http.Get(url)
	check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	check(err)
	if response.StatusCode != 200 {
		check(fmt.Errorf("%s: %s", url, response.Status))
	}
	return body
}

// The paths of sumdb have the height of a tile in them, those of tlog-tiles do not.
func tilePath(tile tlog.Tile) string {
	return strings.Replace(strings.Replace(tile.Path(), "tile/8/", "tile/", 1), "tile/data/", "tile/entries/", 1)
}

type reader struct{ prefix string }

func (reader) Height() int                           { return 8 }
func (reader) SaveTiles(tiles []tlog.Tile, _ [][]byte) {}
func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		data = append(data, get(r.prefix+"/"+tilePath(tile)))
	}
	return data, nil
}

func main() {
	prefix, vkey := os.Args[1], os.Args[2]
	verifier, err := note.NewVerifier(vkey)
	check(err)
	opened, err := note.Open(get(prefix+"/checkpoint"), note.VerifierList(verifier))
	check(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	check(err)
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], raw)

	hashes := tlog.TileHashReader(tree, reader{prefix})
	for n := int64(0); n*256 < size; n++ {
		width := 256
		if size-n*256 < 256 {
			width = int(size - n*256)
		}
		bundle := get(prefix + "/" + tilePath(tlog.Tile{H: 8, L: -1, N: n, W: width}))
		for at := int64(0); at < int64(width); at++ {
			length := int(binary.BigEndian.Uint16(bundle))
			entry := bundle[2 : 2+length]
			bundle = bundle[2+length:]
			proof, err := tlog.ProveRecord(size, n*256+at, hashes)
			check(err)
			check(tlog.CheckRecord(proof, size, tree.Hash, n*256+at, tlog.RecordHash(entry)))
		}
	}
	for old := int64(1); old < size; old += 10 {
		hash, err := tlog.TreeHash(old, hashes)
		check(err)
		proof, err := tlog.ProveTree(size, old, hashes)
		check(err)
		check(tlog.CheckTree(proof, size, tree.Hash, old, hash))
	}
	fmt.Println(size)
}
