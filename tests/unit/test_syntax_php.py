from __future__ import annotations

import textwrap

import pytest

from indexer.chunk import chunks_of
from indexer.model import ParameterKind, ParsedFile, ReferenceKind, Symbol, SymbolKind
from indexer.syntax.parse import language_of, parse

SHOP = r"""<?php
/**
 * What the shop sells.
 *
 * And how.
 */
declare(strict_types=1);

namespace App\Shop;

use App\Models\{Order as O, User};
use Psr\Log\LoggerInterface;
use function App\helper;
use Foo\Bar as Baz, Qux\Quux;

require_once __DIR__ . '/money.php';
include 'legacy.php';

const LIMIT = 3;
define('NAME', 'shop');

/**
 * A cart of one customer.
 *
 * @template T
 */
#[Entity(repository: CartRepository::class)]
final class Cart extends \Base\Model implements Countable
{
    use LogsChanges, Notifies { log as write; }

    public const int MAX = 1, MIN = 0;

    private ?array $items = [];
    /** @var list<Line> its lines */
    protected $lines;
    public static int $count = 0;

    /**
     * Makes a cart.
     *
     * @param list<User> $users who may see it
     */
    public function __construct(
        private readonly int $id = 1, // the number
        protected ?User $owner = null,
        $users = [],
        string ...$notes,
    ) {
        $this->extra = 1;
        parent::__construct($id);
    }

    abstract protected static function &find(int|string &$key, array $by = [1, 2]): ?static;

    /**
     * @return Money
     * @deprecated use sum()
     */
    public function total($tax)
    {
        $this->add(1, rounded: true, ...$rest);
        $log = self::logger()->info("x");
        $order?->owner->name;
        new Line(1, 2);
        helper(Cart::MAX, O::$all);
        $f = fn(int $x) => $x;
        $g = function () use ($tax) { inner($tax); };
        try { } catch (Missing|\Foo\Other $e) { }
        return $order instanceof User;
    }

    #[\Deprecated]
    private function old(): void {}
}

interface HasName extends A, B
{
    const SEPARATOR = ' ';
    public function name(): string;
}

trait LogsChanges
{
    public int $level = 1;
}

enum Suit: string implements HasName
{
    case Hearts = 'H';
    case Spades = 'S';

    public function label(): string { return $this->name; }
}

if (!function_exists('top')) {
    function top(int $a, ?callable $b = null): int|false { $local = 1; return 1; }
}

$config = ['a' => 1];
$cart = new Cart(1);
?>
<p>€ <?= $cart->total(1) ?></p>
"""


def parsed(text: str) -> ParsedFile:
    return parse("src/Cart.php", "php", "<?php\n" + textwrap.dedent(text))


def symbol(file: ParsedFile, qualified_name: str) -> Symbol:
    [found] = [each for each in file.symbols if each.qualified_name == qualified_name]
    return found


def names(file: ParsedFile, *kinds: SymbolKind) -> list[str]:
    return [each.qualified_name for each in file.symbols if each.kind in kinds]


@pytest.fixture(scope="module")
def shop() -> ParsedFile:
    return parse("src/Cart.php", "php", SHOP)


def test_php_is_known_by_its_names() -> None:
    assert {language_of(path) for path in ("a.php", "view.phtml")} == {"php"}


def test_a_whole_file_is_understood(shop: ParsedFile) -> None:
    assert shop.problems == ()
    assert shop.docstring == "What the shop sells."
    assert names(shop, SymbolKind.MODULE) == [r"App\Shop"]
    assert names(shop, SymbolKind.CLASS) == ["Cart", "LogsChanges"]
    assert names(shop, SymbolKind.INTERFACE) == ["HasName"]
    assert names(shop, SymbolKind.ENUM) == ["Suit"]
    assert names(shop, SymbolKind.ENUM_MEMBER) == ["Suit.Hearts", "Suit.Spades"]
    assert names(shop, SymbolKind.METHOD) == [
        "Cart.__construct",
        "Cart.find",
        "Cart.total",
        "Cart.old",
        "HasName.name",
        "Suit.label",
    ]
    assert names(shop, SymbolKind.FUNCTION) == ["top"]
    assert names(shop, SymbolKind.CONSTANT) == [
        "LIMIT",
        "NAME",
        "Cart.MAX",
        "Cart.MIN",
        "HasName.SEPARATOR",
    ]
    assert names(shop, SymbolKind.VARIABLE) == ["config", "cart"]


def test_imports_keep_groups_aliases_and_paths(shop: ParsedFile) -> None:
    assert [(each.module, each.name, each.bound_name, each.level) for each in shop.imports] == [
        (r"App\Models", "Order", "O", 0),
        (r"App\Models", "User", "User", 0),
        (r"Psr\Log", "LoggerInterface", "LoggerInterface", 0),
        ("App", "helper", "helper", 0),
        ("Foo", "Bar", "Baz", 0),
        ("Qux", "Quux", "Quux", 0),
        ("money.php", "*", "", 1),
        ("legacy.php", "*", "", 0),
    ]


def test_fields_know_their_types_and_promoted_parameters_are_fields(shop: ParsedFile) -> None:
    fields = {each.qualified_name: each.annotation for each in shop.symbols if each.kind == "field"}
    assert fields == {
        "Cart.items": "?array",
        "Cart.lines": "list<Line>",
        "Cart.count": "int",
        "Cart.id": "int",
        "Cart.owner": "?User",
        "LogsChanges.level": "int",
    }
    assert symbol(shop, "Cart.id").stub == "private readonly int $id"
    assert symbol(shop, "cart").annotation == "Cart"


def test_parameters_keep_types_defaults_and_variadics(shop: ParsedFile) -> None:
    signature = symbol(shop, "Cart.__construct").signature
    assert signature is not None
    assert [
        (each.name, each.annotation, each.default, each.optional) for each in signature.parameters
    ] == [
        ("id", "int", "1", True),
        ("owner", "?User", "null", True),
        ("users", "list<User>", "[]", True),
        ("notes", "string", None, True),
    ]
    assert signature.parameters[3].kind is ParameterKind.VARIADIC_POSITIONAL
    find = symbol(shop, "Cart.find").signature
    assert find is not None
    assert (find.parameters[0].name, find.returns) == ("key", "?static")
    total = symbol(shop, "Cart.total").signature
    assert total is not None
    assert total.returns == "Money"


@pytest.mark.parametrize(
    ("qualified_name", "stub"),
    [
        ("Cart", r"final class Cart extends \Base\Model implements Countable"),
        (
            "Cart.find",
            "abstract protected static function &find(int|string &$key, array $by = [1, 2]): ?static",
        ),
        ("Cart.MIN", "public const int MIN = 0"),
        ("Cart.items", "private ?array $items = []"),
        ("Suit", "enum Suit: string implements HasName"),
        ("Suit.Hearts", "case Hearts = 'H'"),
        ("HasName", "interface HasName extends A, B"),
        ("top", "function top(int $a, ?callable $b = null): int|false"),
        ("LIMIT", "const LIMIT = 3"),
    ],
)
def test_a_stub_is_the_declaration_on_one_line(
    shop: ParsedFile, qualified_name: str, stub: str
) -> None:
    assert symbol(shop, qualified_name).stub == stub


def test_a_stub_leaves_comments_out() -> None:
    file = parsed("function f(\n    $a = '#//', // why\n    # how\n    $b /* what */\n) {}")
    assert symbol(file, "f").stub == "function f($a = '#//', $b)"


def test_documentation_attributes_bases_and_visibility_are_read(shop: ParsedFile) -> None:
    cart = symbol(shop, "Cart")
    assert cart.docstring == "A cart of one customer."
    assert cart.decorators == ("Entity(repository: CartRepository::class)",)
    assert cart.bases == (r"\Base\Model", "Countable", "LogsChanges", "Notifies")
    assert symbol(shop, "Cart.__construct").docstring == "Makes a cart."
    assert symbol(shop, "Cart.total").docstring == ""
    assert {each.name for each in shop.symbols if each.is_deprecated} == {"total", "old"}
    assert {each.name for each in shop.symbols if not each.is_public} == {
        "items",
        "lines",
        "id",
        "owner",
        "find",
        "old",
    }


def test_references_say_how_and_where_a_name_is_used(shop: ParsedFile) -> None:
    bases = [(each.receiver, each.name) for each in shop.references if each.kind == "base"]
    assert bases == [
        ("Base", "Model"),
        ("", "Countable"),
        ("", "LogsChanges"),
        ("", "Notifies"),
        ("", "A"),
        ("", "B"),
        ("", "HasName"),
    ]
    here = [each for each in shop.references if each.container == "Cart.total"]
    calls = {
        (each.receiver, each.name): (each.n_arguments, each.keywords, each.has_unpacking)
        for each in here
        if each.kind is ReferenceKind.CALL
    }
    assert calls == {
        ("$this", "add"): (1, ("rounded",), True),
        ("self::logger()", "info"): (1, (), False),
        ("self", "logger"): (0, (), False),
        ("", "Line"): (2, (), False),
        ("", "helper"): (2, (), False),
        ("", "inner"): (1, (), False),
    }
    attributes = {(each.receiver, each.name) for each in here if each.kind == "attribute"}
    assert attributes == {
        ("$order", "owner"),
        ("$order?->owner", "name"),
        ("Cart", "MAX"),
        ("O", "all"),
    }
    types = {each.name for each in here if each.kind is ReferenceKind.ANNOTATION}
    assert types == {"Cart", "O", "Missing", "Other", "User"}
    assert ("Entity", ReferenceKind.DECORATOR) in {
        (each.name, each.kind) for each in shop.references
    }


def test_half_typed_code_keeps_its_neighbours() -> None:
    for broken in (
        "function half(int $a,",
        "$this->",
        "Cart::",
        "private function",
        "public ?",
        "#[Half(",
        "$x = [1,",
    ):
        file = parsed(f"class A {{\n  public function before() {{ return 1; }}\n\n  {broken}\n}}\n")
        assert "before" in {each.name for each in file.symbols}, broken
    file = parsed("class A { function f() { $this-> } function g() {} }\nfunction after() {}")
    assert {"f", "g", "after"} <= {each.name for each in file.symbols}


def test_line_breaks_and_emoji_move_no_span() -> None:
    text = '<p>👋</p>\r\n<?php\r\n/** Grüßt 👋. */\r\nfunction grüße($s)\r\n{\r\n  return say("👋", $s)->mal;\r\n}\r\n'
    file = parse("a.php", "php", text)
    [hi] = file.symbols
    assert hi.docstring == "Grüßt 👋."
    assert (hi.name, hi.line, hi.end_line) == ("grüße", 3, 6)
    assert text[hi.span.start : hi.span.end].endswith("}")
    for use in file.references:
        assert text[use.span.start : use.span.end] == use.name


@pytest.mark.parametrize(
    "text",
    [
        "function f() {" * 3_000,
        "return new class { function f() { " * 1_000,
        "$a" + "->b" * 10_000 + ";",
        "f(" * 5_000,
        "namespace A { " * 3_000,
        "use A\\{" * 3_000,
        "$f = fn($x) => " * 3_000,
        "const " + "A = 1, " * 20_000 + "B = 2;",
        "/** " + "@param x " * 20_000 + "*/ function f() {}",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_no_depth_of_nesting_breaks_the_parser(text: str) -> None:
    file = parse("a.php", "php", f"<?php {text}")
    assert all(len(each.qualified_name) < 1_000 for each in file.symbols)


def test_a_template_without_code_has_no_symbols() -> None:
    assert parse("a.php", "php", "<html>{{ x }} class A {}</html>").symbols == ()


def test_every_method_is_a_chunk(shop: ParsedFile) -> None:
    found = {each.qualified_name: each for each in chunks_of(shop, SHOP)}
    assert "* @deprecated use sum()" in found["Cart.total"].text
    assert "private ?array $items = [];" in found["Cart"].text
    assert found["top"].text.strip().startswith("function top(")
