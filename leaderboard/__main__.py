"""The door of the `leaderboard` command: opens before anything heavy is imported, so that Ctrl-C is quiet at once."""

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line."""
    try:
        from leaderboard.cli import main as program

        program()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
