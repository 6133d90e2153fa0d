"""The stamp protocol: how a writer in any language makes void what readers have cached of the rows it writes.

A stamp is one Redis string per row. Its key is

    strangler:2:RUN_ID:stamp:DATABASE:LABEL:PK

RUN_ID is the first 12 characters of what `INFO server` says on the very connection that the command travels on, so a
restarted or restored server starts empty. DATABASE is `database(...)`. LABEL is the model of the cached body
(`catalog.course`), with `[PATHS]` behind it for values that are cached apart from the body
(`catalog.course[enrolments]`). PK `*` is the stamp of the whole table, PK `+` one that every write to the table renews.

The value is `S` and 16 random characters; or `P`, then for each open write its token (16 characters) and the token's
expiry (Unix time in milliseconds by Redis's clock, 13 digits). A body is stored with the stamps that its reader had
read before it read the database, and is valid while all of them stand. Nobody stores a body under a `P`.

A writer runs `MARK` before its change can be committed, on the rows that show the change before it and after it, and
`RENEW` after commit or rollback. A writer that moves a row from one parent to another without locking it marks the row
itself (`LABEL[~]`) before it looks for the old parent, and shares that mark when it renews. Marks have no time to live
in Redis, so that no `volatile-*` policy evicts them; the token's expiry ends the mark of a writer that died. While
Redis is away a writer puts the rows into the table `strangler_django_journalrow` within its transaction instead, and
readers bypass the rows that are named there.
"""

import hashlib
import secrets
from collections.abc import Sequence

__all__ = [
    "ANY_ROW",
    "CLAIM",
    "EVERY_ROW",
    "LENGTH",
    "PENDING",
    "claim_command",
    "database",
    "key_prefix",
    "mark_command",
    "new_token",
    "renew_command",
    "stem",
]

FORMAT = 2
LENGTH = 17
PENDING = b"P"
EVERY_ROW = "*"
ANY_ROW = "+"
WRITE_LIFETIME = 3600
"""Seconds after which an open write counts as dead."""
STAMP_LIFETIME = 25 * 3600
"""Seconds that a stamp stays; longer than any body."""

Command = tuple[str | bytes | int, ...]

_TOKENS = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function open_writes(value, token)
  local kept = ''
  if value and string.sub(value, 1, 1) == 'P' then
    for at = 2, #value, 29 do
      if string.sub(value, at, at + 15) ~= token and tonumber(string.sub(value, at + 16, at + 28)) > now then
        kept = kept .. string.sub(value, at, at + 28)
      end
    end
  end
  return kept
end
"""
MARK = (
    _TOKENS
    + """
local expiry = string.format('%013d', now + ARGV[2] * 1000)
for _, key in ipairs(KEYS) do
  redis.call('SET', key, 'P' .. open_writes(redis.call('GET', key), ARGV[1]) .. ARGV[1] .. expiry)
end
"""
)
RENEW = (
    _TOKENS
    + """
local shared, inherited = tonumber(ARGV[4]), ''
local function renew(key)
  local kept = open_writes(redis.call('GET', key), ARGV[1])
  for at = 1, #inherited, 29 do
    if not string.find(kept, string.sub(inherited, at, at + 15), 1, true) then
      kept = kept .. string.sub(inherited, at, at + 28)
    end
  end
  if kept ~= '' then
    redis.call('SET', key, 'P' .. kept)
  else
    redis.call('SET', key, ARGV[3], 'EX', ARGV[2])
  end
end
local others = ''
for at = 1, shared do
  local open = open_writes(redis.call('GET', KEYS[at]), ARGV[1])
  renew(KEYS[at])
  for at = 1, #open, 29 do
    if not string.find(others, string.sub(open, at, at + 15), 1, true) then
      others = others .. string.sub(open, at, at + 28)
    end
  end
end
inherited = others
local left, known = '', {}
local function pass_on(key)
  if not known[key] then
    known[key] = true
    renew(key)
    left = left .. key .. '\\n'
  end
end
for at = shared + 1, #KEYS do
  pass_on(KEYS[at])
end
local own_note = ARGV[5] .. ARGV[1]
local noted = redis.call('GET', own_note)
if noted then
  for key in string.gmatch(noted, '[^\\n]+') do
    pass_on(key)
  end
  redis.call('UNLINK', own_note)
end
for at = 1, #inherited, 29 do
  local note = ARGV[5] .. string.sub(inherited, at, at + 15)
  redis.call('SET', note, (redis.call('GET', note) or '') .. left, 'EX', ARGV[6])
end
"""
)
CLAIM = (
    _TOKENS
    + """
local stamps, count = {}, tonumber(ARGV[3])
for at = 1, count do
  local value = redis.call('GET', KEYS[at])
  if not value or (string.sub(value, 1, 1) == 'P' and open_writes(value, '') == '') then
    value = ARGV[2]
    redis.call('SET', KEYS[at], value, 'EX', ARGV[1])
  elseif string.sub(value, 1, 1) == 'S' then
    redis.call('EXPIRE', KEYS[at], ARGV[1])
  end
  stamps[at] = value
end
local won = {}
for at = count + 1, #KEYS do
  won[at - count] = redis.call('SET', KEYS[at], ARGV[4], 'NX', 'PX', ARGV[5]) and 1 or 0
end
return {stamps, won}
"""
)


def database(alias: str, *, host: str, port: str, name: str, schema: str = "") -> str:
    """`ALIAS@DIGEST`, DIGEST the blake2b (6 bytes, hex) of host, port, name and schema, joined by NUL.

    An alias names another database in every deployment, and in every tenant's schema.
    """
    text = "\0".join([host, port, name, schema])
    return f"{alias}@{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}"


def key_prefix(said: bytes) -> bytes:
    """What keys begin with on the server that said this to `INFO server`; `ValueError` where it tells no run_id."""
    run_id = next((line.partition(b":")[2] for line in said.splitlines() if line.startswith(b"run_id:")), None)
    if run_id is None:
        raise ValueError("it tells no run_id")
    return b"strangler:%d:%b:" % (FORMAT, run_id[:12])


def stem(database: str, label: str) -> bytes:
    """The stamp's key between prefix and primary key."""
    return f"stamp:{database}:{label}:".encode()


def new_token() -> str:
    """Names one open write."""
    return secrets.token_hex(8)


def mark_command(keys: Sequence[bytes], token: str) -> Command:
    """Declares the write `token` under way: readers bypass these rows and nobody stores their bodies."""
    return "EVAL", MARK, len(keys), *keys, token, WRITE_LIFETIME


def renew_command(prefix: bytes, keys: Sequence[bytes], token: str, *, shared: Sequence[bytes] = ()) -> Command:
    """Ends the write `token`: bodies stored before now are void.

    Writes that are still open on one of the `shared` rows keep all of `keys` pending, since they may move the row again
    from where this write has put it; a note at `PREFIX moved:TOKEN` tells them to renew these keys too.
    """
    keys = [*shared, *keys]
    arguments = token, STAMP_LIFETIME, _new_stamp(), len(shared), prefix + b"moved:", WRITE_LIFETIME
    return "EVAL", RENEW, len(keys), *keys, *arguments


def claim_command(stamps: Sequence[bytes], leases: Sequence[bytes], *, token: str, milliseconds: int) -> Command:
    """Asks for stamps to store bodies with, and for the leases that say who computes which; both in one step.

    A stamp that is missing, or whose writes are all dead, is made. Answers two lists: stamps, and 1 for each lease won.
    """
    keys = [*stamps, *leases]
    return "EVAL", CLAIM, len(keys), *keys, STAMP_LIFETIME, _new_stamp(), len(stamps), token, milliseconds


def _new_stamp() -> str:
    return "S" + secrets.token_hex(8)
