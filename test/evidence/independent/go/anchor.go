package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"math/bits"
)

// networks are those of docs/evidence.md: chain id and package of the published Notarization package.
var networks = map[string][2]string{
	"mainnet":  {"6364aad5", "0x909ce9dcd9a5e97b7b8884fac8e018fad9dece348bf73837379b8694ff684cf3"},
	"testnet":  {"2304aa97", "0x00412bd469b7f980227c6c574090348239852e43aa07818b315854fdd8a2d25f"},
	"devnet":   {"daf90477", "0x72c8433b88e6bdee0eb02a257fdebd0ec2b6c990043f35b155cb4c5cf727fdca"},
	"emulated": {"656d756c", "0x70726f626974792d656d756c617465642d6e6f746172697a6174696f6e000000"},
}

func (v *verifier) anchor(data []byte, there bool, receipt *checkpoint) string {
	if !there {
		if v.compliance {
			return "untrusted"
		}
		return "skipped"
	}
	value, ok := strictJSON(data)
	if !ok || !hasShape(v.schemas["anchor"], value) {
		return "failed"
	}
	a := value.(object)
	text := func(name string) string { return a[name].(string) }
	c, ok := parseCheckpoint(text("checkpoint"))
	if !ok || c.origin != receipt.origin {
		return "failed"
	}
	var lines []string
	for _, each := range a["consistency"].([]any) {
		lines = append(lines, each.(string))
	}
	proof, ok := hashes(lines, 64)
	if !ok {
		return "failed"
	}
	judged := v.policy.judge(c, false)
	if judged == "failed" || !grew(receipt, c, proof) {
		return "failed"
	}
	if judged != "signed" {
		return judged
	}
	transaction, fine := unbase64(text("transaction"))
	signature, whole := unbase64(text("signature"))
	if !fine || !whole || len(signature) != 97 || signature[0] != 0 {
		return "failed"
	}
	digest := blake2b256([]byte("TransactionData::"), transaction)
	id := blake2b256([]byte{0xf1}, digest, make([]byte, 8))
	if base58(digest) != text("transactionDigest") || "0x"+hex.EncodeToString(id) != text("objectId") {
		return "failed"
	}
	public := signature[65:]
	if !soundKey(public) {
		return "failed"
	}
	from := blake2b256(public)
	if !ed25519.Verify(public, blake2b256([]byte{0, 0, 0}, transaction), signature[1:65]) || !bytes.Contains(transaction, from) {
		return "failed"
	}
	hash := sha256.Sum256([]byte(c.text))
	state := "sha256:" + hex.EncodeToString(hash[:])
	packageID, _ := hex.DecodeString(text("packageId")[2:])
	if !bytes.Contains(transaction, append([]byte{byte(len(state))}, state...)) || !bytes.Contains(transaction, packageID) {
		return "failed"
	}
	network := text("network")
	if preset, known := networks[network]; !known || preset != [2]string{text("chainId"), text("packageId")} {
		return "untrusted"
	}
	if v.compliance && network == "emulated" {
		return "untrusted"
	}
	for _, s := range v.policy.ledgers {
		if s.network == network && s.address == "0x"+hex.EncodeToString(from) {
			if s.until != none && c.size > s.until {
				return "untrusted"
			}
			return "signed"
		}
	}
	if len(v.policy.ledgers) == 0 && !v.compliance {
		return "skipped"
	}
	return "untrusted"
}

func base58(data []byte) string {
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	n, fiftyEight, rest := new(big.Int).SetBytes(data), big.NewInt(58), new(big.Int)
	text := ""
	for n.Sign() > 0 {
		n.DivMod(n, fiftyEight, rest)
		text = string(alphabet[rest.Int64()]) + text
	}
	for _, b := range data {
		if b != 0 {
			break
		}
		text = "1" + text
	}
	return text
}

// blake2b256 is RFC 7693, section 3, without a key; Go's standard library has none.
func blake2b256(parts ...[]byte) []byte {
	data := bytes.Join(parts, nil)
	h := iv
	h[0] ^= 0x01010000 ^ 32
	for at := 0; ; at += 128 {
		last := at+128 >= len(data)
		var block [128]byte
		count := at + copy(block[:], data[at:])
		compress(&h, &block, uint64(count), last)
		if last {
			break
		}
	}
	out := make([]byte, 32)
	for i := 0; i < 4; i++ {
		binary.LittleEndian.PutUint64(out[8*i:], h[i])
	}
	return out
}

var iv = [8]uint64{
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
}

var sigma = [10][16]byte{
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
	{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
	{7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
	{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
	{2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
	{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
	{13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
	{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
	{10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
}

func compress(h *[8]uint64, block *[128]byte, count uint64, last bool) {
	var v, m [16]uint64
	copy(v[:8], h[:])
	copy(v[8:], iv[:])
	v[12] ^= count
	if last {
		v[14] = ^v[14]
	}
	for i := range m {
		m[i] = binary.LittleEndian.Uint64(block[8*i:])
	}
	g := func(a, b, c, d int, x, y uint64) {
		v[a] += v[b] + x
		v[d] = bits.RotateLeft64(v[d]^v[a], -32)
		v[c] += v[d]
		v[b] = bits.RotateLeft64(v[b]^v[c], -24)
		v[a] += v[b] + y
		v[d] = bits.RotateLeft64(v[d]^v[a], -16)
		v[c] += v[d]
		v[b] = bits.RotateLeft64(v[b]^v[c], -63)
	}
	for round := 0; round < 12; round++ {
		s := sigma[round%10]
		g(0, 4, 8, 12, m[s[0]], m[s[1]])
		g(1, 5, 9, 13, m[s[2]], m[s[3]])
		g(2, 6, 10, 14, m[s[4]], m[s[5]])
		g(3, 7, 11, 15, m[s[6]], m[s[7]])
		g(0, 5, 10, 15, m[s[8]], m[s[9]])
		g(1, 6, 11, 12, m[s[10]], m[s[11]])
		g(2, 7, 8, 13, m[s[12]], m[s[13]])
		g(3, 4, 9, 14, m[s[14]], m[s[15]])
	}
	for i := range h {
		h[i] ^= v[i] ^ v[i+8]
	}
}
