import getpass
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from strangler_django.verb import UsageError, Verb
from strangler_shadow.evidence_file import EvidenceFile, EvidenceFileError, Verified, read_file, write_file
from strangler_shadow.transfer import collect, take


class Command(Verb):
    help = "Carry what `strangler verify` found in CI to where it counts, in a signed file."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
        export = verbs.add_parser("export", help="write what was verified here, of the endpoints as they are now")
        export.add_argument("file", metavar="FILE", type=Path)
        export.add_argument("endpoints", metavar="ID", nargs="*", help="these endpoints only")
        export.add_argument("--build", default="", help="what was built, such as a commit; kept with the evidence")
        export.add_argument(
            "--who", default=None, help="who verified it; kept with the evidence (the user who runs this)"
        )
        take = verbs.add_parser("import", help="keep what is of the same fingerprint and newer; the rest is left")
        take.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *_args: Any, what: str, **options: Any) -> None:
        try:
            self._export(**options) if what == "export" else self._import(**options)
        except EvidenceFileError as error:
            raise UsageError(str(error)) from error

    def _export(self, *, file: Path, endpoints: list[str], build: str, who: str | None, **_options: Any) -> None:
        verified = collect(endpoints)
        if missing := sorted({*endpoints} - {item.endpoint for item in verified}):
            raise UsageError(f"`strangler verify` did not end here with the present code of: {', '.join(missing)}")
        if not verified:
            raise UsageError("`strangler verify` did not end here with the present code of any endpoint")
        write_file(file, EvidenceFile(who=who or getpass.getuser(), build=build, verified=verified))
        for item in verified:
            self.stdout.write(f"exported {_words(item)}")

    def _import(self, *, file: Path, **_options: Any) -> None:
        content = read_file(file)
        self.stdout.write(f"{file}: by {content.who}, build {content.build or 'unnamed'}")
        for item in take(content):
            words = f"left, since {item.why_left}:" if item.why_left else "taken:"
            self.stdout.write(f"  {words} {_words(item.verified)}")


def _words(item: Verified) -> str:
    return f"{item.endpoint} {item.rung}, {item.at:%Y-%m-%d %H:%M}: {item.verdict.name}, {item.calls:,} calls"
