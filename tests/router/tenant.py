def host_of(request):
    return request.get_host()


def broken(request):
    raise LookupError("no tenant")
