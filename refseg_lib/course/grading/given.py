"""What an exercise gives its students of the library, as source for the box, without the answer."""

import ast
import importlib
import inspect

from refseg_lib.course.exercise import Exercise


def given_sources(exercise: Exercise) -> dict[str, str]:
    """Return module name to source, in the order in which they can be run.

    The reference's own function is cut out wherever it stands, so that ``from … import`` of it
    fails in the box as for any other part of the library.
    """
    return {name: _without(exercise, name) for name in exercise.given}


def _without(exercise: Exercise, module: str) -> str:
    source = inspect.getsource(importlib.import_module(module))
    if exercise.reference.__module__ != module:
        return source
    tree = ast.parse(source)
    answer = exercise.reference.__name__
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.FunctionDef) and node.name == answer)
    ]
    return ast.unparse(tree)
