"""What several rooms share: the real data folder, a browser, a JupyterLab, one thread."""

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
from pathlib import Path
from typing import Any

import pytest
import torch

REPOSITORY = Path(__file__).resolve().parents[1]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()
LATE = 120_000
"""Milliseconds to wait for what should take one or two, on a busy machine."""

# Two pytest workers with two torch threads each would fight over two cores.
torch.set_num_threads(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for the real data, so that `-m "not real"` leaves them out."""
    for item in items:
        if "real_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real benchmark pieces beside the project; never part of the project."""
    folder = REPOSITORY.parent / "shared" / "real"
    if not folder.is_dir():
        pytest.skip(f"real data folder {folder} absent")
    return folder


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
