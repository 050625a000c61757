"""``python -m refseg_lib …`` is ``refseg …``: what torchrun and accelerate launch can start."""

import sys

from refseg_lib.cli import main

if __name__ == "__main__":
    sys.exit(main())
