"""Pictures inside the page itself, so that one file is the whole page."""

import base64
import io

from PIL import Image


def data_uri(image: Image.Image) -> str:
    """Encode a picture as a ``data:`` address, for a page to keep.

    Drawings are smaller as PNG, photographs as JPEG: whichever is smaller is taken.
    """
    return min(_uri(image, "png", optimize=True), _uri(image, "jpeg", quality=88), key=len)


def jpeg_uri(image: Image.Image, quality: int = 90) -> str:
    """Encode a picture as a ``data:`` address, for one look: a hundred times faster.

    Colours keep their full resolution, so that borders between them stay sharp.
    """
    return _uri(image, "jpeg", quality=quality, subsampling="4:4:4")


def _uri(image: Image.Image, kind: str, **options: object) -> str:
    stream = io.BytesIO()
    image.convert("RGB").save(stream, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode()}"
