"""``python -m vae_core COMMAND``: prepare, compose, train, evaluate, morph, and so on."""

import argparse
import signal
import sys

from vae_core.commands import (
    compose,
    evaluate,
    evaluate_faces,
    evaluate_morph,
    example,
    experiment,
    figures,
    morph,
    prepare,
    sample,
    scatter,
    train,
)
from vae_core.errors import DogpeopleError
from vae_core.memory import keep_freed_memory

COMMANDS = (
    prepare,
    compose,
    train,
    evaluate,
    evaluate_faces,
    evaluate_morph,
    morph,
    example,
    sample,
    scatter,
    figures,
    experiment,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; a refusal is printed as the sentence it is, with exit status 2.

    So is a file that the system will not read or write.
    """
    parser = argparse.ArgumentParser(prog="python -m vae_core", description=__doc__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_command(subparsers)
    args = parser.parse_args(arguments)
    keep_freed_memory()
    try:
        status: int = args.run(args)
    except DogpeopleError as error:
        print(f"dogpeople: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"dogpeople: {error.filename or 'A file'}: {error.strerror}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return status


if __name__ == "__main__":
    sys.exit(main())
