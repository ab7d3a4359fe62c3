"""The regular expressions of the program, found in its source, and how long each takes for a text.

    python tests/patterns.py < CASES        prints for each case its name, and once it is done the seconds that it took

A case is a line of JSON: the name of the pattern, and the text in three parts: what comes first, what is repeated, what comes last.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import roleqa

SOURCE = Path(roleqa.__file__).parent
LENGTH = 150_000
# Of processor time, for all cases together: whatever grew with more than the length would take hours.
MOST_SECONDS = 120
FUNCTIONS = frozenset({"compile", "match", "fullmatch", "search", "split", "findall", "finditer", "sub", "subn"})
# What looks at every place of a text; the others look at its start alone.
SEARCHING = FUNCTIONS - {"compile", "match", "fullmatch"}


@dataclass(slots=True)
class Found:
    """The calls that make the patterns of one name, and the methods of these that the program calls."""

    module: str
    variable: str | None
    calls: list[ast.Call] = field(default_factory=list)
    methods: set[str] = field(default_factory=set)

    def patterns(self) -> list[re.Pattern[str] | re.Pattern[bytes]]:
        """Raises ValueError where a pattern is made while the program runs."""
        if self.variable:
            return list(dict.fromkeys(_flat(getattr(importlib.import_module(self.module), self.variable))))
        return [re.compile(ast.literal_eval(call.args[0])) for call in self.calls]


def found() -> dict[str, Found]:
    """Every regular expression, by its file and the variable or function that has it."""
    all_of: dict[str, Found] = {}
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in sorted(SOURCE.rglob("*.py"))}
    for file, tree in trees.items():
        for call, scope, variable in _calls(tree, (), None):
            if _is_of_re(call):
                name = f"{file.relative_to(SOURCE).as_posix()}:{'.'.join(scope) or variable}"
                own = all_of.setdefault(name, Found(_module(file), None if scope else variable))
                own.calls.append(call)
                own.methods |= {call.func.attr} - {"compile"}
    for file, tree in trees.items():
        homes = _homes(file, tree)
        for call, _, _ in _calls(tree, (), None):
            if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.attr in FUNCTIONS:
                known = all_of.get(homes.get(call.func.value.id, ""))
                if known:
                    known.methods.add(call.func.attr)
    return all_of


def _module(file: Path) -> str:
    return ".".join(("roleqa", *file.relative_to(SOURCE).with_suffix("").parts))


def _homes(file: Path, tree: ast.Module) -> dict[str, str]:
    """The names of a module's variables among all patterns, its own and those that it imports."""
    own = file.relative_to(SOURCE).as_posix()
    homes = {
        target.id: f"{own}:{target.id}"
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("roleqa."):
            home = f"{(node.module or '').removeprefix('roleqa.').replace('.', '/')}.py"
            homes |= {alias.asname or alias.name: f"{home}:{alias.name}" for alias in node.names}
    return homes


def _calls(node: ast.AST, scope: tuple[str, ...], variable: str | None) -> Iterator[tuple[ast.Call, tuple[str, ...], str | None]]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        scope = (*scope, node.name)
    if not scope and isinstance(node, ast.Assign | ast.AnnAssign):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        variable = target.id if isinstance(target, ast.Name) else None
    if isinstance(node, ast.Call):
        yield node, scope, variable
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, scope, variable)


def _is_of_re(call: ast.Call) -> bool:
    function = call.func
    return isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "re" and function.attr in FUNCTIONS


def _flat(value: object) -> Iterator[re.Pattern[str] | re.Pattern[bytes]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from _flat(inner)


def text_of(first: str, repeated: str, last: str) -> str:
    return first + repeated * (LENGTH // len(repeated)) + last


def seconds(known: Found, text: str) -> float:
    """The processor time that the methods in use take for a text; all of them, where nothing shows which those are."""
    started = time.process_time()
    for pattern in known.patterns():
        given = text.encode("utf-8") if isinstance(pattern.pattern, bytes) else text
        nothing = given[:0]
        if not known.methods or "match" in known.methods:
            pattern.match(given)  # type: ignore[arg-type]
        if not known.methods or "fullmatch" in known.methods:
            pattern.fullmatch(given)  # type: ignore[arg-type]
        if not known.methods or known.methods & SEARCHING:
            pattern.sub(nothing, given)  # type: ignore[arg-type]
    return time.process_time() - started


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    all_of = found()
    for line in sys.stdin:
        name, first, repeated, last = json.loads(line)
        print(json.dumps([name, repeated]), flush=True)
        print(seconds(all_of[name], text_of(first, repeated, last)), flush=True)


if __name__ == "__main__":
    main()
