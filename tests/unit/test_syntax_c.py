from __future__ import annotations

import textwrap

import pytest

from indexer.chunk import chunks_of
from indexer.model import ParameterKind, ParsedFile, ReferenceKind, Symbol, SymbolKind
from indexer.syntax.parse import parse, syntax_errors

RING = """\
/**
 * A ring buffer of bytes.
 *
 * One reader, one writer.
 */
#include <stddef.h>
#include "ring/port.h"

#ifndef RING_H
#define RING_H

#define RING_CAPACITY 64
/** The larger of two values. */
#define RING_MAX(a, b) ((a) > (b) ? (a) : (b))
#define RING_LOG(format, ...) port_log(format, __VA_ARGS__)

struct ring_stats;

/// What can go wrong.
enum ring_error {
    RING_OK,
    RING_FULL = 2, /* no room */
};

typedef struct ring {
    unsigned char *bytes; /**< not owned */
    size_t head, tail;
    unsigned flags : 3;
    int (*on_full)(struct ring *ring, void *context);
    struct { int x; } origin;
    union { int as_int; float as_float; };
} ring_t;

typedef struct {
    int count;
} ring_counter;

typedef int (*ring_visitor)(const ring_t *ring, int index);

extern int ring_total;
static const char *const names[] = {"ok", "full"};
const int ring_limit = 3;

/* Takes one byte from the ring.
 * Returns RING_OK or an error. */
int ring_pop(ring_t *ring, unsigned char out[], ...);

/**
 * @brief Adds a byte.
 *
 * @param ring where
 * @deprecated use ring_write
 */
static inline int
ring_push(ring_t *ring, const unsigned char byte)
{
    int local = ring->head;
    struct ring_stats *stats = port_stats((struct ring_stats *)ring->context, 1);
    if (RING_MAX(ring->head, 2) == stats->seen.last)
        return ring->on_full(ring, NULL);
    return RING_OK;
}

__attribute__((deprecated)) void ring_free(void) {}

#endif
"""


def parsed(text: str) -> ParsedFile:
    return parse("ring/ring.c", "c", textwrap.dedent(text))


def symbol(file: ParsedFile, qualified_name: str) -> Symbol:
    [found] = [each for each in file.symbols if each.qualified_name == qualified_name]
    return found


def names(file: ParsedFile, *kinds: SymbolKind) -> list[str]:
    return [each.qualified_name for each in file.symbols if each.kind in kinds]


@pytest.fixture(scope="module")
def ring() -> ParsedFile:
    return parse("ring/ring.c", "c", RING)


def test_a_whole_file_is_understood(ring: ParsedFile) -> None:
    assert (ring.language, ring.problems) == ("c", ())
    assert ring.docstring == "A ring buffer of bytes."
    assert names(ring, SymbolKind.FUNCTION) == [
        "RING_MAX",
        "RING_LOG",
        "ring_pop",
        "ring_push",
        "ring_free",
    ]
    assert names(ring, SymbolKind.CLASS) == ["ring", "ring_counter"]
    assert names(ring, SymbolKind.ENUM_MEMBER) == ["ring_error.RING_OK", "ring_error.RING_FULL"]
    assert names(ring, SymbolKind.TYPE_ALIAS) == ["ring_t", "ring_visitor"]
    assert names(ring, SymbolKind.CONSTANT) == ["RING_CAPACITY", "ring_limit"]
    assert names(ring, SymbolKind.VARIABLE) == ["ring_total", "names"]
    assert [(each.module, each.level, each.bound_name) for each in ring.imports] == [
        ("stddef.h", 0, ""),
        ("ring/port.h", 1, ""),
    ]


def test_fields_know_their_types_and_anonymous_members_are_promoted(ring: ParsedFile) -> None:
    fields = {each.qualified_name: each.annotation for each in ring.symbols if each.kind == "field"}
    assert fields == {
        "ring.bytes": "unsigned char *",
        "ring.head": "size_t",
        "ring.tail": "size_t",
        "ring.flags": "unsigned",
        "ring.on_full": "int (*)(struct ring *ring, void *context)",
        "ring.origin": "struct",
        "ring.origin.x": "int",
        "ring.as_int": "int",
        "ring.as_float": "float",
        "ring_counter.count": "int",
    }


def test_comments_attributes_and_storage_are_read(ring: ParsedFile) -> None:
    push = symbol(ring, "ring_push")
    assert push.docstring == "Adds a byte."
    assert push.is_deprecated
    assert not push.is_public
    assert symbol(ring, "ring_free").is_deprecated
    assert symbol(ring, "ring_free").decorators == ("deprecated",)
    assert symbol(ring, "ring_pop").docstring.startswith("Takes one byte from the ring.")
    assert symbol(ring, "ring_error").docstring == "What can go wrong."
    assert symbol(ring, "RING_MAX").docstring == "The larger of two values."
    assert symbol(ring, "ring.head").docstring == ""
    assert symbol(ring, "ring_total").is_public
    assert not symbol(ring, "names").is_public


@pytest.mark.parametrize(
    ("declaration", "stub", "returns"),
    [
        (
            "static  int *f(const char *s,\n  int n)\n{ }",
            "static int *f(const char *s, int n)",
            "int *",
        ),
        ("int (*pick(int a))(char);", "int (*pick(int a))(char)", "int (*)(char)"),
        ("struct node *next(void);", "struct node *next(void)", "struct node *"),
        ("unsigned long long size(void) {}", "unsigned long long size(void)", "unsigned long long"),
        (
            "int f(int a, // why\n  /* how */ char *b);",
            "int f(int a, char *b)",
            "int",
        ),
        ("int old(a) int a; { return a; }", "int old(a)", "int"),
    ],
)
def test_a_stub_is_the_declaration_on_one_line(declaration: str, stub: str, returns: str) -> None:
    [found] = parse("a.c", "c", declaration).symbols
    assert found.stub == stub
    assert found.kind is SymbolKind.FUNCTION
    assert found.signature is not None
    assert found.signature.returns == returns


def test_parameters_keep_their_types(ring: ParsedFile) -> None:
    file = parsed("int f(char **argv, int n[4], void (*done)(int), struct a *, ...);")
    signature = symbol(file, "f").signature
    assert signature is not None
    assert [(each.name, each.annotation) for each in signature.parameters] == [
        ("argv", "char **"),
        ("n", "int [4]"),
        ("done", "void (*)(int)"),
        ("_", "struct a *"),
        ("...", None),
    ]
    assert signature.parameters[-1].kind is ParameterKind.VARIADIC_POSITIONAL
    log = symbol(ring, "RING_LOG").signature
    assert log is not None
    assert [each.name for each in log.parameters] == ["format", "..."]
    free = symbol(ring, "ring_free").signature
    assert free is not None
    assert free.parameters == ()


def test_references_say_how_and_where_a_name_is_used(ring: ParsedFile) -> None:
    uses = [
        (each.kind, each.receiver, each.name, each.n_arguments)
        for each in ring.references
        if each.container == "ring_push"
    ]
    assert set(uses) == {
        (ReferenceKind.ANNOTATION, "", "ring_t", 0),
        (ReferenceKind.ATTRIBUTE, "ring", "head", 0),
        (ReferenceKind.ANNOTATION, "", "ring_stats", 0),
        (ReferenceKind.CALL, "", "port_stats", 2),
        (ReferenceKind.ATTRIBUTE, "ring", "context", 0),
        (ReferenceKind.CALL, "", "RING_MAX", 2),
        (ReferenceKind.ATTRIBUTE, "stats->seen", "last", 0),
        (ReferenceKind.ATTRIBUTE, "stats", "seen", 0),
        (ReferenceKind.CALL, "ring", "on_full", 2),
    }
    assert "ring_t" in {
        each.name for each in ring.references if each.kind is ReferenceKind.ANNOTATION
    }


def test_locals_are_no_symbols() -> None:
    file = parsed("int f(void) { int a; struct { int b; } c; enum { D } e; extern int g(void); }")
    assert names(file, *SymbolKind) == ["f"]


def test_both_sides_of_a_condition_count() -> None:
    file = parsed(
        """
        #ifdef _WIN32
        int read_all(int handle);
        #else
        int read_some(int handle);
        #endif
        """
    )
    assert names(file, SymbolKind.FUNCTION) == ["read_all", "read_some"]


def test_half_typed_code_keeps_its_neighbours() -> None:
    for broken in ("int bad(int a, ", "struct half { int a;", "x = ((", "#define", "int *", "a->"):
        file = parse("a.c", "c", f"int before(void) {{ return 1; }}\n\n{broken}\n\nint z;\n")
        assert "before" in {each.name for each in file.symbols}, broken
        sound = parse("a.c", "c", f"int before(void) {{ return after(1).{broken}; }}\n")
        assert "before" in {each.name for each in sound.symbols}, broken


def test_line_breaks_and_emoji_move_no_span() -> None:
    text = '/// Grüßt 👋 alle.\r\nint hi(char *s) {\r\n  return say("👋", s->näme);\r\n}\r\n'
    file = parse("a.c", "c", text)
    [hi] = file.symbols
    assert hi.docstring == "Grüßt 👋 alle."
    assert (hi.line, hi.end_line) == (1, 3)
    assert text[hi.span.start : hi.span.end].startswith("int hi(")
    assert text[hi.span.end - 1] == "}"
    for use in file.references:
        assert text[use.span.start : use.span.end] == use.name


def test_every_function_is_a_chunk(ring: ParsedFile) -> None:
    found = {each.qualified_name: each for each in chunks_of(ring, RING)}
    assert found["ring_push"].text.startswith("/**\n * @brief Adds a byte.")
    assert "size_t head, tail;" in found["ring"].text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("int f(struct node *n);", "c"),
        ("/* a class of its own */\nint class;", "c"),
        ('#ifdef __cplusplus\nextern "C" {\n#endif\nint f(void);', "c"),
        ("class Order {\n};", "cpp"),
        ("class Order : public Base {\n};", "cpp"),
        ("namespace shop {\n}", "cpp"),
        ("template <typename T>\nT max(T a);", "cpp"),
        ("struct A {\n public:\n  int x;\n};", "cpp"),
    ],
)
def test_a_header_is_c_unless_it_shows_cpp(text: str, language: str) -> None:
    assert parse("a.h", "c", text).language == language
    if language == "cpp":
        assert syntax_errors("c", text) == []
