"""A small page to test, a reader of HTML that knows what is open, a browser and a JupyterLab."""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from refseg_lib.evaluation.metrics import score
from refseg_lib.evaluation.result_row import ResultRow
from refseg_lib.explain.page import Answer, Case

VOID = {"meta", "img", "br", "hr", "link", "input"}
HOSTILE = "<script>alert('x')</script> & \"dog\""
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()
LATE = 120_000
"""Milliseconds to wait for what should take one or two, on a busy machine."""


@dataclass
class Page(HTMLParser):
    """Every tag with its attributes, and all the text, of a well-formed page."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


@pytest.fixture
def read() -> Callable[[str], Page]:
    """Parse a page, insisting that every tag is closed in order."""

    def parse(html: str) -> Page:
        page = Page()
        page.feed(html)
        page.close()
        assert page.open == []
        return page

    return parse


@pytest.fixture
def cases() -> list[Case]:
    """Two sentences: one with truth and two answers, one without truth and with hostile text."""
    picture = Image.new("RGB", (40, 30), (90, 140, 90))
    truth = np.zeros((30, 40), bool)
    truth[5:15, 10:20] = True
    shifted = np.roll(truth, 5, 1)  # 50 of 150 pixels in common: IoU 33.3 %
    return [
        Case(
            sentence="左边的狗",
            image=picture,
            truth=truth,
            answers=(Answer("baseline", shifted), Answer("CMSA", truth, notes=("sure of it",))),
            language="zh",
            about="parkref_unc val",
            inside=(("Word attention", picture),),
        ),
        Case(sentence=HOSTILE, image=picture, answers=(Answer(HOSTILE, truth),), about=HOSTILE),
    ]


@pytest.fixture
def rows() -> list[ResultRow]:
    """An honest row and its shuffled control."""
    common = {
        "dataset": "parkref_unc", "split": "val", "language": "en", "variant": "paper",
        "preset": "laptop", "backbone": "laptop", "pretraining": "parkref-semantic",
        "protocol": "strict", "git": "0123456789ab", "versions": {},
    }  # fmt: skip
    return [
        ResultRow(model="cmsa", scores=score([3, 4], [4, 4]), **common),  # type: ignore
        ResultRow(model="cmsa", scores=score([1], [4]), control="shuffled, <seed> 0", **common),  # type: ignore
    ]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real Chromium."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is absent")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that ``lab`` serves; one for all tests of a file, as starting takes seconds."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def write_notebook(lab_folder: Path) -> Callable[..., None]:
    """Write NAME.ipynb of one code cell into ``lab_folder``."""

    def write(name: str, source: str, outputs: tuple[dict[str, Any], ...] = ()) -> None:
        cell = {
            "cell_type": "code",
            "execution_count": None,
            "id": name,
            "metadata": {},
            "outputs": list(outputs),
            "source": source,
        }
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        page = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
        (lab_folder / f"{name}.ipynb").write_text(json.dumps(page))

    return write


@pytest.fixture(scope="module")
def lab(browser: Any, lab_folder: Path) -> Iterator[str]:
    """A JupyterLab of its own that serves ``lab_folder``; gives its address."""
    for name in ("jupyterlab", "ipywidgets", "ipykernel"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    homes = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    own = {name: str(lab_folder / "jupyter" / name.lower()) for name in homes}
    options = [
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--IdentityProvider.token=",
        f"--ServerApp.root_dir={lab_folder}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
    ]
    log = (lab_folder / "lab.log").open("wb")
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
                assert server.poll() is None, (lab_folder / "lab.log").read_text()[-2000:]
                assert time.monotonic() < until, "JupyterLab did not start"
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(20)
        log.close()


@pytest.fixture(scope="module")
def open_notebook(lab: str, browser: Any) -> Callable[..., Any]:
    """Open NAME.ipynb in a page of its own, wait for its kernel, run its first cell if asked."""

    from playwright.sync_api import expect

    expect.set_options(timeout=LATE)

    def open_it(name: str, run: bool = True) -> Any:
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.set_default_timeout(LATE)
        page.goto(f"{lab}/lab/workspaces/{name}/tree/{name}.ipynb?reset")
        # A cell that is run before the kernel is there is never run.
        page.get_by_text("| Idle").wait_for()
        if run:
            page.locator(".jp-CodeCell .cm-content").first.click()
            page.keyboard.press("Shift+Enter")
        return page

    return open_it
