"""The stamp protocol.

Key `strangler:1:RUN_ID:stamp:ALIAS@DATABASE:APP.MODEL:PK`, RUN_ID as `INFO server` gives it on the connection in use.
Value `S` and 16 random characters; or `P`, then for each open write its token (16 characters) and the token's expiry
(Unix time in milliseconds, 13 digits). A body is valid while the stamp it was stored with stands.
A writer marks before its change can be committed and renews after commit or rollback; another writer's token stays.
The PK `*` is the stamp of the whole table: a body is stored with it and with its row's, and both must stand.
"""

import secrets
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from strangler_django.serializers.cache import LONGEST_TIMEOUT
from strangler_django.serializers.databases import database
from strangler_django.serializers.store import Store

# A mark outlives every body that could have been stored before it.
LIFETIME = LONGEST_TIMEOUT + 3600
LENGTH = 17
PENDING = b"P"
EVERY_ROW = "*"

_TOKENS = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function others(value)
  local kept = ''
  if value and string.sub(value, 1, 1) == 'P' then
    for at = 2, #value, 29 do
      if string.sub(value, at, at + 15) ~= ARGV[1] and tonumber(string.sub(value, at + 16, at + 28)) > now then
        kept = kept .. string.sub(value, at, at + 28)
      end
    end
  end
  return kept
end
"""
_MARK = (
    _TOKENS
    + """
local expiry = string.format('%013d', now + ARGV[2] * 1000)
for _, key in ipairs(KEYS) do
  redis.call('SET', key, 'P' .. others(redis.call('GET', key)) .. ARGV[1] .. expiry, 'EX', ARGV[2])
end
"""
)
_RENEW = (
    _TOKENS
    + """
for _, key in ipairs(KEYS) do
  local kept = others(redis.call('GET', key))
  redis.call('SET', key, kept ~= '' and 'P' .. kept or ARGV[3], 'EX', ARGV[2])
end
"""
)
_CLAIM = """
local stamps = {}
for at, key in ipairs(KEYS) do
  stamps[at] = redis.call('GET', key)
  if not stamps[at] then
    stamps[at] = ARGV[2]
    redis.call('SET', key, ARGV[2], 'EX', ARGV[1])
  elseif string.sub(stamps[at], 1, 1) == 'S' then
    redis.call('EXPIRE', key, ARGV[1])
  end
end
return stamps
"""


class Row(NamedTuple):
    """A stored row: database alias, model label, primary key as text."""

    alias: str
    label: str
    pk: str


def stem(alias: str, label: str) -> bytes:
    return f"stamp:{database(alias)}:{label}:".encode()


def new_token() -> str:
    return secrets.token_hex(8)


def mark(store: Store, rows: Collection[Row], token: str) -> None:
    """Declares a write under way: readers bypass these rows and nobody stores their bodies."""
    _evaluate(store, _MARK, rows, token, LIFETIME)


def renew(store: Store, rows: Collection[Row], token: str) -> None:
    """Ends the write `token`; bodies stored before now are void."""
    _evaluate(store, _RENEW, rows, token, LIFETIME, _new_stamp())


def claim(store: Store, alias: str, label: str, pks: Sequence[bytes]) -> list[bytes]:
    """The stamps of these rows; those that had none get one, and the others last as long as new ones."""
    names = stem(alias, label)
    [stamps] = store.run(
        lambda prefix: [("EVAL", _CLAIM, len(pks), *(prefix + names + pk for pk in pks), LIFETIME, _new_stamp())]
    )
    return list(stamps)


def _evaluate(store: Store, script: str, rows: Iterable[Row], *arguments: str | int) -> None:
    names = [stem(row.alias, row.label) + row.pk.encode() for row in rows]
    if names:
        # Lua's stack bounds the number of keys of one call.
        chunks = [names[at : at + 1000] for at in range(0, len(names), 1000)]
        store.run(
            lambda prefix: [
                ("EVAL", script, len(chunk), *(prefix + name for name in chunk), *arguments) for chunk in chunks
            ]
        )


def _new_stamp() -> str:
    return "S" + secrets.token_hex(8)
