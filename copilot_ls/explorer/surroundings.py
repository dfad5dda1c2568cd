"""What code may change for the whole process, put back after each case. Standard library alone.

Where somebody runs a test, nothing puts it back: a case that leaves something changed is no test.
"""

from __future__ import annotations

import builtins
import logging
import os
import random
import signal
import sys
import threading
import time
import types
from collections.abc import Callable, Sequence
from typing import Any

_MODULES = (builtins, os, os.path, time, random)
_HOOKS = ("excepthook", "displayhook", "breakpointhook", "unraisablehook")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_CODE = (types.FunctionType, type, property, staticmethod, classmethod)


class Surroundings:
    """What was in force when this was made: hooks, paths, variables of the environment, and the
    members of often used modules.

    ``own`` are the module under test and its classes.
    """

    def __init__(self, own: Sequence[Any] = ()) -> None:
        self._trace, self._profile = sys.gettrace(), sys.getprofile()
        self._limit = sys.getrecursionlimit()
        self._arguments, self._path = list(sys.argv), list(sys.path)
        self._environment = dict(os.environ)
        self._hooks = [getattr(sys, name) for name in _HOOKS]
        self._signals = [signal.getsignal(number) for number in _SIGNALS]
        self._handlers, self._level = list(logging.root.handlers), logging.root.level
        self._foreign = [_Members(module) for module in _MODULES]
        self._own = [_Members(owner) for owner in own]

    def restore(self) -> bool:
        """Put everything back; returns whether that was needed.

        Data of the module under test may change, as long as its code does not. Handlers of the
        root logger do not count: pytest gathers itself what is logged.
        """
        is_changed = self._restore_tracing()
        logging.root.handlers[:] = self._handlers
        logging.root.setLevel(self._level)
        if sys.getrecursionlimit() != self._limit:
            sys.setrecursionlimit(self._limit)
            is_changed = True
        if sys.argv != self._arguments:
            sys.argv[:] = self._arguments
            is_changed = True
        if os.environ != self._environment:
            os.environ.clear()
            os.environ.update(self._environment)
            is_changed = True
        if sys.path != self._path:
            # What is searched last hides nothing.
            is_changed |= sys.path[: len(self._path)] != self._path
            sys.path[:] = self._path
        for name, hook in zip(_HOOKS, self._hooks):
            if getattr(sys, name) is not hook:
                setattr(sys, name, hook)
                is_changed = True
        if threading.current_thread() is threading.main_thread():
            for number, handler in zip(_SIGNALS, self._signals):
                if handler is not None and signal.getsignal(number) is not handler:
                    signal.signal(number, handler)
                    is_changed = True
        for members in self._foreign:
            is_changed |= members.restore(lambda _: True)
        for members in self._own:
            is_changed |= members.restore(lambda before: isinstance(before, _CODE))
        return is_changed

    def _restore_tracing(self) -> bool:
        # First of all: whatever traces sees the rest of this too.
        is_changed = sys.gettrace() is not self._trace or sys.getprofile() is not self._profile
        if is_changed:
            sys.settrace(self._trace)
            sys.setprofile(self._profile)
        return is_changed


class _Members:
    """The members of a module or class."""

    def __init__(self, owner: Any) -> None:
        self._owner = owner
        self._members = dict(vars(owner))
        self._ids = list(map(id, self._members.values()))

    def restore(self, counts: Callable[[Any], bool]) -> bool:
        """Put them back; returns whether one that ``counts`` was another."""
        now = vars(self._owner)
        if list(map(id, now.values())) == self._ids:
            return False
        is_changed = False
        for name in [name for name in now if name not in self._members]:
            # Python itself adds some, as for warnings.
            if not name.startswith("__"):
                _set(self._owner, name)
        for name, before in self._members.items():
            if now.get(name, self) is not before and not _is_of_python(name):
                is_changed |= counts(before)
                _set(self._owner, name, before)
        return is_changed


def _set(owner: Any, name: str, *value: Any) -> None:
    """Set or, without a value, delete a member, whatever a metaclass says of it."""
    kind: Any = type if isinstance(owner, type) else type(owner)
    try:
        kind.__setattr__(owner, name, *value) if value else kind.__delattr__(owner, name)
    except (AttributeError, TypeError):
        pass


def _is_of_python(name: str) -> bool:
    return name in {"__dict__", "__weakref__", "__annotations__", "__abstractmethods__"}
