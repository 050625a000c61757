"""Cells that hold a known answer: a reference, an alternative, or a mutant of an exercise.

Such answers are made of the modules they stand in, which the box does not hold. So the cell brings
the sources along, as a stranger could, and takes the function out of them.
"""

import ast
import base64
import importlib.util
import json
import zlib
from pathlib import Path

from refseg_lib.course.exercise import Exercise

_CELL = """\
import base64, importlib.abc, importlib.util, json, sys, zlib

_SOURCES = json.loads(zlib.decompress(base64.b85decode("{packed}")))


class _Brought(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        package = any(other.startswith(name + ".") for other in _SOURCES)
        if package or name in _SOURCES:
            return importlib.util.spec_from_loader(name, self, is_package=package)

    def exec_module(self, module):
        source = _SOURCES.get(module.__name__, "")
        exec(compile(source, module.__name__, "exec"), module.__dict__)


for _name in [name for name in sys.modules if name.split(".")[0] == "refseg_lib"]:
    del sys.modules[_name]
sys.meta_path.insert(0, _Brought())
from {module} import EXERCISE

{function} = EXERCISE.{which}
"""


def answers_of(exercise: Exercise) -> dict[str, str]:
    """Return answer -> how to take it out of the exercise; right answers end in ``!``."""
    found = {"reference!": "reference"}
    found |= {
        f"{answer.__name__}!": f"alternatives[{place}]"
        for place, answer in enumerate(exercise.alternatives)
    }
    return found | {
        mutant.name: f"mutants[{place}].function" for place, mutant in enumerate(exercise.mutants)
    }


def answer_cell(exercise: Exercise, which: str) -> str:
    """Return the source of a cell; ``which`` is a value of :func:`answers_of`."""
    function = exercise.name.replace("-", "_")
    module = f"refseg_lib.course.exercises.{function}"
    sources: dict[str, str] = {}
    _bring(module, sources)
    packed = base64.b85encode(zlib.compress(json.dumps(sources).encode(), 9)).decode()
    return _CELL.format(packed=packed, module=module, function=function, which=which)


def _bring(module: str, sources: dict[str, str]) -> None:
    """Add a module of the library and, in turn, those of the library that it imports."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or module in sources:
        return
    path = Path(spec.origin)
    if path.name == "__init__.py":
        # What a package gathers for its users is not needed for one of its parts.
        return
    sources[module] = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(sources[module])):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if name.startswith("refseg_lib.") and _exists(name):
                _bring(name, sources)


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
