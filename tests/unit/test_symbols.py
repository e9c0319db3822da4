from __future__ import annotations

import time

import pytest

from lsp_server.core.imports import Import, imports
from lsp_server.core.references import references
from lsp_server.core.symbols import MAX_DOC, MAX_SIGNATURE, Symbol, symbols
from lsp_server.core.syntax import Syntax


def parse(code: str, grammar: str) -> Syntax:
    syntax = Syntax.parse(code, grammar)
    assert syntax
    return syntax


def table(code: str, grammar: str) -> list[tuple[str, str, str, str]]:
    found = symbols(parse(code, grammar))
    return [(symbol.kind, symbol.container, symbol.name, symbol.signature) for symbol in found]


def one(code: str, grammar: str, name: str) -> Symbol:
    return next(symbol for symbol in symbols(parse(code, grammar)) if symbol.name == name)


PYTHON = '''
LIMIT: Final = 3
count, total = 0, 1

class Account(Base, metaclass=Meta):
    """An account. It has more to say."""

    owner: str = field(default="")
    """Who it belongs to."""

    def __init__(self, owner: str) -> None:  # noqa
        self.owner = owner
        if owner:
            self.balance: int = 0

    @property
    def name(self) -> str:
        return self.owner

    @staticmethod
    async def load(
        path: str,
        *parts: str,
        strict: bool = True,
    ) -> Account:
        def inner(): ...
        return inner

# Adds up.
def add(a, b=1, **rest): return a + b

if TYPE_CHECKING:
    Alias = int
'''

TYPESCRIPT = """
/** A shape. */
export interface Shape extends Base { area(): number; readonly name: string }
export default class Circle<T> implements Shape {
  #secret = 1;
  constructor(private readonly radius: number, plain: string) { this.plain = plain; }
  static of = (radius: number): Circle => new Circle(radius);
  area(): number { return 1; }
}
export const enum Color { Red, Blue = 2 }
export type Options = { deep: boolean };
export const load = async (path: string): Promise<void> => {};
export const LIMIT = 3, { taken } = other;
namespace Inner { export function run() {} }
declare function outer(a: number): void;
"""

JAVASCRIPT = """
// Greets.
exports.greet = function (name) {};
Person.prototype.walk = function () {};
module.exports = { sit() {}, stand: () => 1 };
class Person { constructor() { this.age = 1; } }
export default function () {}
const helpers = { trim(text) {} };
"""

GO = """package p
// Server serves.
type Server struct { Host, Port string; *Log }
type Runner interface { Run(a int) error }
const ( First = iota; Second )
var x = 1
// Start starts it.
func (s *Server[T]) Start(a, b int) (int, error) { return 1, nil }
func New(names ...string) *Server { return nil }
"""

RUST = """
/// A point. In space.
#[derive(Debug)]
pub struct Point<T> { pub x: T, y: T }
impl<T: Copy> fmt::Display for geo::Point<T> {
    const DIMENSIONS: usize = 2;
    fn fmt(&self, f: &mut Formatter) -> Result { Ok(()) }
}
enum Shape { Circle(f32), Empty }
trait Area { fn area(&self) -> f32; }
macro_rules! square { ($x:expr) => { $x * $x } }
mod inner { pub const LIMIT: i32 = 1; }
"""

JAVA = """package p;
/** Holds money. */
@Entity
public class Account extends Base implements Closeable {
  private static final int LIMIT = 1, OTHER = 2;
  public Account(String owner) {}
  @Override public int add(int a, String... rest) throws IOException { return a; }
  enum Kind { OPEN(1), CLOSED; void check() {} }
  record Pair(int left, String right) {}
}
"""

C = """
#ifndef GUARD_H
#define GUARD_H
#define LIMIT 3
#define SQUARE(x) ((x) * (x))
typedef struct { int x, *y; } point;
struct node { struct node *next; int (*call)(int); };
enum color { RED, BLUE = 2 };
static int count = 1;
/* Adds. */
int add(int a, char *b);
static inline char *name(void) { return 0; }
#endif
"""

CPP = """
namespace geo::flat {
template <typename T> class Box : public Base {
 public:
  Box(int a) : a_(a) {}
  virtual int area() const = 0;
 private:
  int a_;
};
}
int geo::Box::size(int z) const noexcept { return 1; }
enum class Color : int { Red };
using Number = int;
"""


def grammar_of(value: object) -> str:
    return value if isinstance(value, str) and len(value) < 11 else ""


EXPECTED = [
    ("python", PYTHON, [
        ("constant", "", "LIMIT", "LIMIT: Final = 3"),
        ("variable", "", "count", "count, total = 0, 1"),
        ("variable", "", "total", "count, total = 0, 1"),
        ("class", "", "Account", "class Account(Base, metaclass=Meta)"),
        ("field", "Account", "owner", 'owner: str = field(default="")'),
        ("method", "Account", "__init__", "def __init__(self, owner: str) -> None"),
        ("field", "Account", "balance", "self.balance: int = 0"),
        ("field", "Account", "name", "@property def name(self) -> str"),
        ("method", "Account", "load", "@staticmethod async def load"
         "(path: str, *parts: str, strict: bool = True) -> Account"),
        ("function", "", "add", "def add(a, b=1, **rest)"),
        ("variable", "", "Alias", "Alias = int"),
    ]),
    ("typescript", TYPESCRIPT, [
        ("interface", "", "Shape", "interface Shape extends Base"),
        ("method", "Shape", "area", "area(): number"),
        ("field", "Shape", "name", "readonly name: string"),
        ("class", "", "Circle", "class Circle<T> implements Shape"),
        ("field", "Circle", "#secret", "#secret = 1"),
        ("method", "Circle", "constructor",
         "constructor(private readonly radius: number, plain: string)"),
        ("field", "Circle", "radius", "private readonly radius: number"),
        ("field", "Circle", "plain", "this.plain = plain"),
        ("method", "Circle", "of", "static of = (radius: number): Circle =>"),
        ("method", "Circle", "area", "area(): number"),
        ("enum", "", "Color", "const enum Color"),
        ("member", "Color", "Red", "Red"),
        ("member", "Color", "Blue", "Blue = 2"),
        ("type", "", "Options", "type Options = { deep: boolean }"),
        ("field", "Options", "deep", "deep: boolean"),
        ("function", "", "load", "const load = async (path: string): Promise<void> =>"),
        ("constant", "", "LIMIT", "const LIMIT = 3"),
        ("module", "", "Inner", "namespace Inner"),
        ("function", "Inner", "run", "function run()"),
        ("function", "", "outer", "function outer(a: number): void"),
    ]),
    ("javascript", JAVASCRIPT, [
        ("function", "", "greet", "exports.greet = function (name)"),
        ("method", "Person", "walk", "Person.prototype.walk = function ()"),
        ("method", "", "sit", "sit()"),
        ("method", "", "stand", "stand: () =>"),
        ("class", "", "Person", "class Person"),
        ("method", "Person", "constructor", "constructor()"),
        ("field", "Person", "age", "this.age = 1"),
        ("function", "", "default", "function ()"),
        ("constant", "", "helpers", "const helpers = { trim(text) {} }"),
        ("method", "helpers", "trim", "trim(text)"),
    ]),
    ("tsx", "export const App: FC<Props> = ({ a }) => <p>{a}</p>;\nlet seen = 1;\n", [
        ("function", "", "App", "const App: FC<Props> = ({ a }) =>"),
        ("variable", "", "seen", "let seen = 1"),
    ]),
    ("go", GO, [
        ("struct", "", "Server", "type Server struct"),
        ("field", "Server", "Host", "Host, Port string"),
        ("field", "Server", "Port", "Host, Port string"),
        ("field", "Server", "Log", "*Log"),
        ("interface", "", "Runner", "type Runner interface"),
        ("method", "Runner", "Run", "Run(a int) error"),
        ("constant", "", "First", "const First = iota"),
        ("constant", "", "Second", "const Second"),
        ("variable", "", "x", "var x = 1"),
        ("method", "Server", "Start", "func (s *Server[T]) Start(a, b int) (int, error)"),
        ("function", "", "New", "func New(names ...string) *Server"),
    ]),
    ("rust", RUST, [
        ("struct", "", "Point", "pub struct Point<T>"),
        ("field", "Point", "x", "pub x: T"),
        ("field", "Point", "y", "y: T"),
        ("field", "Point", "DIMENSIONS", "const DIMENSIONS: usize = 2"),
        ("method", "Point", "fmt", "fn fmt(&self, f: &mut Formatter) -> Result"),
        ("enum", "", "Shape", "enum Shape"),
        ("member", "Shape", "Circle", "Circle(f32)"),
        ("member", "Shape", "Empty", "Empty"),
        ("trait", "", "Area", "trait Area"),
        ("method", "Area", "area", "fn area(&self) -> f32"),
        ("macro", "", "square", "macro_rules! square"),
        ("module", "", "inner", "mod inner"),
        ("constant", "inner", "LIMIT", "pub const LIMIT: i32 = 1"),
    ]),
    ("java", JAVA, [
        ("class", "", "Account", "public class Account extends Base implements Closeable"),
        ("field", "Account", "LIMIT", "private static final int LIMIT = 1, OTHER = 2"),
        ("field", "Account", "OTHER", "private static final int LIMIT = 1, OTHER = 2"),
        ("method", "Account", "Account", "public Account(String owner)"),
        ("method", "Account", "add", "public int add(int a, String... rest) throws IOException"),
        ("enum", "Account", "Kind", "enum Kind"),
        ("member", "Account.Kind", "OPEN", "OPEN(1)"),
        ("member", "Account.Kind", "CLOSED", "CLOSED"),
        ("method", "Account.Kind", "check", "void check()"),
        ("class", "Account", "Pair", "record Pair(int left, String right)"),
        ("field", "Account.Pair", "left", "int left"),
        ("field", "Account.Pair", "right", "String right"),
    ]),
    ("c", C, [
        ("macro", "", "LIMIT", "#define LIMIT 3"),
        ("macro", "", "SQUARE", "#define SQUARE(x) ((x) * (x))"),
        ("struct", "", "point", "typedef struct point"),
        ("field", "point", "x", "int x, *y"),
        ("field", "point", "y", "int x, *y"),
        ("struct", "", "node", "struct node"),
        ("field", "node", "next", "struct node *next"),
        ("field", "node", "call", "int (*call)(int)"),
        ("enum", "", "color", "enum color"),
        ("member", "color", "RED", "RED"),
        ("member", "color", "BLUE", "BLUE = 2"),
        ("variable", "", "count", "static int count = 1"),
        ("function", "", "add", "int add(int a, char *b)"),
        ("function", "", "name", "static inline char *name(void)"),
    ]),
    ("cpp", CPP, [
        ("class", "geo.flat", "Box", "template <typename T> class Box : public Base"),
        ("method", "geo.flat.Box", "Box", "Box(int a)"),
        ("method", "geo.flat.Box", "area", "virtual int area() const = 0"),
        ("field", "geo.flat.Box", "a_", "int a_"),
        ("method", "geo.Box", "size", "int geo::Box::size(int z) const noexcept"),
        ("enum", "", "Color", "enum class Color : int"),
        ("member", "Color", "Red", "Red"),
        ("type", "", "Number", "using Number = int"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("grammar", "code", "expected"), EXPECTED, ids=grammar_of)
def test_symbols(grammar: str, code: str, expected: list[tuple[str, str, str, str]]) -> None:
    assert table(code, grammar) == expected
    rows = [symbol.first_row for symbol in symbols(parse(code, grammar))]
    assert [s.first_row for s in symbols(parse(code.replace("\n", "\r\n"), grammar))] == rows
    broken = {name for _, _, name, _ in table(code + "\n(((", grammar)}
    assert broken & {name for _, _, name, _ in expected}


@pytest.mark.parametrize(
    ("grammar", "code", "name", "doc"),
    [
        ("python", PYTHON, "Account", "An account."),
        ("python", PYTHON, "owner", "Who it belongs to."),
        ("python", PYTHON, "add", "Adds up."),
        ("typescript", TYPESCRIPT, "Shape", "A shape."),
        ("typescript", "/**\n * Does x.\n */\nf = 1;\nfunction g() {}\n",
         "g", ""),
        ("javascript", "/**\n * Does x\n * and y. More.\n * @param a b\n */\nfunction g(a) {}\n",
         "g", "Does x and y."),
        ("javascript", JAVASCRIPT, "greet", "Greets."),
        ("javascript", "let a = 1; // about a\nlet b = 2;\n", "b", ""),
        ("go", GO, "Server", "Server serves."),
        ("go", GO, "Host", ""),
        ("go", GO, "Start", "Start starts it."),
        ("rust", RUST, "Point", "A point."),
        ("java", JAVA, "Account", "Holds money."),
        ("c", C, "add", "Adds."),
    ],
)  # fmt: skip
def test_doc(grammar: str, code: str, name: str, doc: str) -> None:
    assert one(code, grammar, name).doc == doc


def test_rows_and_parameters() -> None:
    load = one(PYTHON, "python", "load")
    assert (load.first_row, load.last_row) == (19, 26)
    assert load.parameters == ("path: str", "*parts: str", "strict: bool = True")
    assert one("x = '''\r\r'''\ndef f(): pass\n", "python", "f").first_row == 3
    assert one(GO, "go", "Start").parameters == ("a, b int",)
    assert one("const f = x => x;\n", "javascript", "f").parameters == ("x",)


def test_lengths_are_limited() -> None:
    code = f'def f({", ".join(f"a{n}" for n in range(200))}):\n    """{"word " * 100}"""\n'
    found = one(code, "python", "f")
    assert len(found.signature) <= MAX_SIGNATURE
    assert 0 < len(found.doc) <= MAX_DOC


IMPORTS = [
    ("python", "from a.b import (c as d, e)\nfrom . import q\nfrom ..x import *\n"
     "def f():\n    import x.y as z, w\n",
     [("a.b", "c", "d"), ("a.b", "e", ""), (".", "q", ""), ("..x", "*", ""), ("x.y", "", "z"),
      ("w", "", "")]),
    ("typescript", 'import d, { a as b, type c } from "./m";\nimport * as n from "n";\n'
     'import "s";\nexport { x as y } from "./z";\nexport * from "./w";\nimport e = require("f");\n',
     [("./m", "default", "d"), ("./m", "a", "b"), ("./m", "c", ""), ("n", "*", "n"),
      ("s", "", ""), ("./z", "x", "y"), ("./w", "*", ""), ("f", "*", "e")]),
    ("javascript", 'const { a, b: c } = require("./x"), d = require("y");\nimport("./z");\n'
     'require(name); other("no");\n',
     [("./x", "a", ""), ("./x", "b", "c"), ("y", "*", "d"), ("./z", "*", "")]),
    ("go", 'package p\nimport "fmt"\nimport ( f "x/y"; . "z" )\n',
     [("fmt", "", ""), ("x/y", "", "f"), ("z", "*", "")]),
    ("rust", "use a::b::{self, c as d, e::{f, g::*}};\npub use crate::h::I;\nmod m;\n",
     [("a::b", "", ""), ("a::b", "c", "d"), ("a::b::e", "f", ""), ("a::b::e::g", "*", ""),
      ("crate::h", "I", ""), ("self::m", "", "")]),
    ("java", "import a.b.C;\nimport static a.b.C.d;\nimport a.b.*;\n",
     [("a.b.C", "C", ""), ("a.b.C", "d", ""), ("a.b", "*", "")]),
    ("c", '#include <stdio.h>\n#include "a/b.h"\n', [("stdio.h", "", ""), ("a/b.h", "", "")]),
    ("cpp", '#ifdef A\n#include "a.hpp"\n#endif\n', [("a.hpp", "", "")]),
    ("tsx", 'import React from "react";\n', [("react", "default", "React")]),
]  # fmt: skip


@pytest.mark.parametrize(("grammar", "code", "expected"), IMPORTS, ids=grammar_of)
def test_imports(grammar: str, code: str, expected: list[tuple[str, str, str]]) -> None:
    assert imports(parse(code, grammar)) == [Import(*each) for each in expected]


REFERENCES = [
    ("python", "# note\ndef run(): return f'{call(arg)} text' + call(1)\n", {"call": 2, "arg": 1}),
    ("javascript", "// note\nconst run = () => `${call(arg)} text` + /re/;\n",
     {"call": 1, "arg": 1}),
    ("tsx", "const A = () => <Box size={big}>text</Box>;\n", {"Box": 2, "size": 1, "big": 1}),
    ("typescript", "let a1: Shape = make('text');\n", {"Shape": 1, "make": 1}),
    ("go", 'package p\nfunc run() { call("text", `raw`) }\n', {"call": 1}),
    ("rust", '/// note\nfn run() { call("text", r#"raw"#) }\n', {"call": 1}),
    ("java", 'class A1 { int run() { return call("text"); } } // note\n', {"call": 1}),
    ("c", '#include <stdio.h>\nint run(void) { return call("text"); }\n', {"call": 1}),
    ("cpp", 'int run() { return call("text"); }\n', {"call": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("grammar", "code", "expected"), REFERENCES, ids=grammar_of)
def test_references(grammar: str, code: str, expected: dict[str, int]) -> None:
    found = references(parse(code, grammar))
    kept = {name: count for name, count in found.items() if name not in ("int", "p")}
    assert kept == expected


@pytest.mark.parametrize("grammar", [grammar for grammar, _, _ in EXPECTED])
@pytest.mark.parametrize("text", ["(" * 5_000, "{" * 5_000, "a " * 10_000, "use a::{" * 2_000])
def test_hopeless_code_is_survived(grammar: str, text: str) -> None:
    syntax = Syntax.parse(text, grammar)
    if syntax:  # else it took too long to parse
        began = time.thread_time()
        symbols(syntax)
        imports(syntax)
        references(syntax)
        assert time.thread_time() - began < 3
