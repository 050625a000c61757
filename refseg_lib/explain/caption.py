"""A sentence under its picture, in a size one can read, in English or Chinese."""

import functools

from PIL import Image, ImageDraw, ImageFont

INK, PAPER = (24, 24, 27), (255, 255, 255)
# Where Linux, macOS and Windows keep a font with Chinese; Pillow searches their font folders.
CHINESE_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "msyh.ttc",
    "simhei.ttf",
)


def caption(image: Image.Image, text: str, size: int | None = None) -> Image.Image:
    """Put text under a picture, on white, wrapped at the picture's width.

    Args:
        image: The picture.
        text: Any text; without a Chinese font on the machine Chinese shows as boxes.
        size: Height of the letters in pixels; by default 1/18 of the width, at least 12.

    Returns:
        A new RGB image, as wide as the picture and higher.
    """
    letters = size or max(12, image.width // 18)
    font = font_for(text, letters)
    rows = wrap(text, font, image.width - letters)
    step = round(1.35 * letters)
    room = len(rows) * step + letters // 2
    sheet = Image.new("RGB", (image.width, image.height + room), PAPER)
    sheet.paste(image.convert("RGB"), (0, 0))
    pen = ImageDraw.Draw(sheet)
    for number, row in enumerate(rows):
        place = (letters // 2, image.height + letters // 4 + number * step)
        pen.text(place, row, fill=INK, font=font)
    return sheet


def wrap(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Break text into rows of at most ``width`` pixels.

    Between words where there are spaces, else (Chinese, one endless word) between characters;
    nothing but the spaces at the breaks is lost.
    """
    rows: list[str] = []
    row = ""
    for piece in _pieces(" ".join(text.split())):
        if row and font.getlength((row + piece).rstrip()) > width:
            rows.append(row.rstrip())
            row = ""
        for character in piece:
            if row and font.getlength(row + character.strip()) > width:
                rows.append(row.rstrip())
                row = ""
            row += character
    return [*rows, row.rstrip()] if row.strip() or not rows else rows


def _pieces(text: str) -> list[str]:
    """Cut where a line may break: behind a space, and around every Chinese character."""
    pieces = [""]
    for character in text:
        if character > "\u2e7f" or (pieces[-1] and pieces[-1][-1] > "\u2e7f"):
            pieces.append("")
        pieces[-1] += character
        if character == " ":
            pieces.append("")
    return [piece for piece in pieces if piece]


@functools.lru_cache(maxsize=32)
def font_for(text: str, size: int) -> ImageFont.FreeTypeFont:
    """Find a font that has the characters of ``text``: Pillow's own, or a Chinese one."""
    if any(character > "\u2e7f" for character in text):
        for name in CHINESE_FONTS:
            try:
                return ImageFont.truetype(name, size)
            except OSError:
                continue
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("this Pillow was built without FreeType: reinstall pillow from PyPI")
    return font
