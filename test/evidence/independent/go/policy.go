package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"time"
)

type group struct {
	threshold int
	members   []string
}

type sender struct {
	network, address string
	until            uint64
}

type policy struct {
	verdicts, logs []*key
	witnesses      map[string]*key
	groups         map[string]group
	quorum         string
	ledgers        []sender
	authorities    map[string]bool
	maxAgeDays     uint64
	now            time.Time // judged by; the clock's where it is zero
}

var pin = regexp.MustCompile(`^[0-9a-f]{64}$`)
var address = regexp.MustCompile(`^0x[0-9a-f]{64}$`)

// parsePolicy reads a C2SP tlog-policy with the keywords `verdict`, `ledger`, `max-age` and `until`.
func parsePolicy(text string) (*policy, error) {
	p := &policy{witnesses: map[string]*key{}, groups: map[string]group{}, authorities: map[string]bool{}}
	member := map[string]bool{}
	var known [][]byte
	add := func(vkey string, kind byte) (*key, error) {
		k, ok := parseKey(vkey)
		if !ok || k.kind != kind {
			return nil, fmt.Errorf("no key of type %d: %s", kind, vkey)
		}
		for _, other := range known {
			if bytes.Equal(other, k.public) {
				return nil, fmt.Errorf("listed twice: %s", vkey)
			}
		}
		known = append(known, k.public)
		return k, nil
	}
	if strings.ContainsFunc(text, func(r rune) bool { return (r < 0x20 && r != '\t' && r != '\n') || r == 0x7f }) {
		return nil, fmt.Errorf("a control character")
	}
	for _, each := range strings.Split(text, "\n") {
		words := strings.FieldsFunc(each, func(r rune) bool { return r == ' ' || r == '\t' })
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		keyword, words := words[0], words[1:]
		until := none
		if count := len(words); count >= 2 && words[count-2] == "until" {
			n, ok := decimal(words[count-1])
			if !ok {
				return nil, fmt.Errorf("until: %s", each)
			}
			until, words = n, words[:count-2]
		}
		wrong := fmt.Errorf("cannot be read: %s", each)
		if until != none && keyword != "verdict" && keyword != "log" && keyword != "ledger" {
			return nil, wrong
		}
		taken := func(name string) bool {
			_, witness := p.witnesses[name]
			_, other := p.groups[name]
			return name == "none" || witness || other
		}
		switch {
		case keyword == "verdict" && len(words) == 1, keyword == "log" && (len(words) == 1 || len(words) == 2):
			k, err := add(words[0], 1)
			if err != nil {
				return nil, err
			}
			k.until = until
			if keyword == "log" {
				p.logs = append(p.logs, k)
			} else {
				p.verdicts = append(p.verdicts, k)
			}
		case keyword == "witness" && (len(words) == 2 || len(words) == 3) && !taken(words[0]):
			k, err := add(words[1], 4)
			if err != nil {
				return nil, err
			}
			p.witnesses[words[0]] = k
		case keyword == "group" && len(words) >= 3 && !taken(words[0]):
			members := words[2:]
			for at, name := range members {
				if name == "none" || !taken(name) || member[name] {
					return nil, wrong
				}
				for _, other := range members[:at] {
					if other == name {
						return nil, wrong
					}
				}
			}
			threshold, ok := uint64(0), true
			switch words[1] {
			case "all":
				threshold = uint64(len(members))
			case "any":
				threshold = 1
			default:
				threshold, ok = decimal(words[1])
			}
			if !ok || threshold < 1 || threshold > uint64(len(members)) {
				return nil, wrong
			}
			for _, name := range members {
				member[name] = true
			}
			p.groups[words[0]] = group{int(threshold), members}
		case keyword == "quorum" && len(words) == 1 && p.quorum == "" && taken(words[0]):
			p.quorum = words[0]
		case keyword == "ledger" && len(words) == 2 && address.MatchString(words[1]):
			for _, other := range p.ledgers {
				if other.network == words[0] && other.address == words[1] {
					return nil, wrong
				}
			}
			p.ledgers = append(p.ledgers, sender{words[0], words[1], until})
		case keyword == "tsa" && len(words) == 1 && pin.MatchString(words[0]) && !p.authorities[words[0]]:
			p.authorities[words[0]] = true
		case keyword == "max-age" && len(words) == 1 && p.maxAgeDays == 0:
			n, ok := decimal(words[0])
			if !ok || n < 1 {
				return nil, wrong
			}
			p.maxAgeDays = n
		default:
			return nil, wrong
		}
	}
	if p.quorum == "" {
		return nil, fmt.Errorf("no quorum line")
	}
	return p, nil
}

func (p *policy) met(name string, cosigned map[string]bool) bool {
	if name == "none" {
		return true
	}
	g, is := p.groups[name]
	if !is {
		return cosigned[name]
	}
	count := 0
	for _, member := range g.members {
		if p.met(member, cosigned) {
			count++
		}
	}
	return count >= g.threshold
}
