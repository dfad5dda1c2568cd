"""The module under test, loaded with probes in it. Standard library alone."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

from .instrument import Goal, Recorder, instrument


class Subject:
    """A loaded module with the goals in it and the recorder that its probes tell."""

    def __init__(
        self, module: ModuleType, source: str, goals: list[Goal], recorder: Recorder
    ) -> None:
        self.module = module
        self.source = source
        self.tree = ast.parse(source)
        self.goals = goals
        self.recorder = recorder
        self.hit_at_import = set(recorder.hit)


class CannotBeLoaded(Exception):
    """The module under test is not there, has no source, or fails when it is imported."""


def load_subject(name: str) -> Subject:
    """Import the module ``name`` with probes.

    Raises:
        CannotBeLoaded: it cannot be imported, whatever the reason.
    """
    finder = _Finder(name)
    sys.meta_path.insert(0, finder)
    try:
        sys.modules.pop(name, None)
        module = importlib.import_module(name)
    except ImportError as error:
        raise CannotBeLoaded(str(error)) from error
    except (Exception, SystemExit) as error:
        raise CannotBeLoaded(f"{type(error).__name__}: {error}") from error
    finally:
        sys.meta_path.remove(finder)
    if finder.loader is None:
        raise CannotBeLoaded("no source of " + name + " was found")
    return Subject(module, finder.loader.text, finder.loader.goals, finder.loader.recorder)


@contextlib.contextmanager
def replaced_source(name: str, tree: ast.Module) -> Iterator[None]:
    """Let the module ``name`` be made from ``tree`` wherever it is imported within."""
    finder = _Finder(name, tree)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Replacing(importlib.machinery.SourceFileLoader):
    """Loads a module from a tree that stands in for its source."""

    def __init__(self, fullname: str, path: str, tree: ast.Module) -> None:
        super().__init__(fullname, path)
        self._tree = tree

    def get_code(self, fullname: str) -> Any:
        return compile(self._tree, self.get_filename(fullname), "exec", dont_inherit=True)


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, fullname: str, path: str) -> None:
        super().__init__(fullname, path)
        self.text = ""
        self.goals: list[Goal] = []
        self.recorder = Recorder()

    def get_code(self, fullname: str) -> Any:
        path = self.get_filename(fullname)
        self.text = importlib.util.decode_source(self.get_data(path))
        tree, self.goals = instrument(self.text, path)
        return compile(tree, path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__.update(self.recorder.probes)
        super().exec_module(module)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, tree: ast.Module | None = None) -> None:
        self._name = name
        self._tree = tree
        self.loader: _Loader | None = None

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            return None
        if self._tree is not None:
            spec.loader = _Replacing(fullname, spec.loader.path, self._tree)
            return spec
        self.loader = _Loader(fullname, spec.loader.path)
        spec.loader = self.loader
        return spec
