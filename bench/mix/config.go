package mix

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ashlar-cache/ashlar/bench/dist"
)

// Defaults of a Config.
const (
	DefaultKeys       = 1_000_000
	DefaultPopularity = "uniform"
	DefaultValues     = "64"
	DefaultMix        = "get=9,set=1"
	DefaultPrefix     = "key:"
	DefaultScript     = "local v = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], ARGV[1]) return v"
)

// maxKeys bounds the number of keys: their text has a fixed width.
const maxKeys = 1_000_000_000_000

// New makes the workload that a Config describes.
func New(c Config) (*Workload, error) {
	r, err := c.recipe()
	if err != nil {
		return nil, err
	}
	w := &Workload{
		Name:       r.name,
		Popularity: cmp.Or(c.Popularity, r.popularity, DefaultPopularity),
		Values:     cmp.Or(c.Values, r.values, DefaultValues),
		TTL:        cmp.Or(c.TTL, "none"),
		Keys:       cmp.Or(c.Keys, DefaultKeys),
		seed:       c.Seed,
		threads:    uint64(max(c.Threads, 1)),
		prefix:     cmp.Or(c.Prefix, DefaultPrefix),
		script:     cmp.Or(c.Script, DefaultScript),
	}
	if w.Keys > maxKeys {
		return nil, fmt.Errorf("%d keys: there can be %d", w.Keys, uint64(maxKeys))
	}
	if w.popular, err = parsePopularity(w.Popularity); err != nil {
		return nil, err
	}
	w.popular.keys, w.popular.threads = w.Keys, w.threads
	w.popular.order = dist.NewPermutation(w.Keys, w.seed)
	if w.sizes, err = ParseValues(w.Values); err != nil {
		return nil, err
	}
	if w.ttls, err = ParseTTL(w.TTL); err != nil {
		return nil, err
	}
	w.payload = newPayload(w.sizes.Max())
	if err := w.build(r); err != nil {
		return nil, err
	}
	w.fillings.New = func() any { return w.stream(0) }
	return w, nil
}

// recipe is what a workload's name stands for.
type recipe struct {
	name, about        string
	mix                string   // operations with weights
	commands           []string // templates with weights
	fill               string   // what is to be there before, besides what the mix needs
	fillCount          uint64   // how often that is sent; 0: for each key
	popularity, values string   // where the user says nothing
}

// recipe is the one that a Config asks for.
func (c Config) recipe() (recipe, error) {
	if c.Workload != "" {
		if c.Mix != "" || len(c.Commands) > 0 {
			return recipe{}, fmt.Errorf("the workload %s says itself what is sent: give it, or a mix and commands", c.Workload)
		}
		i := slices.IndexFunc(recipes, func(r recipe) bool { return r.name == strings.ToLower(c.Workload) })
		if i < 0 {
			return recipe{}, fmt.Errorf("there is no workload %q: there are %s", c.Workload, strings.Join(Names(), ", "))
		}
		return recipes[i], nil
	}
	r := recipe{mix: c.Mix, commands: c.Commands}
	if r.mix == "" && len(r.commands) == 0 {
		r.mix = DefaultMix
	}
	r.name = strings.TrimPrefix(strings.Join(append([]string{r.mix}, r.commands...), ", "), ", ")
	return r, nil
}

// build compiles the operations and what they need to be there before.
func (w *Workload) build(r recipe) error {
	var needs []string
	for _, term := range strings.Split(r.mix, ",") {
		if term = strings.TrimSpace(term); term == "" {
			continue
		}
		need, err := w.addNamed(term)
		if err != nil {
			return err
		}
		needs = append(needs, need)
	}
	for _, term := range r.commands {
		weight, text, err := cutWeight(term)
		if err != nil {
			return err
		}
		o, err := w.operation(text)
		if err != nil {
			return err
		}
		if r.fill == "" && slices.ContainsFunc(o.commands, isString) {
			needs = append(needs, fillStrings)
		}
		w.add(o, weight)
	}
	if w.total == 0 {
		return fmt.Errorf("%s: no operation has a weight above 0", r.name)
	}
	return w.prepare(needs, r)
}

// load adds commands to those that must be sent before.
func (w *Workload) load(text string, count uint64) error {
	if text == "" {
		return nil
	}
	if text == fillScript {
		words := []word{{text: []byte("SCRIPT")}, {text: []byte("LOAD")}, {text: []byte(w.script)}}
		w.fills = append(w.fills, fill{command{words: words, repeated: 3, fixed: 3}, 1})
		w.preload++
		return nil
	}
	names := w.names
	c, err := w.compile(text)
	w.names = names // no command of the load itself
	w.fills = append(w.fills, fill{c, count})
	w.preload += count
	return err
}

// addNamed adds an operation by its name, such as get=9 or mget:10=1, and returns
// what it needs to be there.
func (w *Workload) addNamed(term string) (need string, err error) {
	name, weightText, ok := strings.Cut(term, "=")
	weight := 1.0
	if ok {
		if weight, err = parseWeight(weightText); err != nil {
			return "", fmt.Errorf("%s: %w", term, err)
		}
	}
	name, times, many := strings.Cut(strings.ToLower(name), ":")
	i := slices.IndexFunc(operations, func(o operationText) bool { return o.name == name })
	if i < 0 {
		return "", fmt.Errorf("there is no operation %q: there are %s", name, operationNames())
	}
	o := operations[i]
	if many && !strings.Contains(o.commands, "{n}") {
		return "", fmt.Errorf("%s has no number", name)
	}
	text := strings.ReplaceAll(o.commands, "{n}", cmp.Or(times, "10"))
	text = strings.ReplaceAll(text, "{sha}", w.digest())
	compiled, err := w.operation(text)
	if err != nil {
		return "", err
	}
	compiled.insert = o.insert || name == "set" && w.popular.shape == latest
	w.add(compiled, weight)
	return o.fill, nil
}

// operation compiles commands with semicolons between them.
func (w *Workload) operation(text string) (o operation, err error) {
	for _, one := range strings.Split(text, " ; ") {
		c, err := w.compile(one)
		if err != nil {
			return o, err
		}
		if !c.plain {
			w.plain = w.names[c.name]
		}
		o.commands = append(o.commands, c)
	}
	return o, nil
}

// weightUnit is the weight 1: weights may be fractions down to a millionth.
const weightUnit = 1_000_000

// add gives an operation its part.
func (w *Workload) add(o operation, weight float64) {
	if part := uint64(weight * weightUnit); part > 0 {
		w.total += part
		o.upTo = w.total
		w.ops = append(w.ops, o)
	}
}

// isString says whether a command is about strings, which are then filled in.
func isString(c command) bool { return c.stringRead }

// prepare adds what the operations need to be there before.
func (w *Workload) prepare(needs []string, r recipe) error {
	for _, need := range slices.Compact(slices.Sorted(slices.Values(needs))) {
		if err := w.load(need, w.Keys); err != nil {
			return err
		}
	}
	return w.load(r.fill, cmp.Or(r.fillCount, w.Keys))
}
