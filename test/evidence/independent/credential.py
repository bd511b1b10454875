#!/usr/bin/env python3
"""Verifies a W3C credential of Probity, written from vc-di-eddsa (section 3.3, eddsa-jcs-2022), VC-JOSE-COSE and did:key.

    credential.py vc|vc-jwt FILE DID     exit 0: signed by this did:key; 1: not
"""
import base64
import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from verify import canonical

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def multibase(text):
    assert text[0] == "z"
    value = 0
    for character in text[1:]:
        value = value * 58 + ALPHABET.index(character)
    zeroes = len(text[1:]) - len(text[1:].lstrip("1"))
    return b"\0" * zeroes + value.to_bytes((value.bit_length() + 7) // 8, "big")


def key_of(did):
    data = multibase(did.removeprefix("did:key:"))
    assert data[:2] == b"\xed\x01" and len(data) == 34
    return Ed25519PublicKey.from_public_bytes(data[2:])


def check_vc(text, did):
    document = json.loads(text)
    proof = document.pop("proof")
    signature = multibase(proof.pop("proofValue"))
    assert proof["type"] == "DataIntegrityProof" and proof["cryptosuite"] == "eddsa-jcs-2022"
    assert proof["proofPurpose"] == "assertionMethod" and proof["@context"] == document["@context"]
    assert proof["verificationMethod"] == did + "#" + did.removeprefix("did:key:")
    digest = lambda value: hashlib.sha256(canonical(value).encode()).digest()
    key_of(did).verify(signature, digest(proof) + digest(document))
    return document


def check_jwt(text, did):
    head, body, signature = text.split(".")
    unpack = lambda part: base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    header = json.loads(unpack(head))
    assert header["alg"] == "EdDSA" and header["typ"] == "vc+jwt" and header["iss"] == did
    key_of(did).verify(unpack(signature), f"{head}.{body}".encode())
    return json.loads(unpack(body))


if __name__ == "__main__":
    kind, file, did = sys.argv[1:]
    try:
        credential = {"vc": check_vc, "vc-jwt": check_jwt}[kind](open(file, encoding="utf-8").read(), did)
        assert credential["@context"][0] == "https://www.w3.org/ns/credentials/v2" and "VerifiableCredential" in credential["type"]
        assert credential["issuer"]["id"] == did
        print(credential["id"])
    except (AssertionError, InvalidSignature, KeyError, ValueError) as error:
        print(f"refused: {type(error).__name__}", file=sys.stderr)
        sys.exit(1)
