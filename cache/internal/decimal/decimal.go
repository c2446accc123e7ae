// Package decimal reads integers in the one form in which Redis takes them: as it would
// print them itself. What reads as an integer is stored as one (a string's encoding, an
// entry of a listpack), and comes back as the same bytes; so "+1", "01", "-0" and " 1" are
// strings and nothing else.
package decimal

// Parse reads a 64-bit integer: no plus sign, no leading zeros or spaces, no minus zero.
// It is Redis's string2ll.
func Parse(s []byte) (n int64, ok bool) {
	if len(s) == 0 || len(s) > 20 {
		return 0, false
	}
	digits := s
	if s[0] == '-' {
		digits = s[1:]
	}
	if len(digits) == 0 || len(digits) > 19 || digits[0] == '0' && len(s) > 1 {
		return 0, false
	}
	u := uint64(0)
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return 0, false
		}
		u = u*10 + uint64(c) // 19 digits stay below 10^19, which fits
	}
	if len(digits) < len(s) {
		return -int64(u), u <= 1<<63
	}
	return int64(u), u < 1<<63
}
