package mix

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/ashlar-cache/ashlar/bench/dist"
)

// DefaultExponent is that of Zipf's law where none is given, as YCSB has it.
const DefaultExponent = 0.99

// maxValue bounds the size of values.
const maxValue = 512 << 20

// parsePopularity reads how keys are drawn:
//
//	uniform              each as often as any other
//	zipf[:S]             by Zipf's law with the exponent S (0.99)
//	hotspot[:K,R]        the share K of the keys gets the share R of the requests (0.2,0.8)
//	latest[:S]           by Zipf's law counted from the newest key
//	sequential           one after the other
//	shifting[:S,T]       Zipf's law, and after T requests other keys are popular (0.99,1000000)
func parsePopularity(text string) (p popularity, err error) {
	name, rest, _ := strings.Cut(text, ":")
	p.exponent = DefaultExponent
	switch name {
	case "uniform", "sequential":
		if rest != "" {
			return p, fmt.Errorf("popularity %q: %s takes no parameter", text, name)
		}
		if name == "sequential" {
			p.shape = sequential
		}
	case "zipf", "latest":
		p.shape = zipf
		if name == "latest" {
			p.shape = latest
		}
		err = numbers(rest, &p.exponent)
	case "hotspot":
		p.shape, p.hot, p.drawn = hotspot, 0.2, 0.8
		if err = numbers(rest, &p.hot, &p.drawn); err == nil && !(p.hot > 0 && p.hot <= 1 && p.drawn >= 0 && p.drawn <= 1) {
			err = fmt.Errorf("shares lie between 0 and 1")
		}
	case "shifting":
		every := 1_000_000.0
		p.shape = shifting
		if err = numbers(rest, &p.exponent, &every); err == nil && !(every >= 1 && every <= 1e15) {
			err = fmt.Errorf("%v requests are no period", every)
		}
		p.every = uint64(every)
	default:
		return p, fmt.Errorf("popularity %q: there are uniform, zipf:S, hotspot:K,R, latest:S, sequential and shifting:S,T", text)
	}
	if p.exponent == 0 && p.shape == zipf { // each rank alike
		p.shape, p.exponent = uniform, DefaultExponent
	}
	if err == nil && !(p.exponent > 0 && p.exponent <= 100) {
		err = fmt.Errorf("%v is no exponent", p.exponent)
	}
	if err != nil {
		return p, fmt.Errorf("popularity %q: %w", text, err)
	}
	return p, nil
}

// numbers reads as many of the numbers, with commas between them, as there are.
func numbers(text string, into ...*float64) error {
	if text == "" {
		return nil
	}
	for i, t := range strings.Split(text, ",") {
		if i == len(into) {
			return fmt.Errorf("more than %d numbers", len(into))
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(t), 64)
		if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
			return fmt.Errorf("%q is not a number", t)
		}
		*into[i] = v
	}
	return nil
}

// ParseValues reads how large values are, in bytes:
//
//	64                       all alike
//	uniform:LOW-HIGH         uniform, both included
//	lognormal:MEAN[,SIGMA]   the logarithm is normal with deviation SIGMA (1), the mean is MEAN
//	file:PATH                as often as in a file with a size, or "size,weight", in a line
//	9*64+1*uniform:1000-4000 nine in ten as the first says, the others as the second
func ParseValues(text string) (dist.Sizes, error) {
	s, err := parseSizes(text, func(t string) (float64, error) {
		v, err := strconv.ParseFloat(t, 64)
		if err != nil || !(v >= 0 && v <= maxValue) {
			return 0, fmt.Errorf("%q is not a number of bytes up to %d", t, maxValue)
		}
		return v, nil
	}, 0)
	if err != nil {
		return nil, fmt.Errorf("values %q: %w", text, err)
	}
	return s, nil
}

// longestTTL bounds what a log-normal time to live can come to, in milliseconds.
const longestTTL = int(10 * 365 * 24 * time.Hour / time.Millisecond)

// ParseTTL reads how long items live, in the form of ParseValues with times such as
// 90s or 1h in place of sizes, and "none" for items that live for ever; the result is
// in milliseconds, with 0 for those, and nil if all do. So 7*none+3*uniform:10s-1h
// gives three keys in ten a time.
func ParseTTL(text string) (dist.Sizes, error) {
	if text == "none" {
		return nil, nil
	}
	s, err := parseSizes(text, func(t string) (float64, error) {
		if t == "none" {
			return 0, nil
		}
		d, err := time.ParseDuration(t)
		if err != nil || d < time.Millisecond || d.Milliseconds() > int64(longestTTL) {
			return 0, fmt.Errorf("%q is not a time from 1ms to ten years", t)
		}
		return float64(d.Milliseconds()), nil
	}, longestTTL)
	if err != nil {
		return nil, fmt.Errorf("ttl %q: %w", text, err)
	}
	return s, nil
}

// parseSizes reads a distribution whose numbers unit reads.
func parseSizes(text string, unit func(string) (float64, error), limit int) (dist.Sizes, error) {
	if name, path, ok := strings.Cut(text, ":"); ok && name == "file" {
		return sizesFile(path, unit)
	}
	terms := strings.Split(text, "+")
	of, weights := make([]dist.Sizes, len(terms)), make([]float64, len(terms))
	for i, term := range terms {
		weight, rest, err := cutWeight(strings.TrimSpace(term))
		if err != nil {
			return nil, err
		}
		if weights[i] = weight; err == nil {
			of[i], err = parseTerm(rest, unit, limit)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(of) == 1 {
		return of[0], nil
	}
	return dist.NewWeighted(of, weights)
}

// cutWeight takes the number and the star off the beginning, if they are there.
func cutWeight(text string) (weight float64, rest string, err error) {
	before, after, ok := strings.Cut(text, "*")
	if !ok || strings.Trim(before, "0123456789.") != "" || before == "" {
		return 1, text, nil
	}
	weight, err = parseWeight(before)
	return weight, strings.TrimSpace(after), err
}

// parseWeight reads a weight.
func parseWeight(text string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(v >= 0 && v <= 1e6) {
		return 0, fmt.Errorf("%q is not a weight from 0 to 1,000,000", text)
	}
	return v, nil
}

// parseTerm reads one distribution of a sum.
func parseTerm(text string, unit func(string) (float64, error), limit int) (dist.Sizes, error) {
	name, rest, ok := strings.Cut(text, ":")
	if !ok {
		v, err := unit(text)
		return dist.Fixed(v), err
	}
	switch name {
	case "fixed":
		v, err := unit(rest)
		return dist.Fixed(v), err
	case "uniform":
		low, high, ok := strings.Cut(rest, "-")
		from, err1 := unit(low)
		to, err2 := unit(high)
		if !ok || err1 != nil || err2 != nil || to < from {
			return nil, fmt.Errorf("%q is not uniform:LOW-HIGH", text)
		}
		return dist.Between{Low: int(from), High: int(to)}, nil
	case "lognormal":
		meanText, sigmaText, has := strings.Cut(rest, ",")
		mean, err := unit(meanText)
		sigma := 1.0
		if has && err == nil {
			err = numbers(sigmaText, &sigma)
		}
		if err != nil || !(mean > 0) || !(sigma > 0 && sigma <= 10) {
			return nil, fmt.Errorf("%q is not lognormal:MEAN,SIGMA", text)
		}
		return dist.LogNormal{Mean: mean, Sigma: sigma, Cap: limit}, nil
	}
	return nil, fmt.Errorf("%q: there are a number, uniform:LOW-HIGH, lognormal:MEAN,SIGMA, file:PATH, and sums such as 9*64+1*4096", text)
}

// sizesFile reads a histogram: a size, or a size and its weight, in a line.
func sizesFile(path string, unit func(string) (float64, error)) (dist.Sizes, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	weights := make(map[int]float64)
	var order []int // of the sizes, for the result to follow from the file alone
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		size, weightText, has := strings.Cut(line, ",")
		v, err := unit(strings.TrimSpace(size))
		weight := 1.0
		if has && err == nil {
			weight, err = strconv.ParseFloat(strings.TrimSpace(weightText), 64)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if _, seen := weights[int(v)]; !seen {
			order = append(order, int(v))
		}
		weights[int(v)] += weight
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	of, w := make([]dist.Sizes, len(order)), make([]float64, len(order))
	for i, size := range order {
		of[i], w[i] = dist.Fixed(size), weights[size]
	}
	return dist.NewWeighted(of, w)
}
