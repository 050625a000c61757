"""The review driven in a real JupyterLab: accept, correct, close, reopen, go on at the third."""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from refseg_lib.data.translating import translate_dataset
from refseg_lib.data.translators import Translator
from refseg_lib.parkref.translating import PROVENANCE, translate_sentences
from refseg_lib.parkref.writing import make_parkref

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()
LATE = 120_000
"""Milliseconds to wait for what should take one or two, on a busy machine."""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    *(
        pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} not installed")
        for name in ("jupyterlab", "ipywidgets", "ipykernel", "playwright")
    ),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny ParkRef whose unc sentences are translated and not reviewed, and two equal
    notebooks: the second one has a kernel of its own."""
    parkref = make_parkref(tmp_path, train_images=2, height=128, workers=1)
    for other in ("uncplus", "gref", "referit"):
        (parkref / f"refs({other}).p").unlink()
    (parkref / "refs(unc).zh.json").unlink()
    translate_dataset(parkref / "refs(unc).p", Translator(PROVENANCE, translate_sentences))
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "id": "review",
        "metadata": {},
        "outputs": [],
        "source": "from refseg_lib.explain.review import review\nreview('parkref')",
    }
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    page = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    for name in ("first", "again"):
        (tmp_path / f"{name}.ipynb").write_text(json.dumps(page))
    return parkref


@pytest.fixture
def lab(folder: Path, tmp_path: Path) -> Iterator[str]:
    """A JupyterLab of its own; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    homes = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    own = {name: str(tmp_path / "jupyter" / name.lower()) for name in homes}
    options = [
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--IdentityProvider.token=",
        f"--ServerApp.root_dir={tmp_path}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
    ]
    log = (tmp_path / "lab.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options],
        env={**os.environ, **own, "OMP_NUM_THREADS": "1"},
        stdout=log,
        stderr=log,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + LATE / 1000
        while True:
            try:
                urllib.request.urlopen(f"{address}/api/status", timeout=5).close()
                break
            except OSError:
                assert server.poll() is None, (tmp_path / "lab.log").read_text()[-2000:]
                assert time.monotonic() < until, "JupyterLab did not start"
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def test_accept_correct_close_reopen_and_go_on_at_the_third(folder: Path, lab: str) -> None:
    from playwright.sync_api import Locator, Page, expect, sync_playwright

    file = folder / "refs(unc).zh.json"
    before = json.loads(file.read_text(encoding="utf-8"))["sentences"]
    one, two, three, *others = before

    def open_review(page: Page, notebook: str) -> Locator:
        page.set_default_timeout(LATE)
        page.goto(f"{lab}/lab/workspaces/{notebook}/tree/{notebook}.ipynb?reset")
        # A cell that is run before the kernel is there is never run.
        page.get_by_text("| Idle").wait_for()
        page.locator(".jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Shift+Enter")
        panel = page.locator(".refseg-review").first
        panel.locator("img").wait_for()
        return panel

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        panel = open_review(page, "first")
        field, picture = panel.get_by_label("Chinese"), panel.locator("img")
        expect(field).to_have_value(before[one]["sent"])
        assert "% of the picture" in (picture.get_attribute("alt") or "")
        assert picture.evaluate("image => image.naturalWidth") > 300
        panel.get_by_role("button", name="Accept").click()
        expect(panel).to_contain_text("Sentence 2 of")
        expect(field).to_have_value(before[two]["sent"])
        # By keyboard alone: other words, Enter.
        field.focus()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text("右边最大的气球")
        expect(panel.get_by_role("button", name="Accept")).to_be_disabled()
        expect(panel.get_by_role("button", name="Save correction")).to_be_enabled()
        page.keyboard.press("Enter")
        expect(panel).to_contain_text("Sentence 3 of")
        page.close()

        page = browser.new_page(viewport={"width": 1280, "height": 860})
        panel = open_review(page, "again")
        expect(panel).to_contain_text("Sentence 3 of")
        expect(panel).to_contain_text("1 accepted · 1 corrected · 0 rejected")
        expect(panel.get_by_label("Chinese")).to_have_value(before[three]["sent"])
        panel.get_by_label("Chinese").focus()
        reached = []
        for _ in range(4):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.textContent"))
        assert reached == ["Accept", "Reject", "Back", "Next"]
        browser.close()

    after = json.loads(file.read_text(encoding="utf-8"))["sentences"]
    assert (after[one]["sent"], after[one]["status"]) == (before[one]["sent"], "accepted")
    assert (after[two]["sent"], after[two]["status"]) == ("右边最大的气球", "corrected")
    assert after[two]["machine"] == before[two]["sent"]
    untouched = (three, *others)
    assert {n: after[n] for n in untouched} == {n: before[n] for n in untouched}
