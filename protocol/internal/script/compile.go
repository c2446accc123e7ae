package script

import (
	"bytes"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// Flags are what a script or a function says about itself.
type Flags uint8

// The flags, in the order of their names.
const (
	NoWrites Flags = 1 << iota
	AllowOOM
	AllowStale
	NoCluster
	AllowCrossSlot
	// Plain is a script without the line that sets flags: it may do what scripts
	// could before there were any.
	Plain
)

var flagNames = []string{"no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"}

// Names are the flags' names.
func (f Flags) Names() (names []string) {
	for i, name := range flagNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// flagNamed finds a flag by its name.
func flagNamed(name string) (Flags, bool) {
	for i, n := range flagNames {
		if n == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// sourceName is what errors call a script.
const (
	sourceName        = "user_script"
	librarySourceName = "user_function"
)

// compile makes the script ready to run.
func (s *Script) compile() (err string) {
	body := s.Body
	if s.Flags, body, err = scriptFlags(body); err != "" {
		return err
	}
	w := walker{name: sourceName}
	var problem string
	if s.proto, problem = w.compile(body); problem != "" {
		return "ERR Error compiling script (new function): " + problem
	}
	s.Straight = !w.loops && !w.loads && len(s.proto.FunctionPrototypes) == 0
	return ""
}

// straight tells of a library's program that each of its functions comes to an end by
// itself: they have no loops, and cannot reach each other or themselves.
func (w *walker) straight(p *lua.FunctionProto) bool {
	for _, f := range p.FunctionPrototypes {
		if f.NumUpvalues > 0 || len(f.FunctionPrototypes) > 0 {
			return false
		}
	}
	return !w.loops && !w.loads
}

// FlagsOf are the flags that a text sets for itself; false if its first line is wrong.
func FlagsOf(body []byte) (f Flags, ok bool) {
	if !bytes.HasPrefix(body, []byte("#!")) {
		return Plain, true
	}
	f, _, err := scriptFlags(string(body))
	return f, err == ""
}

// scriptFlags reads the first line of a script, "#!lua flags=a,b", and leaves it empty.
func scriptFlags(body string) (f Flags, rest, err string) {
	if !strings.HasPrefix(body, "#!") {
		return Plain, body, ""
	}
	line, rest, found := strings.Cut(body, "\n")
	if !found {
		return 0, "", "ERR Invalid script shebang"
	}
	words := strings.Fields(line)
	if len(words) == 0 || words[0] != "#!lua" {
		return 0, "", "ERR Unexpected engine in script shebang: " + strings.Join(words[:min(len(words), 1)], "")
	}
	for _, word := range words[1:] {
		list, ok := strings.CutPrefix(word, "flags=")
		if !ok {
			return 0, "", "ERR Unknown lua shebang option: " + word
		}
		if list == "" {
			continue
		}
		for _, name := range strings.Split(list, ",") {
			flag, ok := flagNamed(name)
			if !ok {
				return 0, "", "ERR Unexpected flag in script shebang: " + name
			}
			f |= flag
		}
	}
	return f, "\n" + rest, ""
}

// compile compiles a program; problem says what is wrong with it.
func (w *walker) compile(text string) (proto *lua.FunctionProto, problem string) {
	if strings.HasPrefix(text, "\x1b") {
		return nil, w.name + ":1: unexpected symbol near 'char(27)'"
	}
	chunk, err := parse.Parse(strings.NewReader(text), w.name)
	if err != nil {
		return nil, syntaxProblem(err, w.name)
	}
	w.block(chunk)
	if w.problem != "" {
		return nil, w.problem
	}
	if proto, err = lua.Compile(chunk, w.name); err != nil {
		return nil, syntaxProblem(err, w.name)
	}
	proto.IsVarArg &^= lua.VarArgNeedsArg // or each call would make a table "arg"
	return proto, ""
}

// concatName is the global that concatenates. No program can say its name.
const concatName = "\x01concat"

// maxLevels bounds how deep a program's tree may be. The compiler is recursive, and
// Go ends a program whose stack is a gigabyte.
const maxLevels = 4000

// walker goes through a program's tree before it is compiled. It bounds the depth
// and replaces a..b by a call: the machine's own instruction makes strings of any
// size without asking, and prints numbers in another way than Lua.
type walker struct {
	name    string
	levels  int
	problem string

	seen  map[string]struct{} // literals and names of the function that is walked
	looks int                 // see literal

	loops bool // there are some
	loads bool // it names the functions that compile text, or what they could be found in
}

// maxLooks bounds literal's count: the compiler makes a hundred million in half a second.
const maxLooks = 100_000_000

// literal notes a literal or a name. The compiler keeps those of a function in a list,
// and looks through it for each that it meets, so that many different ones, some ten
// thousands, would take it long; nobody could stop it.
func (w *walker) literal(text string) {
	if w.seen == nil {
		w.seen = make(map[string]struct{})
	}
	w.seen[text] = struct{}{}
	if w.looks += len(w.seen); w.looks > maxLooks && w.problem == "" {
		w.problem = w.name + ":1: constant table overflow"
	}
}

// refuse is for statements that Lua 5.1 does not have. The compiler takes time by the
// square of how many gotos there are and more.
func (w *walker) refuse(stmt ast.Stmt, why string) {
	if w.problem == "" {
		w.problem = w.name + ":" + strconv.Itoa(stmt.Line()) + ": " + why
	}
}

// function goes through the body of a function.
func (w *walker) function(f *ast.FunctionExpr) {
	outer := w.seen
	w.seen = nil
	w.block(f.Stmts)
	w.seen = outer
}

// enter goes one level down; false where that is too deep, or there was a problem
// before: then nothing below is looked at.
func (w *walker) enter() bool {
	w.levels++
	if w.levels > maxLevels && w.problem == "" {
		w.problem = w.name + ":1: chunk has too many syntax levels"
	}
	return w.problem == ""
}

// block goes through statements.
func (w *walker) block(stmts []ast.Stmt) {
	defer func() { w.levels-- }()
	if !w.enter() {
		return
	}
	for _, stmt := range stmts {
		w.stmt(stmt)
	}
}

// stmt goes through one statement, and notes the kinds that may run for long.
func (w *walker) stmt(stmt ast.Stmt) {
	switch s := stmt.(type) {
	case *ast.AssignStmt:
		w.exprs(s.Lhs)
		w.exprs(s.Rhs)
	case *ast.LocalAssignStmt:
		w.exprs(s.Exprs)
	case *ast.FuncCallStmt:
		w.expr(&s.Expr)
	case *ast.DoBlockStmt:
		w.block(s.Stmts)
	case *ast.WhileStmt:
		w.loops = true
		w.expr(&s.Condition)
		w.block(s.Stmts)
	case *ast.RepeatStmt:
		w.loops = true
		w.expr(&s.Condition)
		w.block(s.Stmts)
	case *ast.IfStmt:
		w.expr(&s.Condition)
		w.block(s.Then)
		w.block(s.Else)
	case *ast.NumberForStmt:
		w.loops = true
		w.expr(&s.Init)
		w.expr(&s.Limit)
		w.expr(&s.Step)
		w.block(s.Stmts)
	case *ast.GenericForStmt:
		w.loops = true
		w.exprs(s.Exprs)
		w.block(s.Stmts)
	case *ast.FuncDefStmt:
		w.expr(&s.Name.Func)
		w.expr(&s.Name.Receiver)
		w.literal(s.Name.Method)
		w.function(s.Func)
	case *ast.GotoStmt:
		w.refuse(s, "'=' expected near '"+s.Label+"'")
	case *ast.LabelStmt:
		w.refuse(s, "unexpected symbol near ':'")
	case *ast.ReturnStmt:
		w.exprs(s.Exprs)
	}
}

// exprs goes through expressions in their places, where they may be replaced.
func (w *walker) exprs(list []ast.Expr) {
	for i := range list {
		w.expr(&list[i])
	}
}

// expr goes through an expression, and may replace it.
func (w *walker) expr(p *ast.Expr) {
	defer func() { w.levels-- }()
	if !w.enter() {
		return
	}
	switch e := (*p).(type) {
	case *ast.IdentExpr:
		w.literal(e.Value)
		w.loads = w.loads || e.Value == "load" || e.Value == "loadstring" || e.Value == "_G"
	case *ast.AttrGetExpr:
		w.expr(&e.Object)
		w.expr(&e.Key)
	case *ast.TableExpr:
		for _, field := range e.Fields {
			w.expr(&field.Key)
			w.expr(&field.Value)
		}
	case *ast.FuncCallExpr:
		w.expr(&e.Func)
		w.expr(&e.Receiver)
		w.literal(e.Method)
		w.exprs(e.Args)
	case *ast.LogicalOpExpr:
		w.expr(&e.Lhs)
		w.expr(&e.Rhs)
	case *ast.RelationalOpExpr:
		w.expr(&e.Lhs)
		w.expr(&e.Rhs)
	case *ast.ArithmeticOpExpr:
		w.expr(&e.Lhs)
		w.expr(&e.Rhs)
	case *ast.StringConcatOpExpr:
		*p = w.concat(e)
	case *ast.UnaryMinusOpExpr:
		w.expr(&e.Expr)
	case *ast.UnaryNotOpExpr:
		w.expr(&e.Expr)
	case *ast.UnaryLenOpExpr:
		w.expr(&e.Expr)
	case *ast.FunctionExpr:
		w.function(e)
	case *ast.NumberExpr:
		w.literal(e.Value)
	case *ast.StringExpr:
		w.literal(e.Value)
	}
}

// maxOperands is how many operands one call concatenates: each takes a register.
const maxOperands = 40

// concat makes a call of a chain a..b..c, which groups to the right.
func (w *walker) concat(e *ast.StringConcatOpExpr) ast.Expr {
	var operands []ast.Expr
	var rest ast.Expr = e
	for {
		pair, ok := rest.(*ast.StringConcatOpExpr)
		if !ok || len(operands) == maxOperands {
			break
		}
		operands = append(operands, pair.Lhs)
		rest = pair.Rhs
	}
	operands = append(operands, rest)
	for i := range operands {
		if call, ok := operands[i].(*ast.FuncCallExpr); ok {
			call.AdjustRet = true // one value of each
		}
		if dots, ok := operands[i].(*ast.Comma3Expr); ok {
			dots.AdjustRet = true
		}
		w.expr(&operands[i])
	}
	name := &ast.IdentExpr{Value: concatName}
	call := &ast.FuncCallExpr{Func: name, Args: operands, AdjustRet: true}
	for _, node := range []ast.PositionHolder{name, call} {
		node.SetLine(e.Line())
		node.SetLastLine(e.LastLine())
	}
	return call
}
