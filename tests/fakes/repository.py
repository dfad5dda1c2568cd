"""A repository of texts in memory, seen as resolution and search see the real one."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from indexer.chunk import chunks_of, split_identifiers
from indexer.model import Chunk, Import, ParsedFile, Reference, ReferenceKind, Symbol
from indexer.resolve.outline import MAX_REFERENCES, Outline
from indexer.store.records import module_stem, receiver_name
from indexer.syntax.parse import language_of, parse

_USES = frozenset({ReferenceKind.CALL, ReferenceKind.BASE, ReferenceKind.DECORATOR})


def parse_text(path: str, text: str) -> ParsedFile:
    return parse(path, language_of(path) or "", text)


class MemoryRepository:
    """Fulfils ``resolve.Repository`` and ``search.Corpus``; scores are counts of shared words."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._texts = files
        self._parsed = {path: parse_text(path, text) for path, text in files.items()}
        self._outlines = {path: Outline(parsed) for path, parsed in self._parsed.items()}
        chunks = [c for p, text in files.items() for c in chunks_of(self._parsed[p], text)]
        self._chunks = dict(enumerate(chunks, 1))
        self.n_outlines_asked = 0

    def outline(self, path: str) -> Outline | None:
        self.n_outlines_asked += 1
        return self._outlines.get(path)

    def symbols_at(self, places: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Symbol]:
        return {
            (path, name): outline.by_qualified_name[name]
            for path, name in places
            if (outline := self._outlines.get(path)) and name in outline.by_qualified_name
        }

    def paths_with_stem(self, stem: str) -> Sequence[str]:
        return sorted(
            path
            for path in self._outlines
            if module_stem(path) == stem and not path.startswith("<")
        )

    def library_paths(self, module: str) -> Sequence[str]:
        inner = module.replace(".", "/")
        endings = ("/__init__.pyi", ".pyi", "/__init__.py", ".py")
        candidates = [f"{r}/{inner}{e}" for r in ("<stdlib>", "<site0>") for e in endings]
        return [path for path in candidates if path in self._outlines]

    def imports_of(self, name: str) -> Sequence[Import]:
        return [i for p in self._parsed.values() for i in p.imports if i.bound_name == name]

    def has_package(self, name: str) -> bool | None:
        return None

    def entries(self, folder: str) -> frozenset[str]:
        start = f"{folder}/" if folder else ""
        inside = [p.removeprefix(start) for p in self._texts if p.startswith(start)]
        return frozenset(path.partition("/")[0] for path in inside)

    def text_of(self, path: str) -> str | None:
        return self._texts.get(path)

    def imports_from(self, package: str) -> Sequence[Import]:
        return [
            i
            for p in self._parsed.values()
            for i in p.imports
            if not i.level and f"{i.module}.".startswith(f"{package}.")
        ]

    def references_in(self, path: str) -> Sequence[Reference]:
        return self._parsed[path].references

    def references_to(
        self, name: str, kind: ReferenceKind | None = None, *, limit: int = MAX_REFERENCES
    ) -> Sequence[Reference]:
        return [
            r
            for parsed in self._parsed.values()
            for r in parsed.references
            if r.name == name and kind in {None, r.kind}
        ][:limit]

    def symbols_named(self, name: str, *, limit: int = 64) -> Sequence[Symbol]:
        return [s for s in self._symbols() if s.name == name][:limit]

    def symbols_starting(self, prefix: str, *, limit: int = 64) -> Sequence[Symbol]:
        wanted = prefix.lower()
        return [s for s in self._symbols() if s.name.lower().startswith(wanted)][:limit]

    def symbols_used_on(self, receiver: str, *, limit: int = 64) -> Sequence[tuple[str, int]]:
        wanted = receiver_name(receiver)
        counts = Counter(
            r.name
            for parsed in self._parsed.values()
            for r in parsed.references
            if wanted and receiver_name(r.receiver) == wanted
        )
        return counts.most_common(limit)

    def uses_in(self, path: str, container: str) -> Sequence[tuple[str, str]]:
        return [
            (r.name, r.receiver)
            for r in self._parsed[path].references
            if r.container == container and r.kind is ReferenceKind.CALL
        ]

    def uses_of(self, name: str, *, limit: int) -> Sequence[Reference]:
        return [r for r in self._references() if r.name == name and r.kind in _USES][:limit]

    def importers_of(self, path: str) -> Sequence[Import]:
        stem = module_stem(path)
        return [
            entry
            for parsed in self._parsed.values()
            for entry in parsed.imports
            if entry.name == stem or stem in entry.module
        ]

    def imports_under(self, folder: str, *, limit: int = 1_500) -> Sequence[Import]:
        return [
            entry
            for path, parsed in self._parsed.items()
            if path.startswith(f"{folder}/")
            for entry in parsed.imports
        ][:limit]

    def uses_after(self, name: str, *, limit: int = 200) -> Sequence[tuple[str, str, str, bool]]:
        calls = [r for r in self._references() if r.kind is ReferenceKind.CALL]
        return [
            (b.path, b.name, b.receiver, a.receiver == b.receiver)
            for a in calls
            for b in calls
            if a.name == name and a.container and (a.path, a.container) == (b.path, b.container)
            if 0 < b.span.start - a.span.start < 300
        ][:limit]

    def name_counts(self, names: Iterable[str]) -> Mapping[str, tuple[int, int]]:
        used = Counter(r.name for p in self._parsed.values() for r in p.references)
        defined = Counter(s.name for s in self._symbols())
        return {name: (used[name], defined[name]) for name in names}

    def match_symbols(
        self, terms: Sequence[str], *, weights: tuple[float, float], limit: int
    ) -> Sequence[tuple[Symbol, float]]:
        scored = [
            (
                s,
                weights[0] * _shared(terms, s.qualified_name)
                + weights[1] * _shared(terms, f"{s.stub} {s.docstring}"),
            )
            for s in self._symbols()
        ]
        best = sorted((entry for entry in scored if entry[1]), key=lambda e: -e[1])
        return best[:limit]

    def match_chunks(
        self,
        terms: Sequence[str],
        *,
        weights: tuple[float, float, float],
        limit: int,
        common: Sequence[str] = (),
        heads_only: bool = False,
    ) -> Sequence[tuple[int, float]]:
        scored = []
        terms = [*terms, *common]
        for row, chunk in self._chunks.items():
            score = weights[0] * _shared(terms, chunk.qualified_name)
            score += weights[1] * _shared(terms, chunk.header)
            score += 0.0 if heads_only else weights[2] * _shared(terms, chunk.text)
            if score:
                scored.append((row, score))
        return sorted(scored, key=lambda e: -e[1])[:limit]

    def chunks_of(self, rowids: Sequence[int]) -> Mapping[int, Chunk]:
        return {row: self._chunks[row] for row in rowids}

    def containers_of(self, rowids: Sequence[int]) -> Mapping[int, tuple[str, str]]:
        return {r: (self._chunks[r].path, self._chunks[r].qualified_name) for r in rowids}

    def chunks_with_hashes(self, hashes: Sequence[str]) -> Mapping[str, Sequence[int]]:
        return {
            h: [row for row, chunk in self._chunks.items() if chunk.text_hash == h] for h in hashes
        }

    def frequency(self, term: str, *, in_chunks: bool = False) -> int:
        if in_chunks:
            return sum(1 for c in self._chunks.values() if _shared([term], f"{c.header} {c.text}"))
        return sum(1 for s in self._symbols() if _shared([term], f"{s.qualified_name} {s.stub}"))

    def _references(self) -> list[Reference]:
        return [r for parsed in self._parsed.values() for r in parsed.references]

    def _symbols(self) -> list[Symbol]:
        return [s for parsed in self._parsed.values() for s in parsed.symbols]


def _shared(terms: Sequence[str], text: str) -> int:
    return len(set(terms) & set(split_identifiers(text).split()))
