"""The course: exercises, their checks, the notebooks and what they start with."""

from refseg_lib.course.check import check, working
from refseg_lib.course.plugging import plug, plug_in
from refseg_lib.course.setting import park, shipped

__all__ = ["check", "park", "plug", "plug_in", "shipped", "working"]
