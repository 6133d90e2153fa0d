"""The bazaar's middleware: who answered, and whose shop it is."""

from bazaar.tenants import TENANT

__all__ = ["tenant", "witness"]


def witness(get_response):
    """Say in a header who answered: `unbound`, `monolith`, `fell back` or `service`."""

    def middleware(request):
        response = get_response(request)
        response["X-Witness"] = _answered_by(getattr(request, "strangler_pin", None))
        return response

    return middleware


def _answered_by(pin):
    if pin is None:
        return "unbound"
    if pin.fell_back:
        return "fell back"
    return pin.decision.side.value if pin.decision else "nobody"


def tenant(get_response):
    """Keep whose shop is asked for, as projects with many tenants do."""

    def middleware(request):
        request.shop = request.headers.get("X-Shop", "north")
        token = TENANT.set(request.shop)
        try:
            return get_response(request)
        finally:
            TENANT.reset(token)

    return middleware
