import subprocess
import sys


def test_the_package_can_be_run_as_the_command_it_installs() -> None:
    command = [sys.executable, "-m", "refseg_lib"]
    asked = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False)
    assert asked.returncode == 0
    assert "train" in asked.stdout
    wrong = subprocess.run([*command, "models", "nope"], capture_output=True, check=False)
    assert wrong.returncode == 2
