package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

type object = map[string]any

// strictJSON reads bytes that must be the RFC 8785 form of a value: parse, write again, compare.
func strictJSON(data []byte) (any, bool) {
	if !utf8.Valid(data) || depth(data) > 64 {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil, false
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, false
	}
	var out strings.Builder
	if !canonical(&out, value) || out.String() != string(data) {
		return nil, false
	}
	return value, true
}

func depth(data []byte) int {
	now, most, quoted := 0, 0, false
	for at := 0; at < len(data); at++ {
		switch c := data[at]; {
		case quoted && c == '\\':
			at++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '{' || c == '['):
			if now++; now > most {
				most = now
			}
		case !quoted && (c == '}' || c == ']'):
			now--
		}
	}
	return most
}

func canonical(out *strings.Builder, value any) bool {
	switch v := value.(type) {
	case nil:
		out.WriteString("null")
	case bool:
		out.WriteString(strconv.FormatBool(v))
	case json.Number:
		text, ok := number(v)
		if !ok {
			return false
		}
		out.WriteString(text)
	case string:
		quote(out, v)
	case []any:
		out.WriteByte('[')
		for at, item := range v {
			if at > 0 {
				out.WriteByte(',')
			}
			if !canonical(out, item) {
				return false
			}
		}
		out.WriteByte(']')
	case object:
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		sort.Slice(keys, func(a, b int) bool { return lessUTF16(keys[a], keys[b]) })
		out.WriteByte('{')
		for at, key := range keys {
			if at > 0 {
				out.WriteByte(',')
			}
			quote(out, key)
			out.WriteByte(':')
			if !canonical(out, v[key]) {
				return false
			}
		}
		out.WriteByte('}')
	}
	return true
}

// number is ECMAScript's Number::toString (RFC 8785 section 3.2.2.3).
func number(n json.Number) (string, bool) {
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil || math.IsInf(f, 0) {
		return "", false
	}
	if f == 0 {
		return "0", true
	}
	if size := math.Abs(f); size >= 1e21 || size < 1e-6 {
		text := strconv.FormatFloat(f, 'e', -1, 64)
		mantissa, exponent, _ := strings.Cut(text, "e")
		sign := exponent[:1]
		return mantissa + "e" + sign + strings.TrimLeft(exponent[1:], "0"), true
	}
	return strconv.FormatFloat(f, 'f', -1, 64), true
}

func quote(out *strings.Builder, text string) {
	const hex = "0123456789abcdef"
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\t': `\t`, '\n': `\n`, '\f': `\f`, '\r': `\r`}
	out.WriteByte('"')
	for _, r := range text {
		if escape, ok := short[r]; ok {
			out.WriteString(escape)
		} else if r < 0x20 {
			out.WriteString(`\u00` + string(hex[r>>4]) + string(hex[r&15]))
		} else {
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
}

func lessUTF16(a, b string) bool {
	x, y := utf16.Encode([]rune(a)), utf16.Encode([]rune(b))
	for at := 0; at < len(x) && at < len(y); at++ {
		if x[at] != y[at] {
			return x[at] < y[at]
		}
	}
	return len(x) < len(y)
}

// unbase64 is RFC 4648 section 4, one spelling for each value (Go's decoder passes over line ends).
func unbase64(text string) ([]byte, bool) {
	data, err := base64.StdEncoding.DecodeString(text)
	return data, err == nil && base64.StdEncoding.EncodeToString(data) == text
}

// fields gives the object if it has exactly these.
func fields(value any, names ...string) (object, bool) {
	o, ok := value.(object)
	if !ok || len(o) != len(names) {
		return nil, false
	}
	for _, name := range names {
		if _, there := o[name]; !there {
			return nil, false
		}
	}
	return o, true
}

// hasShape judges by the part of JSON Schema that schemas/*.schema.json use; an unknown keyword ends the program.
func hasShape(schema object, value any) bool {
	for keyword, rule := range schema {
		if !obeys(keyword, rule, schema, value) {
			return false
		}
	}
	return true
}

func obeys(keyword string, rule any, schema object, value any) bool {
	list, isList := value.([]any)
	o, isObject := value.(object)
	text, isText := value.(string)
	n, isNumber := value.(json.Number)
	switch keyword {
	case "$schema", "$id", "title":
		return true
	case "type":
		switch rule {
		case "object":
			return isObject
		case "array":
			return isList
		case "string":
			return isText
		case "number":
			return isNumber
		case "integer":
			f, _ := strconv.ParseFloat(string(n), 64)
			return isNumber && f == math.Trunc(f)
		case "boolean":
			_, is := value.(bool)
			return is
		}
	case "const":
		return value == rule
	case "enum":
		for _, each := range rule.([]any) {
			if each == value {
				return true
			}
		}
		return false
	case "pattern":
		return !isText || pattern(rule.(string)).MatchString(text)
	case "maxLength":
		return !isText || utf8.RuneCountInString(text) <= limit(rule)
	case "minimum":
		f, _ := strconv.ParseFloat(string(n), 64)
		return !isNumber || f >= float64(limit(rule))
	case "minItems":
		return !isList || len(list) >= limit(rule)
	case "maxItems":
		return !isList || len(list) <= limit(rule)
	case "required":
		for _, name := range rule.([]any) {
			if _, there := o[name.(string)]; isObject && !there {
				return false
			}
		}
		return true
	case "properties":
		for name, item := range o {
			if shape, there := rule.(object)[name]; there && !hasShape(shape.(object), item) {
				return false
			}
		}
		return true
	case "additionalProperties":
		known, _ := schema["properties"].(object)
		for name, item := range o {
			if _, there := known[name]; there {
				continue
			}
			if shape, is := rule.(object); !is || !hasShape(shape, item) {
				return false
			}
		}
		return true
	case "items":
		for at, item := range list {
			shape, one := rule.(object)
			if each, is := rule.([]any); is && at < len(each) {
				shape, one = each[at].(object), true
			}
			if one && !hasShape(shape, item) {
				return false
			}
		}
		return true
	case "anyOf":
		for _, shape := range rule.([]any) {
			if hasShape(shape.(object), value) {
				return true
			}
		}
		return false
	}
	panic("a schema uses " + keyword)
}

func limit(rule any) int {
	n, _ := strconv.Atoi(string(rule.(json.Number)))
	return n
}

var patterns = map[string]*regexp.Regexp{}

func pattern(text string) *regexp.Regexp {
	if patterns[text] == nil {
		patterns[text] = regexp.MustCompile(text)
	}
	return patterns[text]
}
