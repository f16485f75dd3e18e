"""``python -m vae_core prepare | train | evaluate | morph``."""

import argparse
import sys

from vae_core import prepare_command
from vae_core.commands import evaluate, morph, train
from vae_core.errors import DogpeopleError


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; a refusal is printed as the sentence it is, with exit status 2."""
    parser = argparse.ArgumentParser(prog="python -m vae_core", description=__doc__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    prepare_command.add_prepare_command(subparsers)
    for command in (train, evaluate, morph):
        command.add_command(subparsers)
    args = parser.parse_args(arguments)
    try:
        status: int = args.run(args)
    except DogpeopleError as error:
        print(f"dogpeople: {error}", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
