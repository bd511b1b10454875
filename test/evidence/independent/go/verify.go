package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"
	"time"
)

const payloadType = "application/vnd.in-toto+json"

type verifier struct {
	policy     *policy
	schemas    map[string]object
	compliance bool
	now        time.Time
}

var required = []string{"bundle.json", "envelope.json", "receipt.tlog-proof", "leaf.bin", "salt.bin", "model.json"}

// verify judges each layer as far as the layers below it allow; the worst layer decides.
func (v *verifier) verify(files bundle) report {
	for _, path := range required {
		if _, there := files[path]; !there {
			return report{"malformed", map[string]string{"bundle": "failed"}}
		}
	}
	layers := map[string]string{"bundle": when(manifest(files), "proved")}
	for _, later := range []string{"statement", "subject", "evidence", "leaf", "checkpoint", "anchor", "status"} {
		layers[later] = "skipped"
	}
	r, ok := parseReceipt(files["receipt.tlog-proof"])
	included := ok && included(r, files["leaf.bin"])
	layers["inclusion"] = when(included, "proved")
	place := none
	if included {
		place = r.index
		layers["checkpoint"] = v.policy.judge(r.checkpoint, true)
		data, there := files["anchor.json"]
		layers["anchor"] = v.anchor(data, there, r.checkpoint)
	}
	e, ok := parseEnvelope(files["envelope.json"])
	if !ok {
		layers["envelope"] = "failed"
	} else {
		var signer string
		layers["envelope"], signer = e.judge(v.policy.verdicts, place)
		if layers["envelope"] != "failed" {
			if s := v.statement(e, signer); s == nil {
				layers["statement"] = "failed"
			} else {
				layers["statement"] = "proved"
				layers["subject"] = when(matches(files, s.subjects), "proved")
				layers["evidence"] = when(matches(files, s.evidence) && listed(files, s), "proved")
				layers["leaf"] = when(v.leaf(files["leaf.bin"], files["salt.bin"], e, "verdict", s.id) != nil, "proved")
				if included {
					layers["status"] = v.status(files, s, e, r.checkpoint)
				}
			}
		}
	}
	if data, there := files["timestamp.tsr"]; there {
		layers["timestamp"] = v.timestamp(data, files["envelope.json"])
	}
	status := "verified"
	for _, layer := range layers {
		if layer == "failed" || (layer == "untrusted" && status == "verified") {
			status = layer
		}
	}
	return report{status, layers}
}

func when(fine bool, status string) string {
	if fine {
		return status
	}
	return "failed"
}

func manifest(files bundle) bool {
	value, ok := strictJSON(files["bundle.json"])
	m, exact := fields(value, "files", "v")
	list, isList := m["files"].([]any)
	if !ok || !exact || !isList || m["v"] != json.Number("1") || len(list) != len(files)-1 {
		return false
	}
	var paths []string
	for path := range files {
		if path != "bundle.json" {
			paths = append(paths, path)
		}
	}
	sort.Strings(paths)
	for at, path := range paths {
		if list[at] != path {
			return false
		}
	}
	return true
}

type envelope struct {
	payload    []byte
	pae        []byte
	signatures []struct {
		keyid string
		sig   []byte
	}
}

func parseEnvelope(data []byte) (*envelope, bool) {
	value, ok := strictJSON(data)
	o, exact := fields(value, "payload", "payloadType", "signatures")
	if !ok || !exact || o["payloadType"] != payloadType {
		return nil, false
	}
	text, isText := o["payload"].(string)
	payload, fine := unbase64(text)
	list, isList := o["signatures"].([]any)
	if !isText || !fine || !isList || len(list) < 1 || len(list) > 16 {
		return nil, false
	}
	e := &envelope{payload: payload, pae: append([]byte(fmt.Sprintf("DSSEv1 %d %s %d ", len(payloadType), payloadType, len(payload))), payload...)}
	seen := map[string]bool{}
	for _, each := range list {
		s, exact := fields(each, "keyid", "sig")
		keyid, _ := s["keyid"].(string)
		text, isText := s["sig"].(string)
		sig, fine := unbase64(text)
		if !exact || keyid == "" || seen[keyid] || !isText || !fine {
			return nil, false
		}
		seen[keyid] = true
		e.signatures = append(e.signatures, struct {
			keyid string
			sig   []byte
		}{keyid, sig})
	}
	return e, true
}

// judge says who of some keys signed; `place` is where in the log the envelope belongs: a key counts for smaller indices than its end.
func (e *envelope) judge(keys []*key, place uint64) (status, signer string) {
	status = "untrusted"
	for _, s := range e.signatures {
		for _, k := range keys {
			verified := len(s.sig) == 64 && ed25519.Verify(k.public, e.pae, s.sig)
			if verified != (s.keyid == k.id()) {
				return "failed", ""
			}
			if verified && (k.until == none || place < k.until) && signer == "" {
				status, signer = "signed", k.id()
			}
		}
	}
	return status, signer
}

type statement struct {
	id, issuedAt, validUntil string
	subjects, evidence       []file
}

type file struct{ path, digest string }

// statement reads the payload; nothing when it is not exactly what a verdict says. `signer` is empty when nobody trusted signed.
func (v *verifier) statement(e *envelope, signer string) *statement {
	value, ok := strictJSON(e.payload)
	if !ok || !hasShape(v.schemas["statement"], value) {
		return nil
	}
	o := value.(object)
	predicate := o["predicate"].(object)
	issuer := predicate["issuer"].(object)
	announced := []any{issuer["key"]}
	if also, there := issuer["also"].([]any); there {
		announced = append(announced, also...)
	}
	if signer != "" {
		if announced[0] != signer || len(announced) != len(e.signatures) {
			return nil
		}
		for at, s := range e.signatures {
			if announced[at] != s.keyid {
				return nil
			}
		}
	}
	s := &statement{id: predicate["id"].(string), issuedAt: predicate["issuedAt"].(string)}
	s.validUntil, _ = predicate["validUntil"].(string)
	taken := map[string]bool{"anchor.json": true, "status.json": true, "timestamp.tsr": true}
	for _, path := range required {
		taken[path] = path != "model.json"
	}
	add := func(list *[]file, item any, name string) bool {
		f := file{item.(object)[name].(string), item.(object)["digest"].(object)["sha256"].(string)}
		*list = append(*list, f)
		twice := taken[f.path]
		taken[f.path] = true
		return !twice
	}
	for _, item := range o["subject"].([]any) {
		if !add(&s.subjects, item, "name") {
			return nil
		}
	}
	for _, item := range predicate["evidence"].([]any) {
		if !add(&s.evidence, item, "path") {
			return nil
		}
	}
	// What is checked as it was submitted is the word of a tool: no assurance stands behind it.
	format := predicate["model"].(object)["format"]
	properties := predicate["properties"].([]any)
	script, isScript := predicate["script"].(object)
	if isScript != (format == "smt") || isScript && len(properties) > 0 {
		return nil
	}
	var named []any
	if isScript {
		named = append(named, script["results"])
	}
	for _, property := range properties {
		if format == "tla" && len(property.(object)["assurance"].([]any)) > 0 {
			return nil
		}
		if trace, there := property.(object)["trace"]; there {
			named = append(named, trace)
		}
	}
	if risk, there := predicate["risk"].(object); there {
		named = append(named, risk["card"])
	}
	for _, path := range named {
		there := false
		for _, f := range s.evidence {
			there = there || f.path == path
		}
		if !there {
			return nil
		}
	}
	return s
}

func matches(files bundle, list []file) bool {
	for _, f := range list {
		data, there := files[f.path]
		if hash := sha256.Sum256(data); !there || hex.EncodeToString(hash[:]) != f.digest {
			return false
		}
	}
	return true
}

// listed: a bundle has no file that nothing covers.
func listed(files bundle, s *statement) bool {
	known := map[string]bool{"anchor.json": true, "status.json": true, "timestamp.tsr": true}
	for _, path := range required {
		known[path] = true
	}
	for _, f := range append(append([]file{}, s.subjects...), s.evidence...) {
		known[f.path] = true
	}
	for path := range files {
		if !known[path] {
			return false
		}
	}
	return true
}

// leaf gives the leaf that commits to an envelope; an empty id is not compared.
func (v *verifier) leaf(data, salt []byte, e *envelope, kind, id string) object {
	value, ok := strictJSON(data)
	if !ok || !hasShape(v.schemas["leaf"], value) || len(salt) != 32 {
		return nil
	}
	l := value.(object)
	hash := sha256.Sum256(append(append([]byte{}, salt...), e.pae...))
	if l["kind"] != kind || (id != "" && l["id"] != id) || l["digest"] != "sha256:"+hex.EncodeToString(hash[:]) {
		return nil
	}
	return l
}

// status: what the file says, unless the verdict's time has ended.
func (v *verifier) status(files bundle, s *statement, e *envelope, r *checkpoint) string {
	stated := "skipped"
	if data, there := files["status.json"]; there {
		stated = v.statusFile(data, files["leaf.bin"], s, e, r)
	}
	if stated == "failed" || v.now.IsZero() {
		return stated
	}
	issued, _ := time.Parse(time.RFC3339, s.issuedAt)
	until, err := time.Parse(time.RFC3339, s.validUntil)
	if s.validUntil != "" && err == nil && v.now.After(until) {
		return "untrusted"
	}
	if days := v.policy.maxAgeDays; days > 0 && v.now.Sub(issued) > time.Duration(days)*24*time.Hour {
		return "untrusted"
	}
	return stated
}

func (v *verifier) statusFile(data, leaf []byte, s *statement, e *envelope, r *checkpoint) string {
	value, ok := strictJSON(data)
	if !ok || !hasShape(v.schemas["status-file"], value) {
		return "failed"
	}
	file := value.(object)
	signed, ok := parseEnvelope([]byte(file["envelope"].(string)))
	if !ok {
		return "failed"
	}
	value, ok = strictJSON(signed.payload)
	if !ok || !hasShape(v.schemas["status"], value) {
		return "failed"
	}
	p := value.(object)["predicate"].(object)
	about := sha256.Sum256(e.payload)
	if !speaksOf(value, s.id, hex.EncodeToString(about[:])) || len(signed.signatures) != 1 || signed.signatures[0].keyid != p["issuer"].(object)["key"] {
		return "failed"
	}
	c, ok := parseCheckpoint(file["checkpoint"].(string))
	var lines []string
	for _, each := range file["consistency"].([]any) {
		lines = append(lines, each.(string))
	}
	proof, fine := hashes(lines, 128)
	asOf := p["asOf"].(object)
	if !ok || !fine || asOf["origin"] != c.origin || asOf["size"] != json.Number(fmt.Sprint(c.size)) || asOf["root"] != base64.StdEncoding.EncodeToString(c.root) || c.origin != r.origin || !grew(r, c, proof) {
		return "failed"
	}
	if judged := v.policy.judge(c, false); judged != "signed" {
		return judged
	}
	if judged, _ := signed.judge(v.policy.verdicts, c.size-1); judged != "signed" {
		return judged
	}
	revocation, there := file["revocation"].(object)
	if p["state"] == "valid" {
		_, named := p["revocation"]
		return when(!there && !named, "signed")
	}
	if !there {
		return "failed"
	}
	return v.revocation(revocation, p, leaf, hex.EncodeToString(about[:]), c)
}

func speaksOf(value any, id, digest string) bool {
	subject := value.(object)["subject"].([]any)[0].(object)
	return value.(object)["predicate"].(object)["verdict"] == id && subject["name"] == id && subject["digest"].(object)["sha256"] == digest
}

// revocation: that the log has it; the verdict does not stand then.
func (v *verifier) revocation(entry, stated object, verdictLeaf []byte, about string, asOf *checkpoint) string {
	e, fine := parseEnvelope([]byte(entry["envelope"].(string)))
	salt, whole := unbase64(entry["salt"].(string))
	r, ok := parseReceipt([]byte(entry["receipt"].(string)))
	if !fine || !whole || !ok {
		return "failed"
	}
	leafText := []byte(entry["leaf"].(string))
	l := v.leaf(leafText, salt, e, "revocation", "")
	value, ok := strictJSON(e.payload)
	if l == nil || !ok || !included(r, leafText) {
		return "failed"
	}
	signed, _ := e.judge(v.policy.verdicts, r.index)
	covered := v.policy.judge(r.checkpoint, false)
	if signed == "failed" || covered == "failed" {
		return "failed"
	}
	if signed != "signed" || covered != "signed" {
		return "untrusted"
	}
	own, ok := strictJSON(verdictLeaf)
	if !ok || !hasShape(v.schemas["leaf"], own) || !hasShape(v.schemas["revocation"], value) {
		return "failed"
	}
	p := value.(object)["predicate"].(object)
	subject := value.(object)["subject"].([]any)[0].(object)
	same := l["id"] == p["id"] && p["id"] == stated["revocation"] && l["prev"] == own.(object)["digest"] &&
		subject["digest"].(object)["sha256"] == about && p["verdict"] == stated["verdict"] && p["state"] == stated["state"] &&
		r.checkpoint.origin == asOf.origin && r.index < asOf.size
	return when(same, "untrusted")
}
