"""Observers that remember or break."""

exchanges = []


def remember(exchange):
    exchanges.append(exchange)


def broken(exchange):
    raise LookupError("no place left")
