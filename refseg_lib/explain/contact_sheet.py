"""Contact sheet: many pictures with their sentences in one image, for a README or a slide."""

from collections.abc import Sequence

from PIL import Image

from refseg_lib.errors import UserError
from refseg_lib.explain.caption import PAPER, caption


def contact_sheet(
    cells: Sequence[tuple[Image.Image, str]],
    columns: int = 4,
    cell_width: int = 320,
    gap: int = 16,
) -> Image.Image:
    """Lay pictures out in a grid, each with its sentence underneath.

    Args:
        cells: Pictures (RGB, any size) with their captions, row by row.
        columns: Pictures per row.
        cell_width: Width of a picture in pixels; its height follows.
        gap: White space around the pictures in pixels.

    Returns:
        An RGB image; each row is as high as its highest cell.

    Raises:
        UserError: There is no picture, or no column to put one in.
    """
    if not cells or columns < 1:
        raise UserError(
            f"a contact sheet of {len(cells)} pictures in {columns} columns is empty: give at"
            " least one of both"
        )
    shown = [caption(_to_width(image, cell_width), text) for image, text in cells]
    rows = [shown[start : start + columns] for start in range(0, len(shown), columns)]
    heights = [max(cell.height for cell in row) for row in rows]
    width = min(columns, len(cells)) * (cell_width + gap) + gap
    sheet = Image.new("RGB", (width, sum(heights) + gap * (len(rows) + 1)), PAPER)
    top = gap
    for row, height in zip(rows, heights, strict=True):
        for column, cell in enumerate(row):
            sheet.paste(cell, (gap + column * (cell_width + gap), top))
        top += height + gap
    return sheet


def _to_width(image: Image.Image, width: int) -> Image.Image:
    if image.width == width:
        return image
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS)
