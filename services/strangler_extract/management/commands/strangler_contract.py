from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from strangler_django.verb import UsageError, Verb
from strangler_extract.buf import breaking
from strangler_extract.differences import Change, differences
from strangler_extract.history import conflicts, earlier, sides
from strangler_extract.lock import Lock, lock_path, retire
from strangler_extract.lock_merge import joined, violations
from strangler_extract.numbering import adopted, disagreements
from strangler_protos.compiler.protoc import describe
from strangler_protos.errors import ContractError
from strangler_protos.exit_codes import CHECK_FAILED
from strangler_protos.options import endpoint_of


class CheckFailed(CommandError):
    """A contract or its lock is not as it must be."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=CHECK_FAILED)


class Command(Verb):
    help = "Compare contracts with earlier ones, and keep the numbers of their fields."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="diff|lock|relock|retire")
        diff = verbs.add_parser("diff", help="what changed; exits 65 where a change breaks programs of the other side")
        diff.add_argument("--against", metavar="REF|DIR", default="HEAD", help="a commit, or a folder (%(default)s)")
        lock = verbs.add_parser("lock", help="write the lock of contracts that are written by hand")
        lock.add_argument("--check", action="store_true", help="write nothing; exit 65 where a lock differs")
        relock = verbs.add_parser("relock", help="join the two sides of a lock that a merge left in conflict")
        relock.add_argument(
            "--keep",
            choices=["ours", "theirs"],
            required=True,
            help="the side that others have already; the new fields of the other one are renumbered",
        )
        gone = verbs.add_parser("retire", help="give up a field's number, so that its key gets a new one")
        gone.add_argument("message", metavar="MESSAGE", help="Course, or banyan.catalog.v1.Course")
        gone.add_argument("key", metavar="KEY", help="the field's key in JSON")
        for verb in (diff, lock, relock, gone):
            verb.add_argument("--root", type=Path, default=Path("protos"), help="folder of the contracts (%(default)s)")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not options["root"].is_dir():
            raise UsageError(f"--root {options['root']}: no such folder")
        verbs: dict[str, Callable[..., None]] = {
            "diff": self._diff,
            "lock": self._lock,
            "relock": self._relock,
            "retire": self._retire,
        }
        try:
            verbs[options["verb"]](**options)
        except ContractError as error:
            raise CheckFailed(str(error)) from error

    def _diff(self, *, root: Path, against: str, **_options: Any) -> None:
        with earlier(root, against) as old:
            before, after = _described(old), _described(root)
            changes = [
                *differences(_own(old, before), _own(root, after)),
                *breaking(before, after),
                *_lock_changes(old, root),
            ]
        for change in changes:
            self.stdout.write(f"{'breaks  ' if change.breaks else '        '}{change}")
        broken = sum(change.breaks for change in changes)
        if broken:
            raise CheckFailed(f"{broken} of {len(changes)} changes break programs that have the other version")
        if not changes:
            self.stdout.write("no change")

    def _lock(self, *, root: Path, check: bool, **_options: Any) -> None:
        wrong: list[str] = []
        for proto, file in _contracts(root):
            lock = Lock.read(lock_path(proto)) if check or lock_path(proto).exists() else Lock()
            if check:
                wrong += [f"{proto}:{words}" for words in disagreements(lock, file)]
                continue
            after = adopted(lock, file)
            if after.to_text() != lock.to_text() or not lock_path(proto).exists():
                after.write(lock_path(proto))
                self.stdout.write(str(lock_path(proto)))
        if wrong:
            way_out = "`strangler contract lock` takes new fields of a contract over; numbers of the lock stay"
            raise CheckFailed("\n".join([*wrong, way_out]))

    def _relock(self, *, root: Path, keep: str, **_options: Any) -> None:
        paths = conflicts(root)
        if not paths:
            raise UsageError(
                f"no lock below {root} is in conflict; `git checkout --merge -- FILE` brings a conflict back"
            )
        for path in paths:
            base, ours, theirs = sides(path)
            kept, other = (ours, theirs) if keep == "ours" else (theirs, ours)
            lock = joined(base, kept, other)
            lock.write(path)
            self.stdout.write(f"{path}: joined")
            for words in _renumbered(other, lock):
                self.stdout.write(f"  {words}")
        self.stdout.write("now write the contracts again with these numbers, and `git add` both")

    def _retire(self, *, root: Path, message: str, key: str, **_options: Any) -> None:
        package, _, name = message.rpartition(".")
        found = [
            path
            for path in sorted(root.rglob("*.lock.json"))
            if package in ("", ".".join(path.parent.relative_to(root).parts)) and name in Lock.read(path).messages
        ]
        if len(found) != 1:
            words = ", ".join(map(str, found)) or f"none below {root}"
            raise UsageError(f"{message!r} must be a message of one lock, and it is in: {words}")
        retire(Lock.read(found[0]), name, key).write(found[0])
        self.stdout.write(f"{found[0]}: {name}.{key} is retired; the next contract gives it a new number")


def _described(root: Path) -> FileDescriptorSet:
    protos = sorted(str(path.relative_to(root)) for path in root.rglob("*.proto"))
    return describe(root, protos) if protos else FileDescriptorSet()


def _own(root: Path, described: FileDescriptorSet) -> list[FileDescriptorProto]:
    return [file for file in described.file if (root / file.name).exists()]


def _contracts(root: Path) -> Iterator[tuple[Path, FileDescriptorProto]]:
    """The files that bind endpoints."""
    for file in _own(root, _described(root)):
        methods = (method for service in file.service for method in service.method)
        if any(endpoint_of(method.options) is not None for method in methods):
            yield root / file.name, file


def _lock_changes(before: Path, after: Path) -> Iterator[Change]:
    for path in sorted(before.rglob("*.lock.json")):
        now = after / path.relative_to(before)
        if now.exists() or now.with_name(now.name.removesuffix(".lock.json") + ".proto").exists():
            for words in violations(Lock.read(path), Lock.read(now)):
                yield Change(where=str(path.relative_to(before)), what=words, breaks=True)


def _renumbered(before: Lock, after: Lock) -> Iterator[str]:
    for name, message in sorted(before.messages.items()):
        for key, locked in message.fields.items():
            now = after.messages[name].fields.get(key)
            if now is None or now.number != locked.number:
                yield f"{name}.{key}: {locked.number} -> {now.number if now else 'retired'}"
