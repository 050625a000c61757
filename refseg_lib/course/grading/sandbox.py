"""The box in which strangers' code runs: bubblewrap, a user of its own, and limits.

Inside there is Python with its packages, read-only, and three files of this library that call an
answer. There is no network, no home, no course, no environment, no other process; what is written
goes to memory and is gone afterwards.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from refseg_lib.errors import UserError

_LIBRARY = Path(__file__).parents[2]
_SHOWN = (
    "course/exercise.py", "course/draw.py", "course/calling.py", "course/grading/messages.py",
    "course/grading/worker.py",
)  # fmt: skip
_SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc/ld.so.cache")
_APART = (
    "--unshare-ipc",
    "--unshare-pid",
    "--unshare-net",
    "--unshare-uts",
    "--unshare-cgroup-try",
)
_FIRST_USER = 61_184
"""systemd's range for users that exist only while something runs."""


@dataclass(frozen=True)
class Limits:
    """What one exercise may use.

    Attributes:
        seconds: On the clock, for all calls of one exercise.
        memory: Address space of each process, in bytes. PyTorch alone takes about 3 GB of it.
        processes: Processes and threads at once.
        disk: Bytes that can be written, all of it memory.
    """

    seconds: float = 20.0
    memory: int = 6 * 2**30
    processes: int = 64
    disk: int = 64 * 2**20


def why_no_sandbox() -> str | None:
    """Say why nothing can be boxed in on this machine, in one line; None when it can."""
    program = shutil.which("bwrap")
    if program is None:
        return "bubblewrap is not installed (Debian, Ubuntu: apt install bubblewrap)"
    done = _try_box(program)
    if done.returncode == 0:
        return None
    said = (done.stderr or "it ended without a word").strip().splitlines()[-1]
    return f"bubblewrap cannot make a box here ({said}): are user namespaces switched off?"


@cache
def _try_box(program: str) -> "subprocess.CompletedProcess[str]":
    command = [program, "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "true"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def require_sandbox() -> None:
    """Refuse to go on where strangers' code cannot be boxed in.

    Raises:
        UserError: With the reason.
    """
    reason = why_no_sandbox()
    if reason is not None:
        raise UserError(
            f"no sandbox: {reason}. Nothing was graded. --unsafe-no-sandbox runs the submissions"
            " with all your rights; every report will say so"
        )


def boxed_command(slot: int, limits: Limits, requests: int, replies: int) -> list[str]:
    """Return the command that starts a worker in a box.

    Args:
        slot: A small number, different for workers that run at the same time: when started by
            root, each runs as a user of its own.
        limits: What it may use.
        requests: File descriptor that the worker reads; must be inheritable.
        replies: File descriptor that it writes; must be inheritable.
    """
    # Root needs no user namespace, and in one it could not become another user below.
    apart = ["--unshare-all"] if os.geteuid() else list(_APART)
    command = [
        "bwrap", *apart, "--die-with-parent", "--new-session", "--clearenv",
        "--proc", "/proc", "--dev", "/dev", "--hostname", "box",
        "--perms", "1777", "--size", str(limits.disk), "--tmpfs", "/tmp",
    ]  # fmt: skip
    shown = [*_python_places(), "/home/student/x", *(f"/worker/refseg_lib/{p}" for p in _SHOWN)]
    # bubblewrap makes missing folders for its own user alone, and inside it is another one.
    for folder in sorted({str(parent) for place in shown for parent in Path(place).parents}):
        command += ["--perms", "0755", "--dir", folder]
    for place in _SYSTEM:
        if os.path.islink(place):
            command += ["--symlink", os.readlink(place), place]
        elif os.path.exists(place):
            command += ["--ro-bind", place, place]
    for place in _python_places():
        command += ["--ro-bind", place, place]
    packages = Path(sysconfig.get_path("purelib"))
    if (packages / "refseg_lib").exists():
        # Installed as a copy, not from a checkout: hide it, it holds the answers.
        command += ["--tmpfs", str(packages / "refseg_lib")]
    for part in _SHOWN:
        command += ["--ro-bind", str(_LIBRARY / part), f"/worker/refseg_lib/{part}"]
    command += [
        "--chdir", "/tmp", "--setenv", "HOME", "/home/student", "--setenv", "PYTHONPATH", "/worker",
        "--setenv", "OMP_NUM_THREADS", "1", "--setenv", "PYTHONDONTWRITEBYTECODE", "1",
        "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "LC_ALL", "C.UTF-8",
    ]  # fmt: skip
    if os.geteuid() == 0:
        user = str(_FIRST_USER + slot)
        command += ["--cap-add", "cap_setuid", "--cap-add", "cap_setgid", "setpriv"]
        command += [f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs"]
        command += ["--inh-caps=-all", "--bounding-set=-all"]
    return [*command, *_limited(limits), *_python(requests, replies, "alone")]


def unboxed_command(limits: Limits, requests: int, replies: int) -> list[str]:
    """Return the command that starts a worker without a box: limits only, and all your rights."""
    return [*_limited(limits), *_python(requests, replies, "among-others")]


def unboxed_environment() -> dict[str, str]:
    """Return the environment for a worker without a box."""
    return {"PYTHONPATH": str(_LIBRARY.parent), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}


def _limited(limits: Limits) -> list[str]:
    seconds = int(limits.seconds * 2) + 5
    return [
        "prlimit", f"--as={limits.memory}", f"--nproc={limits.processes}", "--core=0",
        f"--fsize={limits.disk}", "--nofile=256", f"--cpu={seconds}:{seconds}",
    ]  # fmt: skip


def _python(requests: int, replies: int, surroundings: str) -> list[str]:
    module = "refseg_lib.course.grading.worker"
    return [sys.executable, "-s", "-m", module, str(requests), str(replies), surroundings]


def _python_places() -> list[str]:
    """List the folders that make up this Python, outermost first, without repeats."""
    places = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parents[1]}
    places |= {Path(sysconfig.get_path(name)) for name in ("stdlib", "platlib", "purelib")}
    chosen: list[Path] = []
    for place in sorted(path.resolve() for path in places):
        inside = any(place.is_relative_to(other) for other in [*chosen, Path("/usr")])
        if not inside:
            chosen.append(place)
    return [str(place) for place in chosen]
