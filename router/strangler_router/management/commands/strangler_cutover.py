import getpass
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils.module_loading import import_string

from strangler_django.verb import UsageError, Verb
from strangler_protos.bindings import Binding
from strangler_protos.suggestion import suggest
from strangler_router import flags
from strangler_router.conf import settings
from strangler_router.gate import Gate, Judgement, Verdict
from strangler_router.policy import BASIS_POINTS, Flag, Policy, Rung, Stage
from strangler_router.table import bind

STAGES = [Stage.MONOLITH, Stage.CANARY, Stage.SERVICE, Stage.RETIRED]
RUNGS = [Rung.LIFTED, Rung.TYPED, Rung.NATIVE]


class GateRefusal(CommandError):
    """The gate does not let this step pass; exits with its verdict."""

    def __init__(self, judgement: Judgement) -> None:
        message = f"the gate says {judgement.verdict.name}: {judgement.reason}; --force moves all the same"
        super().__init__(message, returncode=judgement.verdict.value)


class Command(Verb):
    help = "Move endpoints towards the service, or back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "endpoints",
            metavar="ID",
            nargs="+",
            help="as `strangler endpoints` lists it; several move together or not at all",
        )
        parser.add_argument("--stage", choices=[stage.value for stage in Stage], help="who answers")
        parser.add_argument("--percent", type=_percent, help="share of users that the service answers; with canary")
        parser.add_argument("--mirror", type=_percent, help="share of calls that the other side gets a copy of")
        parser.add_argument("--rung", choices=[rung.value for rung in Rung], help="which service answers")
        parser.add_argument("--seed", help="endpoints with the same seed move the same users first")
        parser.add_argument("--force", action="store_true", help="move although the gate refuses; kept in the history")
        parser.add_argument("--why", required=True, help="kept in the history")
        parser.add_argument("--who", default=None, help="kept in the history (the user who runs this)")

    def handle(self, *_args: Any, **options: Any) -> None:
        if fixed := settings().fixed_stage:
            raise UsageError(f"STRANGLER['FIXED_STAGE'] is {fixed!r}, so flags count for nothing; take it out first")
        bound = {endpoint.id: binding for binding, endpoint in bind().pairs}
        try:
            with transaction.atomic():
                # A change by somebody else in between must not be undone by this one.
                flags.lock(options["endpoints"])
                policy = flags.read_policy()
                steps = [_step(name, bound, policy, options) for name in dict.fromkeys(options["endpoints"])]
                for before, after in steps:
                    evidence = _ask_gate(before, after, force=options["force"])
                    flags.append(after, who=options["who"] or getpass.getuser(), why=options["why"], evidence=evidence)
        except ValidationError as error:
            words = (f"--{option}: {' '.join(found)}" for option, found in error.message_dict.items())
            raise UsageError("; ".join(words)) from error
        for before, after in steps:
            self.stdout.write(f"{after.endpoint}: {_words(before)} -> {_words(after)}")


def _step(name: str, bound: Mapping[str, Binding], policy: Policy, options: dict[str, Any]) -> tuple[Flag, Flag]:
    """The endpoint's flag before and after; `UsageError` where that cannot be."""
    if name not in bound and name not in policy.flags:
        hint = suggest(name, bound, otherwise="see `strangler endpoints`")
        raise UsageError(f"{name!r} is not bound{hint}")
    before = policy.flag(name)
    after = _changed(before, options)
    if name in bound:
        _refuse_impossible(bound[name], before, after)
    elif after.stage is not Stage.MONOLITH or after.mirror:
        raise UsageError(f"{name!r} is not bound any more, so it can only go back: --stage monolith --mirror 0")
    return before, after


def _changed(flag: Flag, options: dict[str, Any]) -> Flag:
    stage = Stage(options["stage"]) if options["stage"] else flag.stage
    if options["percent"] is not None and stage is not Stage.CANARY:
        raise UsageError(f"--percent counts in stage canary only, and the stage is {stage}")
    if stage is Stage.CANARY and options["percent"] is None and flag.stage is not Stage.CANARY:
        raise UsageError("--stage canary needs --percent")
    basis_points = options["percent"] if options["percent"] is not None else flag.basis_points
    return replace(
        flag,
        stage=stage,
        basis_points=basis_points if stage is Stage.CANARY else 0,
        mirror=flag.mirror if options["mirror"] is None else options["mirror"],
        rung=Rung(options["rung"]) if options["rung"] else flag.rung,
        seed=flag.seed if options["seed"] is None else options["seed"],
    )


def _refuse_impossible(binding: Binding, before: Flag, after: Flag) -> None:
    if after.mirror and not binding.is_safe:
        raise UsageError(f"{binding.http_method} is not safe, so its calls are never mirrored")
    reaches_service = after.stage is not Stage.MONOLITH or after.mirror
    targets = settings().targets.get(binding.service, {})
    if reaches_service and targets and after.rung not in targets:
        raise UsageError(f"STRANGLER['TARGETS'] has no rung {after.rung} for {binding.service}: {sorted(targets)}")
    if after.stage is Stage.RETIRED and before.stage not in {Stage.SERVICE, Stage.RETIRED}:
        raise UsageError(f"only an endpoint in stage service can be retired, and this one is in {before.stage}")


def _ask_gate(before: Flag, after: Flag, *, force: bool) -> str:
    """What a step towards the service rests on; `GateRefusal` where the gate does not let it pass, unless forced."""
    if not _is_advance(before, after) or not settings().gate:
        return ""
    gate: Gate = import_string(settings().gate)
    judgement = gate(after.endpoint, stage=after.stage, basis_points=after.basis_points, rung=after.rung)
    if judgement.verdict is Verdict.EQUIVALENT:
        return judgement.evidence
    if not force:
        raise GateRefusal(judgement)
    words = f"forced: the gate said {judgement.verdict.name}: {judgement.reason}"
    return f"{words} ({judgement.evidence})" if judgement.evidence else words


def _is_advance(before: Flag, after: Flag) -> bool:
    """Whether more users meet the service, or those who do meet one that is further from the monolith."""
    more = (STAGES.index(after.stage), after.basis_points) > (STAGES.index(before.stage), before.basis_points)
    higher = after.stage is not Stage.MONOLITH and RUNGS.index(after.rung) > RUNGS.index(before.rung)
    return more or higher


def _percent(text: str) -> int:
    percent = float(text)
    if not 0 <= percent <= 100:
        raise ValueError(text)
    return round(percent * BASIS_POINTS / 100)


_percent.__name__ = "percentage (0 to 100)"


def _words(flag: Flag) -> str:
    share = f" {flag.basis_points / 100:g} %" if flag.stage is Stage.CANARY else ""
    return f"{flag.stage}{share}, mirror {flag.mirror / 100:g} %, rung {flag.rung}"
