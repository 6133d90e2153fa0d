import os


class AnsweredBy:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        pin = getattr(request, "strangler_pin", None)
        side = "monolith" if pin is None or pin.decision is None or pin.fell_back else pin.decision.side.value
        response["X-Answered-By"] = f"{os.getpid()} {side}"
        return response
