package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// decimal as C2SP writes numbers; more than 2^53-1 is no size that anybody can compute with.
func decimal(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil && strconv.FormatUint(n, 10) == text && n < 1<<53
}

const none = ^uint64(0)

type key struct {
	name, hash, vkey string
	kind             byte
	public           ed25519.PublicKey
	until            uint64
}

func (k *key) id() string { return k.name + "+" + k.hash }

func keyName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '+' })
}

func parseKey(vkey string) (*key, bool) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 || !keyName(parts[0]) {
		return nil, false
	}
	data, ok := unbase64(parts[2])
	if !ok || len(data) != 33 || (data[0] != 1 && data[0] != 4) {
		return nil, false
	}
	if !soundKey(data[1:]) {
		return nil, false
	}
	digest := sha256.Sum256(append([]byte(parts[0]+"\n"), data...))
	if hex.EncodeToString(digest[:4]) != parts[1] {
		return nil, false
	}
	return &key{parts[0], parts[1], vkey, data[0], data[1:], none}, true
}

// soundKey: y is below p (RFC 8032, 5.1.3), and the point has not a small order.
func soundKey(public []byte) bool {
	y := make([]byte, 32)
	for at, b := range public {
		y[31-at] = b
	}
	y[0] &= 0x7f
	value := new(big.Int).SetBytes(y)
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	if value.Cmp(p) >= 0 {
		return false
	}
	for _, small := range []string{
		"0", "1", "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec",
		"05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826",
		"7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7",
	} {
		if known, _ := new(big.Int).SetString(small, 16); value.Cmp(known) == 0 {
			return false
		}
	}
	return true
}

// timely: a cosignature has a time, not more than five minutes to come.
func (p *policy) timely(signature []byte) bool {
	now := p.now
	if now.IsZero() {
		now = time.Now()
	}
	seconds := binary.BigEndian.Uint64(signature)
	return seconds > 0 && seconds <= uint64(now.Unix()+300)
}

// signed: type 1 signs the text, type 4 a time and the text (c2sp.org/tlog-cosignature).
func (k *key) signed(text string, signature []byte) bool {
	if k.kind == 1 {
		return len(signature) == 64 && ed25519.Verify(k.public, []byte(text), signature)
	}
	if len(signature) != 72 {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	return ed25519.Verify(k.public, []byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, text)), signature[8:])
}

type line struct {
	name, hash string
	signature  []byte
}

type checkpoint struct {
	text, origin string
	size         uint64
	root         []byte
	lines        []line
}

// parseCheckpoint reads a signed note (c2sp.org/signed-note) whose text is a tlog-checkpoint.
func parseCheckpoint(note string) (*checkpoint, bool) {
	if !utf8.ValidString(note) || strings.ContainsFunc(note, func(r rune) bool { return r < 0x20 && r != '\n' }) || !strings.HasSuffix(note, "\n") {
		return nil, false
	}
	at := strings.LastIndex(note, "\n\n")
	if at < 0 {
		return nil, false
	}
	c := &checkpoint{text: note[:at+1]}
	signatures := strings.Split(strings.TrimSuffix(note[at+2:], "\n"), "\n")
	if len(signatures) > 64 {
		return nil, false
	}
	for _, each := range signatures {
		words := strings.Split(each, " ")
		if len(words) != 3 || words[0] != "—" || !keyName(words[1]) {
			return nil, false
		}
		data, ok := unbase64(words[2])
		if !ok || len(data) < 5 {
			return nil, false
		}
		c.lines = append(c.lines, line{words[1], hex.EncodeToString(data[:4]), data[4:]})
	}
	lines := strings.Split(strings.TrimSuffix(c.text, "\n"), "\n")
	if len(lines) < 3 || lines[0] == "" {
		return nil, false
	}
	for _, extension := range lines[3:] {
		if extension == "" {
			return nil, false
		}
	}
	var fine, whole bool
	c.origin = lines[0]
	c.size, fine = decimal(lines[1])
	c.root, whole = unbase64(lines[2])
	return c, fine && whole && len(c.root) == 32
}

// judge a checkpoint: signed by a log of the policy under its own name, cosigned by the quorum.
func (p *policy) judge(c *checkpoint, quorum bool) string {
	keys := append([]*key{}, p.logs...)
	for _, witness := range p.witnesses {
		keys = append(keys, witness)
	}
	find := func(l line) *key {
		for _, k := range keys {
			if k.name == l.name && k.hash == l.hash {
				return k
			}
		}
		return nil
	}
	ours := false
	for at, l := range c.lines {
		for _, other := range c.lines[:at] {
			if other.name == l.name && other.hash == l.hash {
				return "failed"
			}
		}
		if k := find(l); k != nil && k.kind == 1 {
			ours = true
		}
	}
	for _, l := range c.lines {
		if !ours || find(l) != nil {
			continue
		}
		if len(l.signature) != 72 && len(l.signature) != 2428 {
			return "failed"
		}
		for _, k := range keys {
			if k.name == l.name || k.hash == l.hash {
				return "failed"
			}
		}
	}
	named, counts := false, false
	cosigned := map[string]bool{}
	for _, l := range c.lines {
		k := find(l)
		if k == nil || (!ours && k.kind == 1) {
			continue
		}
		if k.kind == 1 {
			if !k.signed(c.text, l.signature) {
				return "failed"
			}
			if k.name == c.origin {
				named = true
				counts = counts || k.until == none || c.size <= k.until
			}
		}
	}
	if !ours {
		return "untrusted"
	}
	if !named {
		return "failed"
	}
	if !counts {
		return "untrusted"
	}
	for _, l := range c.lines {
		if k := find(l); k != nil && k.kind == 4 {
			if !k.signed(c.text, l.signature) {
				return "failed"
			}
			for name, witness := range p.witnesses {
				if witness == k && p.timely(l.signature) {
					cosigned[name] = true
				}
			}
		}
	}
	if quorum && !p.met(p.quorum, cosigned) {
		return "untrusted"
	}
	return "signed"
}

type receipt struct {
	index      uint64
	proof      [][]byte
	checkpoint *checkpoint
}

// parseReceipt reads a c2sp.org/tlog-proof@v1 without an `extra` line.
func parseReceipt(data []byte) (*receipt, bool) {
	head, note, ok := strings.Cut(string(data), "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		return nil, false
	}
	index, ok := decimal(strings.TrimPrefix(lines[1], "index "))
	if !ok {
		return nil, false
	}
	proof, ok := hashes(lines[2:], 64)
	if !ok {
		return nil, false
	}
	c, ok := parseCheckpoint(note)
	return &receipt{index, proof, c}, ok
}

func hashes(lines []string, most int) ([][]byte, bool) {
	var proof [][]byte
	for _, each := range lines {
		hash, ok := unbase64(each)
		if !ok || len(hash) != 32 || len(proof) == most {
			return nil, false
		}
		proof = append(proof, hash)
	}
	return proof, true
}

func node(left, right []byte) []byte {
	hash := sha256.Sum256(append(append([]byte{1}, left...), right...))
	return hash[:]
}

func leafHash(leaf []byte) []byte {
	hash := sha256.Sum256(append([]byte{0}, leaf...))
	return hash[:]
}

// included is RFC 9162 section 2.1.3.2.
func included(r *receipt, leaf []byte) bool {
	if r.index >= r.checkpoint.size {
		return false
	}
	fn, sn, hash := r.index, r.checkpoint.size-1, leafHash(leaf)
	for _, p := range r.proof {
		if sn == 0 {
			return false
		}
		if fn&1 == 1 || fn == sn {
			hash = node(p, hash)
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			hash = node(hash, p)
		}
		fn, sn = fn>>1, sn>>1
	}
	return sn == 0 && bytes.Equal(hash, r.checkpoint.root)
}

// grew is RFC 9162 section 2.1.4.2: the second checkpoint is of the first one's log, grown or the same.
func grew(first, second *checkpoint, proof [][]byte) bool {
	if first.size > second.size || first.size == 0 {
		return false
	}
	if first.size == second.size {
		return len(proof) == 0 && bytes.Equal(first.root, second.root)
	}
	if first.size&(first.size-1) == 0 {
		proof = append([][]byte{first.root}, proof...)
	}
	if len(proof) == 0 {
		return false
	}
	fn, sn := first.size-1, second.size-1
	for fn&1 == 1 {
		fn, sn = fn>>1, sn>>1
	}
	fr, sr := proof[0], proof[0]
	for _, c := range proof[1:] {
		if sn == 0 {
			return false
		}
		if fn&1 == 1 || fn == sn {
			fr, sr = node(c, fr), node(c, sr)
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			sr = node(sr, c)
		}
		fn, sn = fn>>1, sn>>1
	}
	return sn == 0 && bytes.Equal(fr, first.root) && bytes.Equal(sr, second.root)
}
