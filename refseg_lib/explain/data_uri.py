"""Pictures inside the page itself, so that one file is the whole page."""

import base64
import io

from PIL import Image


def data_uri(image: Image.Image) -> str:
    """Encode a picture as a ``data:`` address.

    Drawings are smaller as PNG, photographs as JPEG: whichever is smaller is taken.
    """
    files: dict[str, bytes] = {}
    for kind, options in (("png", {"optimize": True}), ("jpeg", {"quality": 88})):
        stream = io.BytesIO()
        image.convert("RGB").save(stream, kind, **options)
        files[kind] = stream.getvalue()
    kind = min(files, key=lambda name: len(files[name]))
    return f"data:image/{kind};base64,{base64.b64encode(files[kind]).decode()}"
