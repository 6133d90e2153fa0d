from django.core.management.base import BaseCommand

from strangler_router.command_line import run_verb


class Command(BaseCommand):
    """`manage.py strangler VERB`."""

    help = "Run a strangler verb: manage.py strangler VERB [options]."

    def run_from_argv(self, argv: list[str]) -> None:
        run_verb(argv[2:])
