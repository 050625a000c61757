"""Pictures: each says what it shows, or is found."""

import pytest

from refseg_lib.course.building.pictures import silent_pictures


def shown(**data):
    data = {key.replace("_", "/"): value for key, value in data.items()}
    return [{"output_type": "display_data", "metadata": {}, "data": data}]


@pytest.mark.parametrize(
    "text",
    [
        " ![](a.png)",
        " ![ ](a.png)",
        " One ![a dog](a.png) and ![](b.png)",
        ' <img src="a.png">',
        ' <img alt="" src="a.png">',
        ' <IMG src="a.png" alt=" "/>',
        " <svg><path/></svg>",
    ],
)
def test_a_silent_picture_in_markdown_is_found(make, text):
    (line,) = silent_pictures("05", make("a = 1", text))
    assert line.startswith("05, cell 2 (c2): a picture without a text")


@pytest.mark.parametrize(
    "text",
    [
        " ![a dog](a.png)",
        ' <img src="a.png" alt="a dog">',
        " Write `![](a.png)` to show it",
        " ```\n![](a.png)\n<img>\n```",
        ' <svg aria-label="a dog"><path/></svg>',
        " <svg><title>a dog</title><path/></svg>",
        ' <svg aria-hidden="true"><path/></svg>',
        " a < b and [alt](x)",
    ],
)
def test_a_picture_that_speaks_and_code_about_pictures_may_stay(make, text):
    assert silent_pictures("05", make("![]()", text)) == []


@pytest.mark.parametrize("kind", ["image_png", "image_jpeg", "image_svg+xml"])
def test_a_bare_picture_output_is_found_and_one_within_html_is_not(make, kind):
    bare = make(("draw()", shown(**{kind: "abc", "text_plain": "<Figure>"})))
    (line,) = silent_pictures("05", bare)
    assert "cell 1 (c1)" in line
    assert "show(figure, alt=…)" in line
    speaking = shown(**{kind: "abc", "text_html": '<img alt="a dog">'})
    assert silent_pictures("05", make(("draw()", speaking))) == []


def test_a_silent_picture_in_an_html_output_is_found(make):
    output = shown(text_html='<p><img src="a" alt="a dog"><img src="b"></p>')
    assert 'give it alt="…"' in silent_pictures("05", make(("draw()", output)))[0]


@pytest.mark.parametrize(
    "text",
    [
        "<svg><title>a</title></svg><svg><path/></svg>",
        "<svg><path/></svg><svg><title>a</title></svg>",
        '<img src="a"><svg><title>a</title></svg>',
    ],
)
def test_every_picture_of_an_output_needs_its_own_text(make, text):
    assert silent_pictures("05", make(("draw()", shown(text_html=text))))


def test_a_bare_picture_within_a_widget_is_found(make):
    notebook = make("interact(draw)")
    model = {"model_name": "OutputModel", "state": {"outputs": shown(image_png="abc")}}
    slider = {"model_name": "IntSliderModel", "state": {"value": 3}}
    state = {"state": {"1": slider, "2": model}}
    notebook["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": state}
    (line,) = silent_pictures("05", notebook)
    assert line.startswith("05, a widget: its output is a bare image/png")
