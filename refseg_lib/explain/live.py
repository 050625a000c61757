"""A picture that answers: controls on top of a function that returns HTML.

With a kernel, a change of a control calls the function again. Without one (a notebook on a web
page, or opened and not run) the picture of the first values stands there all the same: it is an
output of its own, hidden only while the controls are alive.
"""

import hashlib
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from typing import Any

from refseg_lib.errors import UserError
from refseg_lib.explain.fragment import Fragment

Choice = Mapping[str, Any] | Sequence[Any] | str
INSTALL = (
    "To change the values, install ipywidgets (pip install 'ipywidgets>=8.1') and run this cell"
    " again."
)
RUN = "Run this cell to change: {}."
BOX = 'style="line-height:1.5;white-space:normal;font-size:14px"'


@dataclass
class Live:
    """Controls and what they show; a notebook shows both when it is a cell's last line.

    Attributes:
        render: The function behind it.
        first: Name to first value.
        still: What ``render`` gave for the first values.
        controls: Name to its ipywidget; empty where ipywidgets is not installed.
        values: Name to how a control's value becomes the argument.
        picture: The widget with what ``render`` gave last.
        error: What ``render`` raised last, None when all went well: raise it to see where.
        status: The widget with one line about it, read aloud by screen readers.
        box: The widget that holds all the others; None where ipywidgets is not installed.
    """

    render: Callable[..., Any]
    first: dict[str, Any]
    still: str
    controls: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    picture: Any = None
    status: Any = None
    box: Any = None
    error: Exception | None = field(default=None, repr=False)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        names = ", ".join(_label(name).lower() for name in self.first)
        if self.box is None:
            display(Fragment(f"<p>{escape(INSTALL)}</p>", INSTALL))
        else:
            told = RUN.format(names)
            bundle = dict(self.box._repr_mimebundle_())
            # Where there is no kernel, this line stands in place of the controls.
            bundle |= {"text/plain": told, "text/html": f"<p>{escape(told)}</p>"}
            display(bundle, raw=True)
        text = self.still.text if isinstance(self.still, Fragment) else "HTML"
        display(Fragment(f'<div class="{_still_class(self.still)}">{self.still}</div>', text))


def live(render: Callable[..., Any], /, **choices: Choice) -> Live:
    """Tie controls to a function.

    Args:
        render: Called as ``render(name=value, ...)``; returns HTML, or anything that a notebook
            shows as HTML (``_repr_html_``). Data comes in through it (a closure, or
            ``functools.partial``), so that nothing changes when the notebook's variables do.
        **choices: What each control offers. A list: one of these; a dictionary: one of its values,
            chosen by its key; ``(low, high, step)`` or ``(low, high, step, first)``: a number; a
            string: free text, beginning with this one. The first value is the one shown first.

    Returns:
        Controls and picture. Where ipywidgets is not installed, the picture alone and a line that
        says how to install it.

    Raises:
        UserError: There is no choice, or one that offers nothing or is none of the above.
    """
    if not choices:
        raise UserError(
            "live was given no choice, so nothing could change: name at least one argument of the"
            " function, e.g. word=['dog', 'kite']; without a choice, call the function itself"
        )
    first = {name: _first(name, choice) for name, choice in choices.items()}
    shown, line, error = _rendered(render, first)
    made = Live(render, first, shown or line, error=error)
    try:
        import ipywidgets as widgets
    except ImportError:
        return made
    for name, choice in choices.items():
        made.controls[name] = _control(widgets, name, choice)
        made.controls[name].observe(partial(_changed, made), "value")
        made.values[name] = partial(_value, choice)
    made.picture, made.status = widgets.HTML(), widgets.HTML()
    _fill(made, shown, line, error)
    row = widgets.Box(
        [_with_slider(widgets, control) for control in made.controls.values()],
        layout=widgets.Layout(flex_flow="row wrap", grid_gap="4px 24px"),
    )
    # The static twin below would only repeat what the controls show.
    hide = widgets.HTML(f"<style>.{_still_class(made.still)} {{ display: none }}</style>")
    hide.layout.display = "none"
    made.box = widgets.VBox([row, made.status, made.picture, hide])
    return made


def _first(name: str, choice: Choice) -> Any:
    """Return the value of a choice that is shown first, or tell why there is none."""
    if isinstance(choice, str):
        return choice
    if isinstance(choice, tuple):
        numbers = [x for x in choice if isinstance(x, int | float) and not isinstance(x, bool)]
        if len(numbers) != len(choice) or len(choice) not in (3, 4):
            raise UserError(
                f"live was given {name}={choice!r}: a tuple is a range, (low, high, step) or"
                " (low, high, step, first); give a list for a choice among values"
            )
        low, high, step, *rest = choice
        first = rest[0] if rest else low
        if not (low < high and step > 0 and low <= first <= high):
            raise UserError(
                f"live was given the range {name}={choice!r}: low must be below high, step above 0"
                " and the first value between them"
            )
        return first
    if isinstance(choice, Mapping | list) and len(choice):
        return next(iter(choice.values())) if isinstance(choice, Mapping) else choice[0]
    raise UserError(
        f"live was given {name}={choice!r}: give a list or a dictionary with something in it, a"
        " range (low, high, step), or a string for free text"
    )


def _control(widgets: Any, name: str, choice: Choice) -> Any:
    """Make the widget of a choice. Values are sent when they are final, not at every key."""
    common = {"description": _label(name), "style": {"description_width": "initial"}}
    if isinstance(choice, str):
        wide = widgets.Layout(width="min(100%, 32rem)")
        return widgets.Text(value=choice, continuous_update=False, layout=wide, **common)
    if isinstance(choice, tuple):
        whole = all(isinstance(x, int) for x in choice)
        field = widgets.BoundedIntText if whole else widgets.BoundedFloatText
        limits = dict(zip(("min", "max", "step"), choice, strict=False))
        narrow = widgets.Layout(width="10rem")
        return field(value=_first(name, choice), layout=narrow, **limits, **common)
    # By place, not by value: pictures and arrays cannot be compared.
    names = list(choice) if isinstance(choice, Mapping) else [str(value) for value in choice]
    return widgets.Dropdown(options=[(text, i) for i, text in enumerate(names)], value=0, **common)


def _with_slider(widgets: Any, control: Any) -> Any:
    """Put a slider beside a number: quick to try, where the number is exact and has a label.

    A slider of ipywidgets has none that a screen reader would find, so it cannot stand alone.
    """
    if not isinstance(control, widgets.BoundedIntText | widgets.BoundedFloatText):
        return control
    whole = isinstance(control, widgets.BoundedIntText)
    slider = (widgets.IntSlider if whole else widgets.FloatSlider)(
        value=control.value,
        min=control.min,
        max=control.max,
        step=control.step,
        readout=False,
        continuous_update=False,
        layout=widgets.Layout(width="12rem"),
    )
    widgets.jslink((slider, "value"), (control, "value"))
    return widgets.HBox([control, slider])


def _value(choice: Choice, chosen: Any) -> Any:
    """Turn the value of a widget into the argument that it stands for."""
    if isinstance(choice, str | tuple):
        return chosen
    return list(choice.values() if isinstance(choice, Mapping) else choice)[chosen]


def _changed(made: Live, _: Any) -> None:
    made.status.value = f'<div {BOX} role="status">Working …</div>'
    now = {name: made.values[name](control.value) for name, control in made.controls.items()}
    _fill(made, *_rendered(made.render, now))


def _fill(made: Live, shown: str, line: str, error: Exception | None) -> None:
    # What was shown belongs to other values: with an error it goes.
    made.picture.value = f"<div {BOX}>{shown}</div>" if shown else ""
    made.status.value = line or f'<div {BOX} role="status"></div>'
    made.error = error


def _rendered(
    render: Callable[..., Any], values: Mapping[str, Any]
) -> tuple[str, str, Exception | None]:
    """Return what ``render`` gives; or nothing, a line that says why, and the exception."""
    try:
        return _html(render(**values)), "", None
    except UserError as error:
        return "", _line(str(error)), error
    except Exception as error:  # a traceback in a widget helps no reader; the line says where
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "site-packages" not in frame.filename][-1]
        told = f"{type(error).__name__} in {ours.name}, line {ours.lineno}: {error}"
        hint = "Restart the kernel and run all cells; if it comes back, report this line."
        return "", _line(f"{told}. {hint}"), error


def _html(shown: Any) -> str:
    if isinstance(shown, str):
        return shown
    if hasattr(shown, "_repr_html_"):
        return Fragment(shown._repr_html_(), type(shown).__name__)
    raise UserError(
        f"render returned {type(shown).__name__}, which is not HTML: wrap a figure in"
        " show(figure, alt)"
    )


def _line(text: str) -> str:
    told = escape(" ".join(text.split()))
    return f'<div class="refseg-error" {BOX} role="status"><strong>{told}</strong></div>'


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _still_class(still: str) -> str:
    """Name a static twin by what it shows, so that a notebook built twice is the same."""
    return f"refseg-still-{hashlib.sha256(still.encode()).hexdigest()[:12]}"
