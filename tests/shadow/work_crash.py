"""A middleware that ends the process where a call asks for it, as a fault in a C extension would."""

import os
import signal


def crash(get_response):
    def respond(request):
        if request.GET.get("search") == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        return get_response(request)

    return respond
