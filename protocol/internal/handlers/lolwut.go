package handlers

import (
	"math/rand/v2"
	"strings"

	"github.com/ashlar-cache/ashlar/protocol/command"
	"github.com/ashlar-cache/ashlar/protocol/internal/args"
)

// lolwutRows is LOLWUT.
var lolwutRows = []Row{
	{
		Spec: command.Spec{
			Name: "lolwut", Arity: -1, Summary: "Display some computer art and the Redis version",
			Flags: command.ReadOnly | command.Fast,
			Since: "5.0.0", Group: "server",
			Args: []command.Arg{
				{Name: "version", Type: "integer", Token: "VERSION", Optional: true},
			},
		},
		Run: runLolwut,
	},
}

// The wall's size in characters and courses: what it is without arguments, and
// the most that arguments can make of it.
const (
	wallWidth, wallCourses       = 66, 7
	wallMaxWidth, wallMaxCourses = 1000, 200
)

// runLolwut draws a wall: LOLWUT [VERSION n] [columns [courses]]. All versions
// get the same kind of wall, and no two are alike.
func runLolwut(ctx *Context) {
	list := ctx.Args[1:]
	if len(list) >= 2 && args.Is(list[0], "version") {
		if _, ok := args.Int(list[1]); !ok {
			ctx.Error(args.ErrNotInteger)
			return
		}
		list = list[2:]
	}
	size := [2]int64{wallWidth, wallCourses}
	for i := range min(len(list), len(size)) {
		n, ok := args.Int(list[i])
		if !ok {
			ctx.Error(args.ErrNotInteger)
			return
		}
		size[i] = n
	}
	width := min(max(size[0], minStone+2), wallMaxWidth)
	courses := min(max(size[1], 1), wallMaxCourses)
	random := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	ctx.Verbatim("txt", drawWall(random, int(width), int(courses))+
		"\nStones cut so exactly that no space is left between them.\n"+
		"Ashlar ver. "+ctx.Server.Process.Version+" (Redis ver. "+RedisVersion+")\n")
}

// The shortest and the longest stone of a course, joint included. Joints of one
// course keep their distance from those of the course below: a wall whose
// joints run through does not stand.
const (
	minStone, maxStone = 5, 14
	jointDistance      = 2
)

// drawWall draws courses of stones in a frame, width characters wide, each between
// two seams:
//
//	┌──────┬────────┬─────┐   seam    of the frame and the first course
//	│      │░░░░░░░░│     │   faces
//	├──┬───┴────┬───┴─────┤   seam    of both courses' joints
//	│  │        │▒▒▒▒▒▒▒▒▒│   faces
//	└──┴────────┴─────────┘   seam    of the last course and the frame
func drawWall(random *rand.Rand, width, courses int) string {
	var wall strings.Builder
	above := make([]bool, width)
	for course := range courses {
		below := layCourse(random, above)
		wall.WriteString(seam(above, below, course == 0, false))
		wall.WriteString(faces(random, below))
		above = below
	}
	wall.WriteString(seam(above, make([]bool, width), false, true))
	return wall.String()
}

// layCourse chooses where the joints of a course go, given those of the last.
func layCourse(random *rand.Rand, last []bool) []bool {
	width := len(last)
	joints := make([]bool, width)
	joints[0], joints[width-1] = true, true
	for at := 0; ; {
		at += minStone + random.IntN(maxStone-minStone+1)
		for at < width-minStone && jointNear(last, at) {
			at++
		}
		if at >= width-minStone {
			return joints
		}
		joints[at] = true
	}
}

// jointNear tells whether one of joints, other than the wall's two ends, is too
// close to a place.
func jointNear(joints []bool, at int) bool {
	for i := max(at-jointDistance, 1); i <= min(at+jointDistance, len(joints)-2); i++ {
		if joints[i] {
			return true
		}
	}
	return false
}

// seam is the line between two courses.
func seam(above, below []bool, top, bottom bool) string {
	left, right := "├", "┤"
	switch {
	case top:
		left, right = "┌", "┐"
	case bottom:
		left, right = "└", "┘"
	}
	var line strings.Builder
	line.WriteString(left)
	for i := 1; i < len(above)-1; i++ {
		switch {
		case above[i] && below[i]:
			line.WriteString("┼")
		case above[i]:
			line.WriteString("┴")
		case below[i]:
			line.WriteString("┬")
		default:
			line.WriteString("─")
		}
	}
	return line.String() + right + "\n"
}

// faces is the line through a course: the stones' faces, some of them rough.
func faces(random *rand.Rand, joints []bool) string {
	var line strings.Builder
	texture := " "
	for _, joint := range joints {
		if joint {
			line.WriteString("│")
			texture = [...]string{" ", " ", " ", " ", "░", "▒"}[random.IntN(6)]
			continue
		}
		line.WriteString(texture)
	}
	return line.String() + "\n"
}
