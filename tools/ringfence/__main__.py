"""`python -m ringfence` and the `ringfence` script. Imports next to nothing before `quick` had its say."""

from __future__ import annotations

import gc
import os
import sys


def main() -> int:
    """Run the command line and give back the exit code."""
    # A run makes much and drops little: to look for cycles as often as by default costs a fifth of the time.
    gc.set_threshold(100_000)
    try:
        from ringfence import quick

        code = quick.answer(sys.argv[1:])
        if code is not None:
            os._exit(code)  # nothing is buffered, and to tear the interpreter down takes a sixth of its life

        from ringfence import ahead, asking

        ahead.begin(sys.argv[1:])
        from ringfence import cli
    except KeyboardInterrupt:  # earlier than `cli.main` can catch it
        import contextlib

        with contextlib.suppress(OSError):
            os.write(2, b"ringfence: interrupted; nothing is half-written\n")
        return 130

    try:
        code = cli.main(sys.argv[1:], leave=os._exit)
    finally:
        import signal

        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done and said; only the interpreter has yet to end
        asking.forget()
    os._exit(code)  # all is flushed; to free what a run holds takes a tenth of a second


if __name__ == "__main__":
    sys.exit(main())
