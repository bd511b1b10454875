package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"time"

	_ "crypto/sha512"
)

type algorithm struct {
	OID        asn1.ObjectIdentifier
	Parameters asn1.RawValue `asn1:"optional"`
}

// RFC 3161, section 2.4.2, and RFC 5652, section 5.
type timestampResponse struct {
	Status struct {
		Status int
		Text   []string       `asn1:"optional"`
		Fail   asn1.BitString `asn1:"optional"`
	}
	Token struct {
		Type asn1.ObjectIdentifier
		Data struct {
			Version int
			Digests asn1.RawValue
			Content struct {
				Type asn1.ObjectIdentifier
				Info []byte `asn1:"explicit,tag:0"`
			}
			Certificates asn1.RawValue   `asn1:"optional,tag:0"`
			CRLs         asn1.RawValue   `asn1:"optional,tag:1"`
			Signers      []asn1.RawValue `asn1:"set"`
		} `asn1:"explicit,tag:0"`
	}
}

type signerInfo struct {
	Version    int
	ID         asn1.RawValue
	Digest     algorithm
	Attributes asn1.RawValue `asn1:"tag:0"`
	Signature  algorithm
	Value      []byte
	Unsigned   asn1.RawValue `asn1:"optional,tag:1"`
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

type timestampInfo struct {
	Version int
	Policy  asn1.ObjectIdentifier
	Imprint struct {
		Algorithm algorithm
		Hash      []byte
	}
	Serial *big.Int
	Time   time.Time     `asn1:"generalized"`
	Rest   asn1.RawValue `asn1:"optional"`
}

var sha2 = map[string]crypto.Hash{
	"2.16.840.1.101.3.4.2.1": crypto.SHA256, "2.16.840.1.101.3.4.2.2": crypto.SHA384, "2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

type scheme struct {
	rsa  bool
	hash crypto.Hash
}

var schemes = map[string]scheme{
	"1.2.840.113549.1.1.11": {true, crypto.SHA256}, "1.2.840.113549.1.1.12": {true, crypto.SHA384}, "1.2.840.113549.1.1.13": {true, crypto.SHA512},
	"1.2.840.10045.4.3.2": {false, crypto.SHA256}, "1.2.840.10045.4.3.3": {false, crypto.SHA384}, "1.2.840.10045.4.3.4": {false, crypto.SHA512},
}

// certificate is as much of RFC 5280, section 4.1, as a pinned one has to be read.
type certificate struct {
	Body struct {
		Version   int `asn1:"optional,explicit,default:0,tag:0"`
		Serial    *big.Int
		Algorithm algorithm
		Issuer    asn1.RawValue
		Validity  struct{ From, To time.Time }
		Subject   asn1.RawValue
		Key       asn1.RawValue
	}
	Algorithm algorithm
	Signature asn1.BitString
}

func exactly(data []byte, into any) bool {
	rest, err := asn1.Unmarshal(data, into)
	return err == nil && len(rest) == 0
}

func (v *verifier) timestamp(data, envelope []byte) string {
	var response timestampResponse
	var signer signerInfo
	var info timestampInfo
	if !exactly(data, &response) || response.Status.Status < 0 || response.Status.Status > 1 {
		return "failed"
	}
	signed := response.Token.Data
	if response.Token.Type.String() != "1.2.840.113549.1.7.2" || signed.Content.Type.String() != "1.2.840.113549.1.9.16.1.4" || len(signed.Signers) != 1 ||
		!exactly(signed.Signers[0].FullBytes, &signer) || !readInfo(signed.Content.Info, &info) {
		return "failed"
	}
	imprint := sha256.Sum256(envelope)
	if info.Imprint.Algorithm.OID.String() != "2.16.840.1.101.3.4.2.1" || !bytes.Equal(info.Imprint.Hash, imprint[:]) {
		return "failed"
	}
	attributes := append([]byte{}, signer.Attributes.FullBytes...)
	attributes[0] = 0x31
	digest, ok := messageDigest(signer.Attributes.Bytes)
	if !ok {
		return "failed"
	}
	hash, known := sha2[signer.Digest.OID.String()]
	how, ours := schemes[signer.Signature.OID.String()]
	if signer.Signature.OID.String() == "1.2.840.113549.1.1.1" {
		how, ours = scheme{true, hash}, known
	}
	if !known || !ours {
		return "skipped"
	}
	h := hash.New()
	h.Write(signed.Content.Info)
	if !bytes.Equal(h.Sum(nil), digest) {
		return "failed"
	}
	for rest := signed.Certificates.Bytes; len(rest) > 0; {
		var raw asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &raw); err != nil {
			break
		}
		var c certificate
		if !exactly(raw.FullBytes, &c) || !signedBy(c.Body.Key.FullBytes, how, attributes, signer.Value) {
			continue
		}
		pin := sha256.Sum256(raw.FullBytes)
		switch {
		case len(v.policy.authorities) == 0:
			return "skipped"
		case !v.policy.authorities[hex.EncodeToString(pin[:])], info.Time.Before(c.Body.Validity.From), info.Time.After(c.Body.Validity.To):
			return "untrusted"
		}
		return "signed"
	}
	return "failed"
}

func signedBy(spki []byte, s scheme, message, signature []byte) bool {
	key, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return false
	}
	h := s.hash.New()
	h.Write(message)
	switch k := key.(type) {
	case *rsa.PublicKey:
		return s.rsa && rsa.VerifyPKCS1v15(k, s.hash, h.Sum(nil), signature) == nil
	case *ecdsa.PublicKey:
		return !s.rsa && ecdsa.VerifyASN1(k, h.Sum(nil), signature)
	}
	return false
}

// readInfo passes over the optional fields behind the time.
func readInfo(data []byte, info *timestampInfo) bool {
	var whole asn1.RawValue
	if !exactly(data, &whole) {
		return false
	}
	fields := []any{&info.Version, &info.Policy, &info.Imprint, &info.Serial}
	rest := whole.Bytes
	for _, field := range fields {
		var err error
		if rest, err = asn1.Unmarshal(rest, field); err != nil {
			return false
		}
	}
	_, err := asn1.UnmarshalWithParams(rest, &info.Time, "generalized")
	return err == nil
}

// messageDigest reads the two attributes that RFC 5652, section 11, asks for.
func messageDigest(attributes []byte) ([]byte, bool) {
	var digest []byte
	typed := false
	for rest := attributes; len(rest) > 0; {
		var a attribute
		var err error
		if rest, err = asn1.Unmarshal(rest, &a); err != nil || len(a.Values) == 0 {
			return nil, false
		}
		switch a.Type.String() {
		case "1.2.840.113549.1.9.3":
			var kind asn1.ObjectIdentifier
			typed = len(a.Values) == 1 && exactly(a.Values[0].FullBytes, &kind) && kind.String() == "1.2.840.113549.1.9.16.1.4"
		case "1.2.840.113549.1.9.4":
			if len(a.Values) != 1 || !exactly(a.Values[0].FullBytes, &digest) {
				return nil, false
			}
		}
	}
	return digest, typed && digest != nil
}
