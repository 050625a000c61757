"""Figures of the course: one look, and the way from matplotlib into the page."""

import base64
import io
from typing import Any

from PIL import Image

from refseg_lib.errors import UserError
from refseg_lib.explain.fragment import Fragment
from refseg_lib.explain.image_tag import check_picture, image_tag

DENSITY = 2
"""Pixels of the file per pixel of the page: sharp on a dense screen and on a projector."""
PER_INCH = 80
"""Pixels of the page per inch of a figure: 12 pt become 13 pixels, as large as text beside it."""
LARGE = 30_000
"""Bytes from which a figure is reduced to 256 colours: a notebook holds many."""
# Okabe and Ito's colours, told apart by all kinds of eyes; yellow left out: too pale on white.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#4d4d4d")
CHINESE_FAMILIES = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Noto Sans CJK JP",
)


def show(figure: Any, alt: str, width: int | None = None) -> Fragment:
    """Turn a matplotlib figure into a picture with alt text, and close the figure.

    The same figure gives the same bytes: no date and no program's name are written into it.

    Args:
        figure: A ``matplotlib.figure.Figure``.
        alt: What it shows, for those who do not see it.
        width: Pixels across on the page; by default 80 per inch of the figure. White margins are
            cut, so it is a little less or more.

    Returns:
        An ``<img>`` that a notebook shows when it is a cell's last line.

    Raises:
        UserError: It is not a figure, the alt text is empty, or the width is below 1.
    """
    from matplotlib import pyplot
    from matplotlib.figure import Figure

    if not isinstance(figure, Figure):
        raise UserError(
            f"show draws a matplotlib figure, got {type(figure).__name__}: give the figure that"
            " plt.subplots() returned first, or axes.figure"
        )
    check_picture(alt, width)
    pixels = PER_INCH * figure.get_figwidth() if width is None else width
    stream = io.BytesIO()
    figure.savefig(
        stream,
        format="png",
        dpi=DENSITY * pixels / figure.get_figwidth(),
        facecolor="white",
        bbox_inches="tight",
        pad_inches=0.08,
    )
    # Else the notebook would show it a second time, and every figure would stay in memory.
    pyplot.close(figure)
    # Written anew by Pillow, the file is smaller and names no program or date.
    picture = Image.open(stream).convert("RGB")
    data = _png(picture)
    if len(data) > LARGE:
        data = min(data, _png(picture.quantize(256)), key=len)
    source = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    return Fragment(image_tag(source, alt, round(picture.width / DENSITY)), alt)


def style() -> None:
    """Give all later matplotlib figures the look of the course.

    White ground with a pale grid, colours and maps that colour-blind readers can tell apart, text
    that can be read on a projector, and Chinese where a font with Chinese is installed.
    """
    import matplotlib
    from cycler import cycler
    from matplotlib import font_manager

    # A family that is not installed would be complained about at every text drawn.
    installed = set(font_manager.get_font_names())
    chinese = [name for name in CHINESE_FAMILIES if name in installed][:1]
    matplotlib.rcParams.update(
        {
            "axes.axisbelow": True,
            "axes.edgecolor": "#b0b0b0",
            "axes.grid": True,
            "axes.labelcolor": "#262626",
            "axes.labelsize": 13,
            "axes.prop_cycle": cycler(color=COLORS),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlesize": 14,
            "axes.titleweight": "bold",
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "figure.figsize": (7.5, 4.2),
            "figure.titlesize": 16,
            "font.family": ["DejaVu Sans", *chinese],
            "font.size": 12.5,
            "grid.color": "#dddddd",
            "image.cmap": "viridis",
            "image.interpolation": "nearest",
            "legend.fontsize": 12,
            "legend.frameon": False,
            "lines.linewidth": 2.2,
            "lines.markersize": 7,
            "text.color": "#262626",
            "xtick.color": "#404040",
            "xtick.labelsize": 12,
            "ytick.color": "#404040",
            "ytick.labelsize": 12,
        }
    )


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return stream.getvalue()
