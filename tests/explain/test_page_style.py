"""The style sheet defines what it uses, in light and in dark."""

import re

from refseg_lib.explain.page_style import STYLE


def test_every_colour_used_is_defined_for_both_schemes() -> None:
    light, dark = (set(re.findall(r"(--[a-z]+):", block)) for block in _roots())
    used = set(re.findall(r"var\((--[a-z]+)\)", STYLE))
    assert used == light == dark


def test_the_style_fetches_nothing() -> None:
    assert not re.search(r"url\(|@import|http", STYLE)


def _roots() -> list[str]:
    return re.findall(r":root \{(.*?)\}", STYLE, flags=re.DOTALL)
