"""`python -m ringfence` and the `ringfence` script."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and give back the exit code."""
    try:
        from ringfence import cli
    except KeyboardInterrupt:  # earlier than `cli.main` can catch it
        return 130

    return cli.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
