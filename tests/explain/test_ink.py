import itertools

from refseg_lib.explain.ink import ink_on


def test_text_can_be_read_on_every_ground() -> None:
    for ground in itertools.product(range(0, 256, 15), repeat=3):
        parts = [c / 255 for c in ground]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        luminance = sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
        ink = {"#000000": 0.0, "#ffffff": 1.0}[ink_on(ground)]
        light, dark = max(luminance, ink), min(luminance, ink)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, ground
