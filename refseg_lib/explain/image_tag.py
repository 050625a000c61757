"""An ``<img>`` with its picture inside and its text beside it."""

from html import escape

from PIL import Image

from refseg_lib.errors import UserError
from refseg_lib.explain.data_uri import data_uri


def image_tag(image: Image.Image | str, alt: str, width: int | None = None) -> str:
    """Write the tag of a picture; it shrinks where the page is narrower.

    Args:
        image: The picture, or its ``data:`` address.
        alt: What it shows, for those who do not see it.
        width: CSS pixels across; by default as many as the picture has.

    Returns:
        HTML with inline style.

    Raises:
        UserError: The alt text is empty, or the width is below 1.
    """
    check_picture(alt, width)
    if width is None and isinstance(image, Image.Image):
        width = image.width
    source = image if isinstance(image, str) else data_uri(image)
    across = f' width="{width}"' if width is not None else ""
    # A row of boxes would stretch it to the height of the highest one.
    return (
        f'<img src="{escape(source)}" alt="{escape(alt)}"{across}'
        ' style="display:block;max-width:100%;height:auto;align-self:flex-start">'
    )


def check_picture(alt: str, width: int | None = None) -> None:
    """Refuse a picture that nobody described, or that is too narrow to be seen.

    Raises:
        UserError: The alt text is empty, or the width is below 1.
    """
    if not alt.strip():
        raise UserError(
            "this picture has no alt text: say in a sentence what it shows, for example"
            ' alt="attention of each word, highest at dog"'
        )
    if width is not None and width < 1:
        raise UserError(f"a picture {width} pixels wide cannot be seen: give a width of 1 or more")
