"""Every language gives answers by words, by neighbours and by what receivers are called."""

import pytest

from indexer.model import Query, SearchMode
from indexer.search.completion import CompletionSearch
from tests.fakes.repository import MemoryRepository, parse_text

CASES = {
    "typescript": (
        {
            "store.ts": "export class Store {\n  load(key: string): string { return key }\n}\n"
            "export function openStore(path: string): Store { return new Store() }\n"
        },
        "b.ts",
        (
            'import { openStore } from "./store"\n\nfunction go() {\n'
            '  const store = openStore("y")\n  store.█\n}\n'
        ),
    ),
    "javascript": (
        {"store.js": "export class Store {\n  load(key) { return key }\n}\n"},
        "b.js",
        "function go(store) {\n  store.█\n}\n",
    ),
    "go": (
        {
            "store/store.go": "package store\n\ntype Store struct{}\n\n"
            "func (s *Store) Load(key string) string { return key }\n",
            "cmd/a.go": 'package main\n\nfunc run(st *store.Store) {\n\tst.Load("x")\n}\n',
        },
        "cmd/b.go",
        "package main\n\nfunc other(st *store.Store) {\n\tst.█\n}\n",
    ),
    "java": (
        {"Store.java": "class Store { String load(String key) { return key; } }\n"},
        "Other.java",
        "class Other {\n  void go(Store store) {\n    store.█\n  }\n}\n",
    ),
    "rust": (
        {"store.rs": "pub struct Store {}\nimpl Store { pub fn load(&self) -> i32 { 1 } }\n"},
        "b.rs",
        "fn b(store: &Store) {\n    store.█\n}\n",
    ),
    "php": (
        {"Store.php": "<?php\nclass Store { public function load($k) { return $k; } }\n"},
        "B.php",
        "<?php\nclass B {\n  function go($store) {\n    $store->█\n  }\n}\n",
    ),
    "ruby": (
        {
            "store.rb": "class Store\n  def load(key)\n  end\nend\n",
            "a.rb": 'def a(store)\n  store.load("x")\nend\n',
        },
        "b.rb",
        "def b(store)\n  store.█\nend\n",
    ),
    "csharp": (
        {"Store.cs": "class Store { public string Load(string k) { return k; } }\n"},
        "B.cs",
        "class B {\n  void Go(Store store) {\n    store.█\n  }\n}\n",
    ),
    "cpp": (
        {"store.hpp": "class Store { public: int load(int k); };\n"},
        "b.cpp",
        "int b(Store* store) {\n  return store->█\n}\n",
    ),
    "c": (
        {"store.h": "int load(int key);\n", "a.c": "int a(int key) {\n  return load(key);\n}\n"},
        "b.c",
        "int b(int key) {\n  int loaded = █\n}\n",
    ),
}


@pytest.mark.parametrize("language", CASES)
def test_the_needed_definition_comes_first(language: str) -> None:
    files, path, marked = CASES[language]
    text = marked.replace("█", "")
    query = Query(text, SearchMode.COMPLETION, path, marked.index("█"))
    repository = MemoryRepository(files | {path: text})
    hits = CompletionSearch(parse_text).search(repository, query, generation="1")
    assert hits[0].title.rpartition(".")[2].lower() == "load"
