from __future__ import annotations

import textwrap

import pytest

from indexer.chunk import chunks_of
from indexer.model import ParameterKind, ParsedFile, ReferenceKind, Symbol, SymbolKind
from indexer.syntax.parse import language_of, parse

SHOP = """\
# frozen_string_literal: true

# What the shop sells.
#
# And how.

require "json"
require_relative "../shop/money"
autoload :Tax, "shop/tax"

# The shop.
module Shop
  LIMIT = 3
  Point = Struct.new(:x, :y) do
    def distance; end
  end

  # An order of one customer.
  #
  # @see Cart
  class Order < Base::Model
    include Comparable
    extend Forwardable::Rules

    # @return [Money] what is to be paid
    attr_reader :total, :name
    attr_accessor "note"
    STATES = %w[open paid].freeze
    @@count = 0

    # Makes an order.
    #
    # @param id [Integer] its number
    # @param [String, nil] name
    # @return [void]
    # @deprecated Use {.create}.
    def initialize(id, name = nil, *rest, state:, tax: 0.2, **options, &block)
      @id = id
      @repository ||= Repository.new(id)
      local = 1
      self.note = "new"
    end

    def self.create(attributes = {}) = new(**attributes)

    class << self
      def build; end

      private

      def secret; end
    end

    sig { params(other: Order).returns(T::Boolean) }
    def ==(other)
      @id == other.id
    end

    def empty?
      lines.map(&:price).each { |line| puts line, sep: 1, "end": 2, **options, &block }
    end

    def later; end
    alias sooner later

    private

    def recount(...) = Shop::Counter.count(1, *[2])

    public def shown; end

    def hidden; end
    private_class_method :create
    private_constant :STATES
    public :hidden
  end

  class Line::Item; end
end

$shop = Shop::Order.new(1)

def open_shop hours, (first, last), *
  raise ArgumentError unless hours.is_a?(Integer)
end
"""


def parsed(text: str) -> ParsedFile:
    return parse("lib/shop.rb", "ruby", textwrap.dedent(text))


def symbol(file: ParsedFile, qualified_name: str) -> Symbol:
    [found] = [each for each in file.symbols if each.qualified_name == qualified_name]
    return found


def names(file: ParsedFile, *kinds: SymbolKind) -> list[str]:
    return [each.qualified_name for each in file.symbols if each.kind in kinds]


@pytest.fixture(scope="module")
def shop() -> ParsedFile:
    return parse("lib/shop.rb", "ruby", SHOP)


def test_ruby_is_known_by_its_names() -> None:
    assert {language_of(path) for path in ("a.rb", "x/Rakefile", "Gemfile", "a.gemspec")} == {
        "ruby"
    }


def test_a_whole_file_is_understood(shop: ParsedFile) -> None:
    assert shop.problems == ()
    assert shop.docstring == "What the shop sells."
    assert names(shop, SymbolKind.MODULE) == ["Shop"]
    assert names(shop, SymbolKind.CLASS) == ["Shop.Point", "Shop.Order", "Shop.Line.Item"]
    assert names(shop, SymbolKind.METHOD) == [
        "Shop.Point.distance",
        "Shop.Order.initialize",
        "Shop.Order.create",
        "Shop.Order.build",
        "Shop.Order.secret",
        "Shop.Order.==",
        "Shop.Order.empty?",
        "Shop.Order.later",
        "Shop.Order.sooner",
        "Shop.Order.recount",
        "Shop.Order.shown",
        "Shop.Order.hidden",
    ]
    assert names(shop, SymbolKind.PROPERTY) == [
        "Shop.Point.x",
        "Shop.Point.y",
        "Shop.Order.total",
        "Shop.Order.name",
        "Shop.Order.note",
    ]
    assert names(shop, SymbolKind.CONSTANT) == ["Shop.LIMIT", "Shop.Order.STATES"]
    assert names(shop, SymbolKind.FIELD) == [
        "Shop.Order.@@count",
        "Shop.Order.@id",
        "Shop.Order.@repository",
    ]
    assert names(shop, SymbolKind.VARIABLE) == ["$shop"]
    assert names(shop, SymbolKind.FUNCTION) == ["open_shop"]
    assert [(each.module, each.name, each.level) for each in shop.imports] == [
        ("json", "*", 0),
        ("../shop/money", "*", 1),
        ("shop/tax", "Tax", 0),
        ("Comparable", "*", 0),
        ("Forwardable::Rules", "*", 0),
    ]


def test_all_kinds_of_parameters_are_told_apart(shop: ParsedFile) -> None:
    signature = symbol(shop, "Shop.Order.initialize").signature
    assert signature is not None
    assert [
        (each.name, each.kind, each.default, each.optional) for each in signature.parameters
    ] == [
        ("id", ParameterKind.POSITIONAL_ONLY, None, False),
        ("name", ParameterKind.POSITIONAL_ONLY, "nil", True),
        ("rest", ParameterKind.VARIADIC_POSITIONAL, None, True),
        ("state", ParameterKind.KEYWORD_ONLY, None, False),
        ("tax", ParameterKind.KEYWORD_ONLY, "0.2", True),
        ("options", ParameterKind.VARIADIC_KEYWORD, None, True),
        ("&block", ParameterKind.POSITIONAL_ONLY, None, True),
    ]
    assert [each.annotation for each in signature.parameters[:2]] == ["Integer", "String, nil"]
    assert signature.returns == "void"


@pytest.mark.parametrize(
    ("declaration", "stub"),
    [
        ("def f(a, # why\n  b: 1)\nend", "def f(a, b: 1)"),
        ("def f a, (b, c), *; end", "def f(a, (b, c), *)"),
        ("def self.f = 1", "def self.f"),
        ("def name=(value); end", "def name=(value)"),
        ("def f(...) = g(...)", "def f(...)"),
        ("class A < B::C; end", "class A < B::C"),
        ("module A::B; end", "module A::B"),
        ("LIMIT = 3", "LIMIT = 3"),
        ("P = Data.define(:x)", "P = Data.define(:x)"),
    ],
)
def test_a_stub_is_the_declaration_on_one_line(declaration: str, stub: str) -> None:
    assert parse("a.rb", "ruby", declaration).symbols[0].stub == stub


def test_documentation_bases_types_and_deprecation_are_read(shop: ParsedFile) -> None:
    order = symbol(shop, "Shop.Order")
    assert order.docstring == "An order of one customer."
    assert order.bases == ("Base::Model", "Comparable")
    assert symbol(shop, "Shop").docstring == "The shop."
    made = symbol(shop, "Shop.Order.initialize")
    assert made.docstring == "Makes an order."
    assert made.is_deprecated
    assert not order.is_deprecated
    assert symbol(shop, "Shop.Order.total").annotation == "Money"
    assert symbol(shop, "Shop.Order.@repository").annotation == "Repository"
    assert symbol(shop, "$shop").annotation == "Shop::Order"
    assert symbol(shop, "Shop.Order.==").decorators == (
        "sig { params(other: Order).returns(T::Boolean) }",
    )


def test_visibility_follows_sections_prefixes_and_later_words(shop: ParsedFile) -> None:
    hidden = {each.qualified_name for each in shop.symbols if not each.is_public}
    assert hidden == {
        "Shop.Order.@@count",
        "Shop.Order.@id",
        "Shop.Order.@repository",
        "Shop.Order.create",
        "Shop.Order.secret",
        "Shop.Order.recount",
        "Shop.Order.STATES",
    }


def test_a_visibility_in_a_block_ends_with_it() -> None:
    file = parsed(
        """
        class A
          included do
            private
            def inner; end
          end
          def outer; end
        end
        """
    )
    assert not symbol(file, "A.inner").is_public
    assert symbol(file, "A.outer").is_public


def test_references_say_how_and_where_a_name_is_used(shop: ParsedFile) -> None:
    bases = [(each.receiver, each.name) for each in shop.references if each.kind == "base"]
    assert bases == [("Base", "Model"), ("", "Comparable"), ("Forwardable", "Rules")]
    calls = {
        (each.container, each.receiver, each.name): (
            each.n_arguments,
            each.keywords,
            each.has_unpacking,
        )
        for each in shop.references
        if each.kind is ReferenceKind.CALL
    }
    assert calls == {
        ("Shop.Point", "Struct", "new"): (2, (), False),
        ("Shop.Order.initialize", "Repository", "new"): (1, (), False),
        ("Shop.Order.create", "", "new"): (0, (), True),
        ("Shop.Order.empty?", "lines", "map"): (0, (), False),
        ("Shop.Order.empty?", "lines.map(&:price)", "each"): (0, (), False),
        ("Shop.Order.empty?", "", "puts"): (2, ("sep",), True),
        ("Shop.Order.recount", "Shop::Counter", "count"): (1, (), True),
        ("", "Shop::Order", "new"): (1, (), False),
        ("open_shop", "", "raise"): (1, (), False),
        ("open_shop", "hours", "is_a?"): (1, (), False),
    }
    assert ("other", "id") in {
        (each.receiver, each.name) for each in shop.references if each.kind == "attribute"
    }
    constants = {each.name for each in shop.references if each.kind is ReferenceKind.ANNOTATION}
    assert {"Repository", "Counter", "ArgumentError", "Integer"} <= constants


def test_half_typed_code_keeps_its_neighbours() -> None:
    for broken in ("def half(a,", "x = [1,", "items.", "Foo::", "class Half <", "puts {", '"open'):
        text = f"class A\n  def before; 1; end\n\n  {broken}\nend\n"
        found = {each.name for each in parse("a.rb", "ruby", text).symbols}
        assert "before" in found, broken
    file = parsed("def before; end\ndef now\n  order.\nend\ndef after; end\n")
    assert {"before", "after"} <= {each.name for each in file.symbols}


def test_line_breaks_and_emoji_move_no_span() -> None:
    text = '# Grüßt 👋.\r\n# Laut.\r\ndef grüße(s)\r\n  say("👋", s).mal(1)\r\nend\r\n'
    file = parse("a.rb", "ruby", text)
    [hi] = file.symbols
    assert hi.docstring == "Grüßt 👋. Laut."
    assert (hi.name, hi.line, hi.end_line) == ("grüße", 2, 4)
    assert text[hi.span.start : hi.span.end].endswith("end")
    for use in file.references:
        assert text[use.span.start : use.span.end] == use.name


@pytest.mark.parametrize(
    "text",
    [
        "module A\n" * 3_000,
        "class A; def f; " * 2_000,
        "foo do\n" * 3_000,
        "A::" * 5_000 + "b",
        "a.b(" * 5_000,
        "x = " + "[" * 5_000,
        "A = Struct.new(:a) do " * 1_000,
        "private " * 3_000 + "def f; end",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_no_depth_of_nesting_breaks_the_parser(text: str) -> None:
    file = parse("a.rb", "ruby", text)
    assert all(len(each.qualified_name) < 1_000 for each in file.symbols)


def test_every_method_is_a_chunk(shop: ParsedFile) -> None:
    found = {each.qualified_name: each for each in chunks_of(shop, SHOP)}
    assert found["Shop.Order.empty?"].text.strip().startswith("def empty?")
    assert "# Makes an order." in found["Shop.Order.initialize"].text
    assert "attr_reader :total" in found["Shop.Order"].text
