#!/usr/bin/env python3
"""A second verifier of Probity bundles, written from docs/evidence.md and the specifications that it names.

It shares no code with src/evidence. Standard library, and Ed25519 from the package `cryptography`.

    verify.py POLICY DIR...      a line for each; exit 0: all verified; 1: not
"""
import base64
import hashlib
import json
import os
import re
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Refused(Exception):
    pass


def need(condition, reason):
    if not condition:
        raise Refused(reason)


def unbase64(text):
    """RFC 4648 section 4, one spelling for each value."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused("base64") from error
    need(base64.b64encode(data).decode() == text, "base64 in another spelling")
    return data


# --- RFC 8785 -------------------------------------------------------------------------------------------------------

def number(value):
    """ECMAScript's Number::toString, which RFC 8785 section 3.2.2.3 asks for."""
    if isinstance(value, int):
        need(abs(value) < 2**53, "a number too large")
        return str(value)
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    mantissa, _, exponent = repr(value).partition("e")
    if not exponent:
        return mantissa
    power = int(exponent)
    sign, digits = ("-", mantissa[1:]) if mantissa[0] == "-" else ("", mantissa)
    if -7 < power < 0:
        return sign + "0." + "0" * (-power - 1) + digits.replace(".", "")
    return sign + digits.removesuffix(".0") + "e" + ("+" if power > 0 else "-") + str(abs(power))


def canonical(value):
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return "{" + ",".join(canonical(key) + ":" + canonical(value[key]) for key in keys) + "}"


def once(pairs):
    need(len({key for key, _ in pairs}) == len(pairs), "a key twice")
    return dict(pairs)


def strict_json(data, what):
    try:
        text = data.decode("utf-8")
        value = json.loads(text, object_pairs_hook=once)
        need(canonical(value) == text, f"{what} is not canonical")
    except (ValueError, RecursionError) as error:
        raise Refused(f"{what} is not JSON") from error
    return value


def fields(value, required, optional=()):
    need(isinstance(value, dict), "not an object")
    need(set(required) <= set(value) <= set(required) | set(optional), f"fields {sorted(value)}")


# --- C2SP signed notes and policies ---------------------------------------------------------------------------------

P = 2**255 - 19
SMALL_ORDER = {0, 1, P - 1} | {
    int.from_bytes(bytes.fromhex(y), "little")
    for y in (
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
}


def sound_key(public):
    """RFC 8032, 5.1.3: y is below p; and the point has not a small order."""
    y = int.from_bytes(public, "little") & (2**255 - 1)
    return y < P and y not in SMALL_ORDER


class Key:
    def __init__(self, vkey, until):
        self.until = until
        self.name, self.hash, encoded = vkey.split("+", 2)
        data = unbase64(encoded)
        need(len(data) == 33 and data[0] == 1, "not an Ed25519 vkey")
        need(sound_key(data[1:]), "a key that nobody may have")
        digest = hashlib.sha256(self.name.encode() + b"\n" + data).digest()
        need(digest[:4].hex() == self.hash, "the hash of a vkey")
        self.id = f"{self.name}+{self.hash}"
        self.public = Ed25519PublicKey.from_public_bytes(data[1:])

    def signed(self, message, signature):
        try:
            self.public.verify(signature, message)
            return True
        except InvalidSignature:
            return False


def read_policy(path):
    policy = {"verdict": [], "log": []}
    for line in open(path, encoding="utf-8"):
        words = line.split()
        if words and words[0] in policy:
            until = decimal(words[-1]) if words[-2] == "until" else float("inf")
            policy[words[0]].append(Key(words[1], until))
        need(words[:1] != ["quorum"] or words[1] == "none", "a quorum, and this verifier knows no witnesses")
    return policy


def check_note(note, logs):
    """The text of a note that a log of the policy signed under its own name."""
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    need(lines.endswith("\n"), "the note has no last newline")
    seen = set()
    trusted = False
    origin, size = text.split("\n")[:2]
    for line in lines[:-1].split("\n"):
        dash, name, encoded = line.split(" ")
        data = unbase64(encoded)
        need(dash == "\u2014" and (name, data[:4]) not in seen, "a signature line")
        seen.add((name, data[:4]))
        for log in logs:
            if log.name == name and log.hash == data[:4].hex():
                need(log.signed(text.encode(), data[4:]), "the log's signature")
                trusted = trusted or (origin == name and decimal(size) <= log.until)
                break
        else:
            # Somebody else's: only what a cosigner adds (c2sp.org/tlog-cosignature, Ed25519 or ML-DSA-44) is passed over.
            need(len(data) - 4 in (72, 2428), "a stray signature")
    need(trusted, "no log of the policy signed the checkpoint")
    return text


# --- RFC 9162 section 2.1.3.2 ---------------------------------------------------------------------------------------

def root_of(index, size, leaf_hash, path):
    need(index < size, "the index")
    fn, sn, result = index, size - 1, leaf_hash
    for step in path:
        need(sn > 0, "the proof is too long")
        if fn & 1 or fn == sn:
            result = hashlib.sha256(b"\x01" + step + result).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = hashlib.sha256(b"\x01" + result + step).digest()
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "the proof is too short")
    return result


def decimal(text):
    need(re.fullmatch(r"0|[1-9][0-9]*", text), "a decimal")
    return int(text)


# --- the bundle -----------------------------------------------------------------------------------------------------

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def verify(folder, policy):
    files = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            need(not os.path.islink(path), "a link")
            files[os.path.relpath(path, folder).replace(os.sep, "/")] = open(path, "rb").read()
    manifest = strict_json(files["bundle.json"], "bundle.json")
    fields(manifest, ["files", "v"])
    need(manifest["v"] == 1 and manifest["v"] is not True, "the version")
    need(manifest["files"] == sorted(set(files) - {"bundle.json"}), "the list of files")

    envelope = strict_json(files["envelope.json"], "envelope.json")
    fields(envelope, ["payload", "payloadType", "signatures"])
    need(envelope["payloadType"] == PAYLOAD_TYPE, "the payload type")
    payload = unbase64(envelope["payload"])
    pae = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)
    statement = strict_json(payload, "the statement")
    need(statement["predicateType"] == "urn:probity:formal-verdict:v1", "the predicate type")
    fields(statement, ["_type", "subject", "predicateType", "predicate"])
    predicate = statement["predicate"]
    announced = [predicate["issuer"]["key"], *predicate["issuer"].get("also", [])]
    need([each["keyid"] for each in envelope["signatures"]] == announced, "other signatures than announced")
    keys = {key.id: key for key in policy["verdict"]}
    need(announced[0] in keys, "the issuer's key is not in the policy")
    key = keys[announced[0]]
    need(key.signed(pae, unbase64(envelope["signatures"][0]["sig"])), "the issuer's signature")

    listed = {each["name"]: each["digest"]["sha256"] for each in statement["subject"]}
    listed |= {each["path"]: each["digest"]["sha256"] for each in predicate["evidence"]}
    for path, digest in listed.items():
        need(hashlib.sha256(files[path]).hexdigest() == digest, f"the digest of {path}")
    known = set(listed) | {"bundle.json", "envelope.json", "leaf.bin", "salt.bin", "receipt.tlog-proof", "anchor.json", "status.json", "timestamp.tsr"}
    need(set(files) <= known, "a file that nothing signs")

    leaf = strict_json(files["leaf.bin"], "leaf.bin")
    fields(leaf, ["digest", "id", "kind", "v"], ["prev"])
    need(leaf["v"] == 1 and leaf["kind"] == "verdict" and leaf["id"] == predicate["id"], "the leaf")
    need(len(files["salt.bin"]) == 32, "the salt")
    need(leaf["digest"] == "sha256:" + hashlib.sha256(files["salt.bin"] + pae).hexdigest(), "the leaf's digest")

    head, _, note = files["receipt.tlog-proof"].decode("utf-8").partition("\n\n")
    lines = head.split("\n")
    need(lines[0] == "c2sp.org/tlog-proof@v1" and lines[1].startswith("index "), "the receipt")
    path = [unbase64(line) for line in lines[2:]]
    need(all(len(step) == 32 for step in path), "the receipt's hashes")
    origin, size, root, *_ = check_note(note, policy["log"]).split("\n")
    leaf_hash = hashlib.sha256(b"\x00" + files["leaf.bin"]).digest()
    index = decimal(lines[1][len("index "):])
    need(index < key.until, "the issuer's key was retired before")
    need(root_of(index, decimal(size), leaf_hash, path) == unbase64(root), "the root")
    return predicate["id"], origin


def judge(folder, path):
    try:
        return "verified: " + " ".join(verify(folder, read_policy(path)))
    except (Refused, KeyError, IndexError, TypeError, ValueError) as error:
        return f"refused: {type(error).__name__} {error}".replace("\n", " ")


if __name__ == "__main__":
    said = [judge(folder, sys.argv[1]) for folder in sys.argv[2:]]
    print(*said, sep="\n")
    sys.exit(0 if all(each.startswith("verified") for each in said) else 1)
