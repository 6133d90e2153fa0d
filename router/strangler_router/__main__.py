"""`python -m strangler_router VERB` is `strangler VERB`."""

from strangler_router.command_line import main

if __name__ == "__main__":
    main()
