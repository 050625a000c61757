"""The panel's style stays inside the panel, and its colours can be read."""

import re

from refseg_lib.explain.review_style import REVIEW_STYLE


def luminance(color: str) -> float:
    """WCAG's relative luminance of ``#rrggbb``."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_no_rule_reaches_outside_the_panel() -> None:
    plain = re.sub(r"@media[^{]*\{(.*?)\}\s*\}", r"\1}", REVIEW_STYLE, flags=re.DOTALL)
    for selectors in re.findall(r"([^{}]+)\{", plain):
        for selector in selectors.split(","):
            assert ".refseg-review" in selector, selector


def test_text_can_be_read_on_light_and_dark() -> None:
    light = dict(re.findall(r"--(accent|bad|good): (#\w{6})", REVIEW_STYLE.split("}")[0]))
    dark = dict(re.findall(r"--(accent|bad|good): (#\w{6})", REVIEW_STYLE.split("}")[1]))
    assert set(light) == set(dark) == {"accent", "bad", "good"}
    # JupyterLab's page is #ffffff, or #111111 in its dark theme.
    assert all(contrast(color, "#ffffff") >= 4.5 for color in light.values())
    assert all(contrast(color, "#111111") >= 4.5 for color in dark.values())
    assert contrast("#0b62a8", "#ffffff") >= 4.5, "the words on the main button"
