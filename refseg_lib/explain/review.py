"""A panel for reviewing Chinese sentences in a notebook, with picture and mask in view.

Paper 002 (§4.1) had "professional annotation staff" verify and correct the machine's translation;
this is their desk. All state is in :class:`review_session.ReviewSession`; here are only widgets.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

from refseg_lib.data.english import refs_files
from refseg_lib.data.review_session import Pair, ReviewSession
from refseg_lib.errors import UserError
from refseg_lib.explain.review_picture import Pictures
from refseg_lib.explain.review_style import REVIEW_STYLE

STATUS_WORDS = {
    "machine": "not reviewed yet",
    "accepted": "accepted",
    "corrected": "corrected",
    "outdated": "the English has changed since it was reviewed",
    "rejected": "rejected",
    "failed": "the translator gave nothing",
}


@dataclass(frozen=True)
class Panel:
    """The widgets of one review.

    Attributes:
        session: The state.
        pictures: Finds picture and mask.
        chinese: The field with the Chinese sentence.
        buttons: By what they do: accept, correct, reject, back, skip, undo, reload.
        darken: Whether all but the thing meant is darkened.
        progress: How far the review is.
        picture: The picture.
        english: The English sentence.
        status: What happened last, read aloud by screen readers.
    """

    session: ReviewSession
    pictures: Pictures
    chinese: Any
    buttons: dict[str, Any]
    darken: Any
    progress: Any
    picture: Any
    english: Any
    status: Any


def review(
    folder: str | os.PathLike[str],
    refs: str | None = None,
    *,
    split: str | None = None,
    reviewer: str = "",
) -> Any:
    """Review the Chinese sentences of a data set, from the first that nobody has decided.

    Enter in the field keeps what is written there: an acceptance where it is unchanged, else a
    correction. Every decision is on disk before the next sentence comes.

    Args:
        folder: With `refs(NAME).p`, `refs(NAME).zh.json`, `instances.json` and `images/`.
        refs: Such as ``"unc"``; not needed where the folder has one refs file.
        split: Only this split.
        reviewer: Your name, written beside each of your decisions.

    Returns:
        An ipywidgets box, shown by a notebook when it is a cell's last line.

    Raises:
        UserError: The folder is not as described, or there is nothing to review.
    """
    found = refs_files(folder, refs)
    if len(found) > 1:
        names = ", ".join(path.stem.removeprefix("refs(").removesuffix(")") for path in found)
        raise UserError(f"{folder} has several refs files: say which, refs= one of {names}")
    session = ReviewSession(found[0], split=split, reviewer=reviewer)
    return lay_out(make_panel(session, Pictures(found[0])))


def make_panel(session: ReviewSession, pictures: Pictures) -> Panel:
    """Make the widgets, tie them to the session and show the sentence in view."""
    import ipywidgets as widgets

    names = {
        "accept": ("Accept", "The Chinese says the same as the English"),
        "correct": ("Save correction", "Keep the Chinese as you changed it"),
        "reject": ("Reject", "Not to be used; can be translated again"),
        "back": ("Back", "The sentence before"),
        "skip": ("Next", "Go on without deciding"),
        "undo": ("Undo", "Take your last decision back"),
        "reload": ("Read file again", "Somebody else has changed it"),
    }
    panel = Panel(
        session=session,
        pictures=pictures,
        chinese=widgets.Text(description="Chinese", continuous_update=True),
        buttons={
            name: widgets.Button(description=text, tooltip=about)
            for name, (text, about) in names.items()
        },
        darken=widgets.Checkbox(value=True, description="Darken the rest", indent=False),
        **{name: widgets.HTML() for name in ("progress", "picture", "english", "status")},
    )
    steps: dict[str, Callable[[], None]] = {
        "accept": session.accept,
        "correct": lambda: session.correct(panel.chinese.value),
        "reject": session.reject,
        "back": session.back,
        "skip": session.skip,
        "undo": session.undo,
        "reload": session.reload,
    }
    for name, step in steps.items():
        panel.buttons[name].on_click(partial(_pressed, panel, name, step))
    panel.chinese.on_msg(partial(_entered, panel, steps))
    panel.chinese.observe(partial(_typed, panel), "value")
    panel.darken.observe(partial(_darkened, panel), "value")
    _show(panel, "")
    return panel


def lay_out(panel: Panel) -> Any:
    """Put the widgets together, in the order in which Tab goes through them."""
    import ipywidgets as widgets

    deciding = [panel.buttons[name] for name in ("accept", "correct", "reject")]
    moving = [panel.buttons[name] for name in ("back", "skip", "undo", "reload")]
    rows = [widgets.HBox(buttons).add_class("refseg-buttons") for buttons in (deciding, moving)]
    # Only one of the two can be pressed at a time: that one stands out.
    for name in ("accept", "correct"):
        panel.buttons[name].add_class("refseg-main")
    panel.chinese.add_class("refseg-chinese")
    panel.darken.add_class("refseg-darken")
    words = widgets.VBox([panel.english, panel.chinese, *rows, panel.status])
    picture = widgets.VBox([panel.picture, panel.darken])
    columns = widgets.Box([picture, words.add_class("refseg-words")]).add_class("refseg-columns")
    style = widgets.HTML(f"<style>{REVIEW_STYLE}</style>")
    return widgets.VBox([style, panel.progress, columns]).add_class("refseg-review")


def _pressed(panel: Panel, name: str, step: Callable[[], None], _: Any) -> None:
    before = panel.session.current
    try:
        step()
    except UserError as error:
        _say(panel, str(error), "wrong")
        # Only a file that somebody else has changed can be mended by reading it again.
        panel.buttons["reload"].layout.display = "" if "somebody else" in str(error) else "none"
        return
    told = {"accept": "Accepted", "correct": "Saved", "reject": "Rejected", "undo": "Taken back"}
    _show(panel, f"{told[name]}: {before.english.sent}" if name in told and before else "")
    if name == "correct":
        # Its own button is now disabled, and Tab must not begin at the top of the page again.
        panel.chinese.focus()


def _entered(
    panel: Panel, steps: dict[str, Callable[[], None]], _: Any, content: dict[str, Any], __: Any
) -> None:
    if content.get("event") == "submit" and panel.session.current is not None:
        name = "correct" if _changed(panel) else "accept"
        _pressed(panel, name, steps[name], None)


def _typed(panel: Panel, _: Any) -> None:
    """Offer either to accept what is there or to save what was typed, never both."""
    pair = panel.session.current
    panel.buttons["accept"].disabled = pair is None or _changed(panel) or not pair.chinese
    panel.buttons["correct"].disabled = pair is None or not _changed(panel)


def _changed(panel: Panel) -> bool:
    pair = panel.session.current
    typed = panel.chinese.value.strip()
    return pair is not None and typed != "" and typed != pair.chinese


def _darkened(panel: Panel, _: Any) -> None:
    pair = panel.session.current
    if pair is not None:
        panel.picture.value = panel.pictures.figure(pair.english, panel.darken.value)


def _show(panel: Panel, said: str) -> None:
    """Bring everything in line with the session."""
    session, pair = panel.session, panel.session.current
    panel.progress.value = _progress(session, pair)
    panel.chinese.value = pair.chinese if pair else ""
    panel.chinese.disabled = pair is None
    panel.english.value = _english(pair)
    _darkened(panel, None)
    if pair is None:
        panel.picture.value = ""
    panel.darken.layout.display = "none" if pair is None else ""
    _typed(panel, None)
    for name in ("reject", "skip"):
        panel.buttons[name].disabled = pair is None
    panel.buttons["back"].disabled = pair is not None and pair.number == 1
    panel.buttons["undo"].disabled = not session.can_undo
    panel.buttons["reload"].layout.display = "none"
    _say(panel, said or (pair.reason if pair else ""), "right" if said else "")


def _say(panel: Panel, text: str, kind: str) -> None:
    panel.status.value = f'<p class="status {kind}" role="status">{escape(text)}</p>'


def _english(pair: Pair | None) -> str:
    if pair is None:
        return '<p class="english">All sentences are decided. Back leads to the last one.</p>'
    about = STATUS_WORDS.get(pair.status, pair.status)
    return (
        f'<p class="label">English <span class="badge">{escape(about)}</span></p>'
        f'<p class="english" lang="en">{escape(pair.english.sent)}</p>'
    )


def _progress(session: ReviewSession, pair: Pair | None) -> str:
    counts = session.counts
    kinds = {name: getattr(counts, name) for name in ("accepted", "corrected", "rejected")}
    parts = "".join(
        f'<i class="{name}" style="width:{100 * count / counts.total:.3f}%"></i>'
        for name, count in kinds.items()
    )
    told = " · ".join(f"{count:,} {name}" for name, count in kinds.items())
    here = f"Sentence {pair.number:,} of {counts.total:,}" if pair else "Review finished"
    return (
        f'<div class="head"><strong>{here}</strong><span>{counts.decided:,} of {counts.total:,}'
        f' decided: {told}</span></div><div class="track" role="progressbar" aria-valuemin="0"'
        f' aria-valuemax="{counts.total}" aria-valuenow="{counts.decided}"'
        f' aria-label="Sentences decided">{parts}</div>'
    )
