"""Say what removes an N+1: `select_related` for a to-one relation, `prefetch_related` for a to-many one that is read
whole, `batched` for what a relation's rows are counted, filtered or picked for."""

from collections.abc import Iterable, Iterator, Sequence

from django.db.models.constants import LOOKUP_SEP

from strangler_django.profiling.asking import Ask, Operation
from strangler_django.profiling.growth import Grown
from strangler_django.profiling.queries import Query
from strangler_django.profiling.report import Advice, Remedy

__all__ = ["advice_on", "asks_the_same"]

# Fewer are the same by chance.
OFTEN = 3
WORDS = {
    Operation.COUNT: "a count per key",
    Operation.EXISTS: "the keys that have one",
    Operation.AGGREGATE: "an aggregate per key",
    Operation.ONE: "the one row per key",
    Operation.ROWS: "the rows per key",
    Operation.RAW: "the rows per key",
}


def advice_on(found: Grown) -> tuple[Advice, ...]:
    """One advice for each kind of question that the place asks, in the order in which it asks them."""
    if asks_the_same(found):
        text = "every row asks the same: ask once before the rows, or keep the answer for the request"
        shapes = len({query.statement for query in found.queries})
        return (_advice(Remedy.ONCE, text, found.usual, leaves=shapes),)
    return tuple(_each(found))


def asks_the_same(found: Grown) -> bool:
    """Whether all queries of a shape have the same values, and are no relation of a row."""
    if any(query.asker.ask.model for query in found.queries):
        return False
    shapes = {query.statement for query in found.queries}
    asked = {(query.statement, query.values) for query in found.queries}
    return len(found.queries) >= OFTEN * len(shapes) and len(asked) == len(shapes)


def _each(found: Grown) -> Iterator[Advice]:
    to_one = [query for query in found.queries if query.asker.ask.operation is Operation.TO_ONE]
    if to_one:
        yield _to_one(to_one, _share(found, len(to_one)))
    groups: dict[tuple[Operation, str, str], list[Query]] = {}
    for query in found.queries:
        ask = query.asker.ask
        if ask.operation is not Operation.TO_ONE:
            many = ask.relation if ask.operation is Operation.TO_MANY else ask.model
            groups.setdefault((ask.operation, many, ask.method), []).append(query)
    for (operation, _many, _method), queries in groups.items():
        usual = _share(found, len(queries))
        asker = queries[0].asker
        if operation is Operation.DEFERRED:
            text = f"load {asker.ask.relation!r} with the rows: add it to .only(), or take it out of .defer()"
            yield _advice(Remedy.COLUMNS, text, usual, leaves=0)
        elif operation is Operation.TO_MANY:
            path = LOOKUP_SEP.join((*asker.before, asker.ask.relation))
            text = f'prefetch_related("{path}")' if asker.ask.relation else "prefetch for all rows at once, before them"
            yield _advice(Remedy.PREFETCH, text, usual, leaves=1)
        else:
            yield _advice(Remedy.BATCHED, _batched(queries), usual, leaves=len({query.statement for query in queries}))


def _to_one(queries: Sequence[Query], usual: int) -> Advice:
    asker = queries[0].asker
    chain = _chain([query.asker.ask for query in queries])
    path = LOOKUP_SEP.join((*asker.before, *chain))
    if asker.many or asker.ask.method == "generic":
        return _advice(Remedy.PREFETCH, f'prefetch_related("{path}")', usual, leaves=len(chain))
    return _advice(Remedy.SELECT, f'select_related("{path}")', usual, leaves=0)


def _chain(asks: Sequence[Ask]) -> list[str]:
    """The relations of one place as a path, where each starts at the model that the one before reads."""
    hops = dict.fromkeys((ask.model, ask.relation, ask.target) for ask in asks)
    chain: list[str] = []
    at = ""
    for model, relation, target in hops:
        if not chain or model == at:
            chain.append(relation)
            at = target
    return chain


def _batched(queries: Sequence[Query]) -> str:
    asker = queries[0].asker
    ask = asker.ask
    relations = dict.fromkeys(query.asker.ask.relation for query in queries)
    targets = dict.fromkeys(query.asker.ask.target for query in queries)
    what = f"{_listed(relations)} of {ask.model}" if ask.relation else _listed(targets) or "a statement of its own"
    words = WORDS.get(ask.operation, "the rows per key")
    method = f" (.{ask.method}())" if ask.method else ""
    words += f"; or read its .all(), which is prefetched already: .{ask.method}() asks again" if ask.prefetched else ""
    if asker.place.field:
        return f"a batched field that asks {what}{method} once for all rows: {words}"
    return f"ask {what}{method} once for all rows, before the loop: {words}"


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _share(found: Grown, queries: int) -> int:
    """How many of the usual request's queries these are; its own are all there are, unless it had no rows."""
    return queries if found.usual else 0


def _advice(remedy: Remedy, text: str, usual: int, *, leaves: int) -> Advice:
    left = min(leaves, usual)
    return Advice(remedy=remedy, text=text, leaves=left, removes=usual - left)
