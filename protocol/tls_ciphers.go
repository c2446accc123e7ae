package protocol

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// cipher is one of Go's cipher suites for TLS 1.2 and before, by OpenSSL's name, with
// the words by which OpenSSL's cipher lists mean it.
type cipher struct {
	name  string
	id    uint16
	words string
}

// ciphers are all of them, the better ones first. Those that Go takes for insecure are
// there for who names them, and are not part of DEFAULT, ALL or HIGH.
var ciphers = []cipher{
	{"ECDHE-ECDSA-AES128-GCM-SHA256", tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDSA AES128 AESGCM SHA256"},
	{"ECDHE-RSA-AES128-GCM-SHA256", tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "RSA AES128 AESGCM SHA256"},
	{"ECDHE-ECDSA-AES256-GCM-SHA384", tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDSA AES256 AESGCM SHA384"},
	{"ECDHE-RSA-AES256-GCM-SHA384", tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "RSA AES256 AESGCM SHA384"},
	{"ECDHE-ECDSA-CHACHA20-POLY1305", tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDSA CHACHA20"},
	{"ECDHE-RSA-CHACHA20-POLY1305", tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "RSA CHACHA20"},
	{"ECDHE-ECDSA-AES128-SHA", tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, "ECDSA AES128 SHA1"},
	{"ECDHE-RSA-AES128-SHA", tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "RSA AES128 SHA1"},
	{"ECDHE-ECDSA-AES256-SHA", tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, "ECDSA AES256 SHA1"},
	{"ECDHE-RSA-AES256-SHA", tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, "RSA AES256 SHA1"},
	{"ECDHE-ECDSA-AES128-SHA256", tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, "insecure"},
	{"ECDHE-RSA-AES128-SHA256", tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, "insecure"},
	{"AES128-GCM-SHA256", tls.TLS_RSA_WITH_AES_128_GCM_SHA256, "insecure"},
	{"AES256-GCM-SHA384", tls.TLS_RSA_WITH_AES_256_GCM_SHA384, "insecure"},
	{"AES128-SHA256", tls.TLS_RSA_WITH_AES_128_CBC_SHA256, "insecure"},
	{"AES128-SHA", tls.TLS_RSA_WITH_AES_128_CBC_SHA, "insecure"},
	{"AES256-SHA", tls.TLS_RSA_WITH_AES_256_CBC_SHA, "insecure"},
}

// everyCipher are the words that all secure ciphers have in common.
const everyCipher = "ALL DEFAULT HIGH ECDHE EECDH kECDHE kEECDH TLSv1.2"

// noCipher are words of OpenSSL's that no cipher here has: to exclude them, as many
// lists do, excludes nothing.
const noCipher = "COMPLEMENTOFDEFAULT COMPLEMENTOFALL MEDIUM LOW EXP EXPORT NULL aNULL eNULL DES 3DES RC2 RC4 IDEA SEED MD5 " +
	"PSK kPSK aPSK ECDHEPSK RSAPSK DHEPSK SRP kSRP aSRP DSS aDSS DH ADH AECDH DHE kDHE EDH kEDH kRSA CAMELLIA ARIA SSLv2 SSLv3 " +
	"GOST aGOST kGOST CBC3 AESCCM AESCCM8"

// parseCiphers reads a cipher list of OpenSSL's: elements between colons (or commas or
// spaces), each a name, a word for many, or several joined by "+"; "!" and "-" take
// them out, "+" in front moves them to the end, and what begins with "@" is about an
// order that Go chooses itself. An empty list leaves the choice to Go: the result is
// nil then.
func parseCiphers(text string) ([]uint16, error) {
	elements := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(":, ;", r) })
	if len(elements) == 0 {
		return nil, nil
	}
	chosen, banned := []uint16{}, []uint16{}
	for _, element := range elements {
		if element[0] == '@' {
			continue
		}
		name := strings.TrimLeft(element, "!-+")
		some, err := findCiphers(name)
		if err != nil {
			return nil, err
		}
		has := func(id uint16) bool { return slices.Contains(some, id) }
		switch element[0] {
		case '!':
			banned = append(banned, some...)
			chosen = slices.DeleteFunc(chosen, has)
		case '-':
			chosen = slices.DeleteFunc(chosen, has)
		case '+':
		default:
			for _, id := range some {
				if !slices.Contains(chosen, id) && !slices.Contains(banned, id) {
					chosen = append(chosen, id)
				}
			}
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("tls-ciphers: %q leaves no cipher", text)
	}
	return chosen, nil
}

// findCiphers are the ciphers that a name or a word stands for, or several words that
// must all fit.
func findCiphers(element string) ([]uint16, error) {
	for _, c := range ciphers {
		if strings.EqualFold(c.name, element) {
			return []uint16{c.id}, nil
		}
	}
	var found []uint16
	for _, c := range ciphers {
		fits := c.words != "insecure"
		for word := range strings.SplitSeq(element, "+") {
			known, has := c.word(word)
			if !known {
				return nil, fmt.Errorf("tls-ciphers: %q is no cipher that this server has", element)
			}
			fits = fits && has
		}
		if fits {
			found = append(found, c.id)
		}
	}
	return found, nil
}

// word tells whether a word means a cipher among others, and whether there is such a
// word.
func (c *cipher) word(word string) (known, has bool) {
	switch word {
	case "AES":
		return true, !strings.Contains(c.words, "CHACHA20")
	case "ECDSA", "aECDSA":
		return true, strings.Contains(c.words, "ECDSA")
	case "RSA", "aRSA":
		return true, strings.HasPrefix(c.words, "RSA")
	case "SHA", "SHA1":
		return true, strings.HasSuffix(c.words, "SHA1")
	case "AES128", "AES256", "AESGCM", "CHACHA20", "SHA256", "SHA384":
		return true, slices.Contains(strings.Fields(c.words), word)
	}
	if slices.Contains(strings.Fields(everyCipher), word) {
		return true, true
	}
	return slices.Contains(strings.Fields(noCipher), word), false
}

// checkSuites checks tls-ciphersuites, the suites of TLS 1.3. Go has three and uses
// all of them, so a list must have all of them, too.
func checkSuites(text string) error {
	if text == "" {
		return nil
	}
	all := []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
	given := strings.Split(text, ":")
	for _, name := range given {
		if !slices.Contains(all, name) {
			return fmt.Errorf("tls-ciphersuites: %q is no cipher suite of TLS 1.3 that this server has", name)
		}
	}
	for _, name := range all {
		if !slices.Contains(given, name) {
			return errors.New("tls-ciphersuites: the suites of TLS 1.3 cannot be chosen from; the list must have " +
				strings.Join(all, ", "))
		}
	}
	return nil
}
