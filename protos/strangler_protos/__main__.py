"""`python -m strangler_protos generate [--check]`: the part of the command line that needs no Django."""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from strangler_protos.compiler import check, generate
from strangler_protos.errors import ContractError
from strangler_protos.exit_codes import CHECK_FAILED, USAGE


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, 64 for a wrong call, 65 for a bad contract or stale output."""
    parser = _Parser(prog="python -m strangler_protos")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("generate", help="write stubs and codecs for every .proto below a folder")
    verb.add_argument("--root", type=Path, default=Path("protos"), help="folder of the .proto files (%(default)s)")
    verb.add_argument("--output", type=Path, help="folder of the generated files (ROOT/gen)")
    verb.add_argument("--package", default=".", help="only the .proto files below this folder of ROOT")
    verb.add_argument("--check", action="store_true", help="write nothing; fail if a generated file is out of date")
    options = parser.parse_args(arguments)
    output = options.output or options.root / "gen"
    if not options.root.is_dir():
        parser.error(f"--root {options.root}: no such folder")
    try:
        if not options.check:
            for item in generate(options.root, output, package=options.package):
                print(output / item.path)  # noqa: T201
            return 0
        stale = check(options.root, output, package=options.package)
    except ContractError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return CHECK_FAILED
    for path in stale:
        print(f"{output / path}: out of date; run `python -m strangler_protos generate`", file=sys.stderr)  # noqa: T201
    return CHECK_FAILED if stale else 0


if __name__ == "__main__":
    sys.exit(main())
