"""Outputs: what the clock and the memory decided is taken out, the rest stays."""

from refseg_lib.course.building.outputs import map_texts, tidy_outputs


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def shown(**data):
    return {"output_type": "display_data", "metadata": {}, "data": data}


def test_pieces_of_a_stream_become_one_but_keep_their_place_around_pictures(make):
    outputs = [
        stream("a"),
        stream("b\n"),
        stream("w", "stderr"),
        stream("c\n"),
        shown(html="<b>"),
        stream("d"),
        stream("e"),
    ]
    tidy = tidy_outputs(make(("x", outputs)))["cells"][0]["outputs"]
    assert tidy == [
        stream("ab\n"), stream("w", "stderr"), stream("c\n"), shown(html="<b>"), stream("de"),
    ]  # fmt: skip


def test_a_progress_bar_keeps_its_last_state(make):
    outputs = [stream("begin\n10%\r50%"), stream("\r100%\nend\r\n")]
    assert tidy_outputs(make(("x", outputs)))["cells"][0]["outputs"] == [
        stream("begin\n100%\nend\n")
    ]


def test_addresses_go_and_other_hexadecimal_numbers_stay(make):
    text = "<function f at 0x7f3b2c1d> at 0xff 0x7f3b2c1d"
    tidy = tidy_outputs(make(("x", [stream(text), shown(plain=text)])))
    wanted = "<function f at 0x...> at 0xff 0x7f3b2c1d"
    assert tidy["cells"][0]["outputs"] == [stream(wanted), shown(plain=wanted)]


def test_addresses_within_a_widget_go_too(make):
    notebook = make("x")
    notebook["metadata"]["widgets"] = {"outputs": [stream("<f at 0x7f3b2c1d>")]}
    assert tidy_outputs(notebook)["metadata"]["widgets"] == {"outputs": [stream("<f at 0x...>")]}


def test_time_stamps_go_and_the_notebook_handed_in_stays(make):
    notebook = make(("x", [stream("a"), stream("b")]))
    notebook["cells"][0]["metadata"] = {"execution": {"started": "now"}, "nbgrader": 1}
    assert tidy_outputs(notebook)["cells"][0]["metadata"] == {"nbgrader": 1}
    assert notebook["cells"][0]["outputs"] == [stream("a"), stream("b")]


def test_every_text_of_a_nest_is_changed_and_numbers_stay():
    nest = {"a": ["x", {"b": "y", "n": 1}], "z": None}
    assert map_texts(nest, str.upper) == {"a": ["X", {"b": "Y", "n": 1}], "z": None}
