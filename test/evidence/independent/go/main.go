// A third verifier of Probity bundles, written from docs/evidence.md, schemas/*.schema.json and the specifications that they
// name. It shares no code with src/evidence, and needs nothing but Go's standard library.
//
//	verify [-compliance] [-now TIME] SCHEMAS POLICY DIR     exit 0 verified, 1 failed, 2 malformed, 3 untrusted
//	verify [-compliance] [-now TIME] SCHEMAS POLICY -       bundles on the standard input, one a line: {"path": "base64", …}
//
// Prints the status of the bundle and of each layer, as JSON.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

type bundle map[string][]byte

type report struct {
	Status string            `json:"status"`
	Layers map[string]string `json:"layers"`
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,4}$`)

func readFolder(folder string) (bundle, error) {
	files, folded, left := bundle{}, map[string]bool{}, int64(512<<20)
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		name = filepath.ToSlash(name)
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || !plain.MatchString(name) || len(name) > 200 || folded[strings.ToLower(name)] || len(files) == 10_000 {
			return fmt.Errorf("%s does not belong into a bundle", name)
		}
		if left -= info.Size(); left < 0 {
			return fmt.Errorf("the bundle is too large")
		}
		folded[strings.ToLower(name)] = true
		files[name], err = os.ReadFile(path)
		return err
	})
	return files, err
}

func readSchemas(folder string) map[string]object {
	schemas := map[string]object{}
	for _, name := range []string{"statement", "leaf", "anchor", "status-file", "status", "revocation"} {
		data, err := os.ReadFile(filepath.Join(folder, name+".schema.json"))
		check(err)
		decoder := json.NewDecoder(strings.NewReader(string(data)))
		decoder.UseNumber()
		var schema object
		check(decoder.Decode(&schema))
		schemas[name] = schema
	}
	return schemas
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

var exits = map[string]int{"verified": 0, "failed": 1, "malformed": 2, "untrusted": 3}

func main() {
	compliance := flag.Bool("compliance", false, "ask for an anchor on a real network")
	now := flag.String("now", "", "the time to judge by; nothing ends without it")
	flag.Parse()
	if flag.NArg() != 3 {
		flag.Usage()
		os.Exit(2)
	}
	text, err := os.ReadFile(flag.Arg(1))
	check(err)
	trusted, err := parsePolicy(string(text))
	check(err)
	v := &verifier{policy: trusted, schemas: readSchemas(flag.Arg(0)), compliance: *compliance}
	if *now != "" {
		v.now, err = time.Parse(time.RFC3339, *now)
		check(err)
		trusted.now = v.now
	}
	out := json.NewEncoder(os.Stdout)
	if flag.Arg(2) != "-" {
		files, err := readFolder(flag.Arg(2))
		check(err)
		r := v.verify(files)
		out.Encode(r)
		os.Exit(exits[r.Status])
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var encoded map[string]string
		check(json.Unmarshal(lines.Bytes(), &encoded))
		files := bundle{}
		for path, text := range encoded {
			files[path], err = base64.StdEncoding.DecodeString(text)
			check(err)
		}
		out.Encode(v.verify(files))
	}
	check(lines.Err())
}
