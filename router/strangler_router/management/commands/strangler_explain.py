import json
from dataclasses import replace
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from strangler_django.verb import UsageError, Verb
from strangler_router.conf import settings
from strangler_router.flags import read_policy
from strangler_router.models import FlagChange
from strangler_router.pin import Entry
from strangler_router.policy import BASIS_POINTS
from strangler_router.snapshot import is_killed
from strangler_router.switch import bucket, choose
from strangler_router.table import build_table


class Command(Verb):
    help = "Say who answers a user's call of an endpoint, and why."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("endpoint", metavar="ID", help="as `strangler endpoints` lists it")
        parser.add_argument("--user", help="username or primary key (an anonymous caller)")
        parser.add_argument("--format", choices=["text", "json"], default="text", help="of the output (%(default)s)")

    def handle(self, *_args: Any, **options: Any) -> None:
        entries = {entry.binding.id: entry for entry in build_table().values()}
        entry = entries.get(options["endpoint"])
        if entry is None:
            raise UsageError(
                f"{options['endpoint']!r} is not bound, so the monolith answers; see `strangler endpoints`"
            )
        user = _user(options["user"])
        answer = _explain(entry, f"user:{user.pk}" if user else None)
        if options["format"] == "json":
            self.stdout.write(json.dumps(answer, indent=2))
        else:
            width = max(map(len, answer))
            self.stdout.write("\n".join(f"{key:<{width}}  {value}" for key, value in answer.items()))


def _explain(entry: Entry, subject: str | None) -> dict[str, Any]:
    policy = read_policy()
    if is_killed():
        policy = replace(policy, killed=True)
    flag = policy.flag(entry.binding.id)
    decision = choose(policy, entry.binding.id, subject)
    target = settings().targets.get(entry.binding.service, {}).get(flag.rung)
    last = FlagChange.objects.filter(endpoint=entry.binding.id).last()
    return {
        "endpoint": entry.binding.id,
        "answered by": decision.side.value,
        "because": decision.reason,
        "stage": flag.stage.value,
        "percent": flag.basis_points / 100,
        "mirror": flag.mirror / 100,
        "subject": subject or "anonymous",
        "bucket": bucket(flag.cohort_seed, subject) if subject else f"none (0 to {BASIS_POINTS - 1})",
        "rpc": entry.binding.rpc,
        "rung": flag.rung.value,
        "target": target.address if target else "none",
        "authority": entry.authority(flag.rung).name,
        "last change": f"{last.at:%Y-%m-%d %H:%M} by {last.who}: {last.why}" if last else "never set",
    }


def _user(text: str | None) -> AbstractBaseUser | None:
    if text is None:
        return None
    users = get_user_model()._default_manager
    found = users.filter(**{get_user_model().USERNAME_FIELD: text}).first()
    if found is None:
        try:
            found = users.filter(pk=text).first()
        except (ValueError, ValidationError):
            found = None
    if found is None:
        raise UsageError(f"there is no user {text!r}")
    return found
