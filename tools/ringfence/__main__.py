"""`python -m ringfence` and the `ringfence` script."""

from __future__ import annotations

import gc
import signal
import sys


def main() -> int:
    """Run the command line and give back the exit code."""
    # A run makes much and drops little: to look for cycles as often as by default costs a fifth of the time.
    gc.set_threshold(100_000)
    try:
        from ringfence import cli
    except KeyboardInterrupt:  # earlier than `cli.main` can catch it
        return 130

    try:
        return cli.main(sys.argv[1:])
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done and said; only the interpreter has yet to end


if __name__ == "__main__":
    sys.exit(main())
