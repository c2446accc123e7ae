package compare

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShrinkFindsTheStepsThatMatter(t *testing.T) {
	c := RandomCase(3, 80)
	c.Steps = slices.Insert(c.Steps, 20, step(t, "SET guilty 1 EX 100"))
	c.Steps = slices.Insert(c.Steps, 70, step(t, "GET guilty"))
	small := Shrink(c, func(c *Case) bool {
		set := slices.IndexFunc(c.Steps, func(s Step) bool { return strings.HasPrefix(scriptLine(s.Words), "SET guilty") })
		get := slices.IndexFunc(c.Steps, func(s Step) bool { return scriptLine(s.Words) == "GET guilty" })
		return set >= 0 && get > set
	})
	require.Equal(t, "SET guilty\nGET guilty\n", small.Script())
}

func step(t *testing.T, line string) Step {
	words, err := splitWords(line)
	require.NoError(t, err)
	return Step{Words: words, How: newHow()}
}

func TestDropRuns(t *testing.T) {
	items := []int{1, 2, 3, 4, 5, 6, 7, 8, 9}
	got := dropRuns(items, func(kept []int) bool { return slices.Contains(kept, 3) && slices.Contains(kept, 8) })
	require.Equal(t, []int{3, 8}, got)
	require.Equal(t, []int{1, 2, 3, 4, 5, 6, 7, 8, 9}, items, "the original is left alone")
	require.Empty(t, dropRuns(items, func([]int) bool { return true }))
}

func TestRandomCaseDependsOnTheSeedAlone(t *testing.T) {
	require.Equal(t, RandomCase(5, 50).Script(), RandomCase(5, 50).Script())
	require.NotEqual(t, RandomCase(5, 50).Script(), RandomCase(6, 50).Script())
}

func TestRandomCaseReadsBack(t *testing.T) {
	c := RandomCase(7, 300)
	cases, err := ParseScript("random", c.Script())
	require.NoError(t, err)
	require.Len(t, cases, 1)
	require.Equal(t, c.Script(), cases[0].Script())
}

// What typed and waiting sequences are printed as is what they were.
func TestTypedCasesReadBack(t *testing.T) {
	for seed := range uint64(20) {
		for _, c := range []*Case{TypedCase(seed, 50, familyNames), WaitingCase(seed, 50)} {
			cases, err := ParseScript("random", c.Script())
			require.NoError(t, err)
			require.Len(t, cases, 1)
			require.Equal(t, c.Script(), cases[0].Script())
			at := 0
			for _, s := range c.Steps {
				at += len(s.First) // lines of their own
				require.Equal(t, s.Do, cases[0].Steps[at].Do)
				require.Equal(t, s.Conn, cases[0].Steps[at].Conn)
				require.Equal(t, s.How, cases[0].Steps[at].How)
				at++
			}
		}
	}
}

// The grammar names no pool that is missing, and brackets match.
func TestGrammarIsWhole(t *testing.T) {
	elsewhere := []string{"<wide>", "<bulk>", "<soon>"} // made by the generator itself
	all := slices.Concat(grammar, wideGrammar, deepGrammar, chainGrammar, severalGrammar, wakingGrammar, slices.Concat(transactions...), keyspaceGrammar)
	for _, name := range familyNames {
		all = append(all, families[name]...)
	}
	require.Len(t, families, len(familyNames))
	g := &generator{rnd: rand.New(rand.NewPCG(1, 1)), keys: allKeys}
	for _, p := range all {
		open := 0
		for _, word := range strings.Fields(p.text) {
			switch word {
			case "[", "(", "{":
				open++
			case "]", ")", "}":
				open--
			}
			if strings.HasPrefix(word, "<") && !slices.Contains(elsewhere, word) && g.own(word) == nil {
				require.Contains(t, pools, word, p.text)
			}
		}
		require.Zero(t, open, p.text)
	}
}
