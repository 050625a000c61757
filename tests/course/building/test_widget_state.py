"""Widgets: names that chance drew become numbers, and too much state goes altogether."""

import json
import uuid

from refseg_lib.course.building.widget_state import STATE, VIEW, settle_widgets


def with_widget(make):
    """A slider and its layout, under names drawn as ipywidgets draws them."""
    slider, layout = uuid.uuid4().hex, uuid.uuid4().hex
    view = {"model_id": slider, "version_major": 2, "version_minor": 0}
    alone = {VIEW: view, "text/plain": "IntSlider(value=0)"}
    pictured = {VIEW: view, "text/plain": "x", "text/html": "<b>still</b>"}
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": data} for data in (alone, pictured)
    ]
    notebook = make(" # Title", ("slider", outputs))
    state = {
        slider: {"model_name": "IntSliderModel", "state": {"layout": f"IPY_MODEL_{layout}"}},
        layout: {"model_name": "LayoutModel", "state": {}},
    }
    notebook["metadata"]["widgets"] = {STATE: {"state": state, "version_major": 2}}
    return notebook


def test_two_runs_give_the_same_notebook_and_references_still_meet(make):
    first, second = (settle_widgets(with_widget(make)) for _ in range(2))
    assert json.dumps(first) == json.dumps(second)
    kept = first["metadata"]["widgets"][STATE]["state"]
    slider, layout = kept
    assert kept[slider]["state"]["layout"] == f"IPY_MODEL_{layout}"
    shown = [output["data"][VIEW]["model_id"] for output in first["cells"][1]["outputs"]]
    assert shown == [slider, slider]


def test_too_much_state_goes_with_its_views_and_leaves_the_picture(make):
    settled = settle_widgets(with_widget(make), largest=50)
    assert "widgets" not in settled["metadata"]
    outputs = settled["cells"][1]["outputs"]
    assert [output["data"] for output in outputs] == [
        {"text/plain": "x", "text/html": "<b>still</b>"}
    ]


def test_a_notebook_without_widgets_stays_as_it_is(make):
    assert settle_widgets(make("a = 1")) == make("a = 1")
