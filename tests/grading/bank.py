"""Hostile and broken submissions. Each is one cell, or a way to spoil a notebook file.

The exercise is ``gated-exchange``; none of these contains a solution, so none may earn a point.
CANARY stands for the path of a file outside the box that must stay as it is.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

EXERCISE = "gated-exchange"
HEAD = "def gated_exchange(levels, memory, reset, gamma):\n"

HONEST = (
    HEAD
    + """\
    fused = []
    for i, x in enumerate(levels):
        g = (1 - memory[i]) * x
        for j in range(len(levels)):
            if j != i:
                g = g + gamma[j] * memory[j] * levels[j]
        fused.append(reset[i] * torch.tanh(g) + (1 - reset[i]) * x)
    return fused
"""
)
NOTHING = HEAD + "    return levels\n"
"""Returns what came in: earns what kind, shape and untouched inputs are worth, and no more."""

CELLS: dict[str, str] = {
    # Tampering with whatever judges.
    "patches-the-checker": (
        "import refseg_lib.course.checking as c\nc.judge = lambda *a: None\n" + HEAD + "    return 0\n"
    ),
    "patches-calling-in-the-worker": (
        "import sys\nfor m in list(sys.modules.values()):\n"
        "    for n in ('call', 'difference', 'examine', 'judge', 'pack', 'read'):\n"
        "        if hasattr(m, n) and m.__name__.startswith(('refseg', '__main__')):\n"
        "            setattr(m, n, lambda *a, **k: True)\n" + HEAD + "    return 0\n"
    ),
    "patches-builtins": (
        "import builtins\nfor n in ('all', 'any', 'isinstance', 'len', 'zip', 'type'):\n"
        "    setattr(builtins, n, lambda *a, **k: True)\n" + HEAD + "    return 0\n"
    ),
    "patches-torch": (
        "torch.equal = torch.allclose = torch.isclose = lambda *a, **k: True\n"
        "torch.Tensor.__eq__ = torch.Tensor.__ne__ = lambda *a: True\n" + HEAD + "    return 0\n"
    ),
    "patches-numpy": (
        "np.array_equal = np.allclose = np.load = lambda *a, **k: True\n" + HEAD + "    return 0\n"
    ),
    "patches-numpy-save": (
        "np.save = np.lib.format.write_array = lambda f, *a, **k: f.write(b'anything')\n"
        + HEAD + "    return [torch.zeros(1)]\n"
    ),
    "replaces-modules": (
        "import sys, types\nfake = types.ModuleType('x')\n"
        "sys.modules['refseg_lib.course.comparing'] = sys.modules['numpy'] = fake\n"
        + HEAD + "    return 0\n"
    ),
    "equal-to-everything": (
        "class Same(list):\n    def __eq__(self, o): return True\n    def __ne__(self, o): return False\n"
        "    def __len__(self): return 2\n    __hash__ = None\n" + HEAD + "    return Same()\n"
    ),
    "tensor-equal-to-everything": (
        "class Same(torch.Tensor):\n    @classmethod\n"
        "    def __torch_function__(cls, f, types, args=(), kwargs=None): return True\n"
        + HEAD + "    return [torch.zeros(1).as_subclass(Same)] * len(levels)\n"
    ),
    "lazy-copy-of-the-reference": (
        "import gc, inspect\nclass Lazy:\n    def __getattribute__(self, name):\n"
        "        for frame in inspect.stack():\n"
        "            for value in frame.frame.f_locals.values():\n"
        "                if type(value).__name__ == 'Outcome': return value\n"
        "        return object.__getattribute__(self, name)\n" + HEAD + "    return Lazy()\n"
    ),
    "searches-memory-for-answers": (
        "import gc\n" + HEAD + "    found = [o for o in gc.get_objects() if type(o).__name__ in"
        " ('Outcome', 'Exercise', 'Mutant')]\n    return found[0].value if found else 0\n"
    ),
    "imports-the-reference": "from refseg_lib.fusion.gated import gate as gated_exchange\n",
    "imports-the-exercise": (
        "from refseg_lib.course.exercises.gated_exchange import EXERCISE\n"
        "gated_exchange = EXERCISE.reference\n"
    ),
    "finds-the-library-by-path": (
        "import sys, glob\nfor p in ['/work', '/home', '/root', '/srv', '/opt', '/builds', '/repo']:\n"
        "    sys.path += glob.glob(p + '/**/', recursive=True)[:2000]\n"
        "from refseg_lib.fusion.gated import gate as gated_exchange\n"
    ),
    # Forging what goes over the pipe.
    "forged-replies": (
        "import os, json\nh = json.dumps({'tree': {'error': None, 'gradients': {'dict': []},\n"
        "  'altered': {'tuple': []}, 'value': True, 'unfinished': False}, 'sizes': []}).encode()\n"
        "def flood():\n    for fd in range(3, 20):\n        for _ in range(50):\n"
        "            try: os.write(fd, len(h).to_bytes(8, 'big') + h)\n"
        "            except OSError: break\n" + HEAD + "    flood()\n    return 0\n"
    ),
    "forged-full-marks": (
        "import os, json\nh = json.dumps({'tree': {'points': {'int': '0x9'}, 'passed': True,\n"
        "  'error': None}, 'sizes': []}).encode()\nfor fd in range(3, 20):\n"
        "    try: os.write(fd, len(h).to_bytes(8, 'big') + h)\n    except OSError: pass\n"
        + HEAD + "    return 0\n"
    ),
    "claims-an-endless-message": (
        "import os\nfor fd in range(3, 20):\n    try: os.write(fd, b'\\xff' * 8)\n"
        "    except OSError: pass\n" + HEAD + "    return 0\n"
    ),
    "says-it-has-ended": (
        "import os, json\nh = json.dumps({'tree': {'ended': {'int': '0x0'}}, 'sizes': []}).encode()\n"
        + HEAD + "    for fd in range(3, 20):\n"
        "        try: os.write(fd, len(h).to_bytes(8, 'big') + h)\n        except OSError: pass\n"
        "    return 0\n"
    ),
    "closes-every-pipe": "import os\n" + HEAD + "    os.closerange(0, 256)\n    return 0\n",
    # Results that are no results.
    "huge-array": HEAD + "    return [torch.zeros(2**24, dtype=torch.float64)]\n",
    "array-of-a-terabyte": HEAD + "    return [torch.zeros(2**37, dtype=torch.float64)]\n",
    "expanded-array": HEAD + "    return [torch.zeros(1).expand(10**9)] * 2\n",
    "nan": HEAD + "    return [x * float('nan') for x in levels]\n",
    "object-array": HEAD + "    return np.array([print, levels], dtype=object)\n",
    "meta-tensor": HEAD + "    return [torch.zeros(1, device='meta')] * 2\n",
    "sparse-tensor": HEAD + "    return [x.to_sparse() for x in levels]\n",
    "endless-list": HEAD + "    import itertools\n    return itertools.count()\n",
    "list-that-holds-itself": HEAD + "    a = []\n    a.append(a)\n    return a\n",
    "a-million-lists": HEAD + "    return [[] for _ in range(10**6)]\n",
    "number-of-a-million-digits": HEAD + "    return 10 ** (10 ** 6)\n",
    "keys-that-are-objects": HEAD + "    return {(1, 2): 3, print: 4, 'a': {5: 6}}\n",
    "pickle": HEAD + "    import pickle\n    return pickle.dumps(levels)\n",
    # Using everything up.
    "endless-loop": HEAD + "    while True: pass\n",
    "endless-loop-in-c": HEAD + "    return sum(range(10**15))\n",
    "endless-loop-while-loading": "while True: pass\n",
    "endless-print": HEAD + "    while True: print('x' * 10_000)\n",
    "endless-warnings": (
        "import sys\n" + HEAD + "    while True: sys.stderr.write('x' * 10_000)\n"
    ),
    "sleeps": HEAD + "    import time\n    time.sleep(3600)\n",
    "memory-bomb": HEAD + "    a = []\n    while True: a.append(bytearray(2**26))\n",
    "fork-bomb": HEAD + "    import os\n    while True:\n        try: os.fork()\n        except OSError: pass\n",
    "thread-bomb": (
        "import threading, time\n" + HEAD + "    while True:\n        try: threading.Thread(target=time"
        ".sleep, args=(99,)).start()\n        except RuntimeError: pass\n"
    ),
    "file-bomb": HEAD + "    with open('/tmp/x', 'wb') as f:\n        while True: f.write(b'x' * 2**20)\n",
    "many-files": HEAD + "    a = []\n    while True: a.append(open('/dev/null'))\n",
    "deep-recursion": (
        "import sys\nsys.setrecursionlimit(10**9)\n" + HEAD + "    return gated_exchange(levels, "
        "memory, reset, gamma)\n"
    ),
    "crashes-python": "import ctypes\n" + HEAD + "    ctypes.string_at(0)\n",
    # Getting out.
    "network": (
        "import urllib.request\n" + HEAD + "    urllib.request.urlopen('http://127.0.0.1:PORT/hit',"
        " timeout=2)\n"
    ),
    "network-by-socket": (
        "import socket\n" + HEAD + "    s = socket.create_connection(('127.0.0.1', PORT), 2)\n"
        "    s.send(b'GET /hit HTTP/1.0\\r\\n\\r\\n')\n    return 0\n"
    ),
    "reads-the-canary": HEAD + "    return open('CANARY').read()\n",
    "writes-outside": HEAD + "    open('CANARY', 'w').write('taken over')\n    return 0\n",
    "deletes-outside": (
        "import shutil, os\n" + HEAD + "    shutil.rmtree(os.path.dirname('CANARY'), True)\n"
        "    shutil.rmtree('/', ignore_errors=True)\n    return 0\n"
    ),
    "runs-a-shell": (
        "import subprocess\n" + HEAD + "    subprocess.run('echo taken over > CANARY; reboot',"
        " shell=True)\n    return 0\n"
    ),
    "reads-the-environment": (
        "import os\n" + HEAD + "    return open('/proc/1/environ').read() + open('/etc/shadow').read()\n"
    ),
    "reads-other-processes": (
        "import os\n" + HEAD + "    for p in os.listdir('/proc'):\n        if p.isdigit() and int(p) != "
        "os.getpid():\n            open(f'/proc/{p}/mem', 'rb').read(1)\n    return 0\n"
    ),
    "becomes-root": HEAD + "    import os\n    os.setuid(0)\n    open('CANARY', 'w').write('x')\n",
    "leaves-by-mount": (
        "import ctypes\n" + HEAD + "    libc = ctypes.CDLL(None)\n    libc.unshare(0x10000000 | 0x20000)\n"
        "    libc.mount(b'/', b'/tmp', None, 4096, None)\n    open('CANARY', 'w').write('x')\n"
    ),
    "kills-everyone": "import os\n" + HEAD + "    os.kill(-1, 9)\n    return 0\n",
    "kills-the-parent": "import os\n" + HEAD + "    os.kill(os.getppid(), 9)\n    return 0\n",
    "stops-the-parent": (
        "import os, signal\n" + HEAD + "    os.kill(os.getppid(), signal.SIGSTOP)\n    return 0\n"
    ),
    "exits": HEAD + "    import os\n    os._exit(0)\n",
    "exits-politely": HEAD + "    raise SystemExit(0)\n",
    "interrupts": HEAD + "    raise KeyboardInterrupt\n",
    "at-exit": (
        "import atexit, os\natexit.register(lambda: os.write(4, b'forged'))\n" + HEAD + "    return 0\n"
    ),
    "leaves-threads": (
        "import threading, os, time\ndef later():\n    time.sleep(0.2)\n    while True:\n"
        "        for fd in range(3, 9):\n            try: os.write(fd, b'forged')\n"
        "            except OSError: pass\nthreading.Thread(target=later, daemon=True).start()\n"
        + HEAD + "    return 0\n"
    ),
    "leaves-a-daemon": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        while True: time.sleep(1)\n    os._exit(0)\n" + HEAD + "    return 0\n"
    ),
    "exception-that-raises": (
        "class E(Exception):\n    def __str__(self): raise self\n    __repr__ = __str__\n"
        + HEAD + "    raise E\n"
    ),
    "exception-of-a-gigabyte": HEAD + "    raise ValueError('x' * 2**28)\n",
    # Cells that are no cells.
    "empty": "",
    "stub": HEAD + "    raise NotImplementedError('gated-exchange: write me')\n",
    "syntax-error": HEAD + "    return (\n",
    "null-bytes": HEAD + "    return '\x00'\n",
    "too-many-brackets": HEAD + "    return " + "(" * 5000 + ")" * 5000 + "\n",
    "too-long": HEAD + "    return 0\n" + "# " + "x" * 200_000 + "\n",
    "no-function": "gated_exchange = 3\n",
    "async-function": "async " + HEAD + "    return levels\n",
    "generator": HEAD + "    yield from levels\n",
}  # fmt: skip


def cell(source: str, name: str = EXERCISE) -> dict[str, object]:
    """Make the exercise cell of a notebook."""
    return {
        "cell_type": "code", "id": f"exercise-{name}", "metadata": {}, "source": source,
        "outputs": [], "execution_count": None,
    }  # fmt: skip


def notebook(*cells: dict[str, object]) -> str:
    """Make the text of a notebook."""
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def _sparse(path: Path) -> None:
    with open(path, "wb") as file:
        file.truncate(200 * 2**20)


FILES: dict[str, Callable[[Path], object]] = {
    "malformed.ipynb": lambda p: p.write_text('{"cells": [{"cell_type": "code", "sou'),
    "not-a-notebook.ipynb": lambda p: p.write_text("[1, 2, 3]"),
    "cells-of-numbers.ipynb": lambda p: p.write_text('{"cells": [1, 2]}'),
    "deep-json.ipynb": lambda p: p.write_text("[" * 200_000),
    "binary.ipynb": lambda p: p.write_bytes(bytes(range(256)) * 64),
    "200-megabytes.ipynb": _sparse,
    "a-million-cells.ipynb": lambda p: p.write_text('{"cells": [' + "{}," * 10**6 + "{}]}"),
    "a-folder.ipynb": lambda p: p.mkdir(),
    "a-pipe.ipynb": lambda p: os.mkfifo(p),
    "a-link.ipynb": lambda p: p.symlink_to(p.parent / "honest.ipynb"),
    "a-link-to-itself.ipynb": lambda p: p.symlink_to(p),
    "homoglyph-id.ipynb": lambda p: p.write_text(notebook(cell(HONEST, "gated\u2010exchange"))),
    "fullwidth-id.ipynb": lambda p: p.write_text(notebook(cell(HONEST, "ｇated-exchange"))),
    "id-with-a-path.ipynb": lambda p: p.write_text(notebook(cell(HONEST, "../gated-exchange"))),
    "first-of-two-counts.ipynb": lambda p: p.write_text(notebook(cell("x = 1"), cell(HONEST))),
    "source-is-a-number.ipynb": lambda p: p.write_text(notebook({**cell(""), "source": 3})),
}
ODD_NAMES = ("..%2F..%2Fetc.ipynb", "=HYPERLINK(1).ipynb", "-rf.ipynb", "a\nb.ipynb",
             "\u202egnirts.ipynb", "...ipynb", "<script>.ipynb", "x" * 200 + ".ipynb")  # fmt: skip
"""Honest notebooks under names that want to be paths, formulas, options, lines or markup."""
