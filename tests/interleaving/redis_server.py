"""A Redis server within the process: its keys live in Lua, beside the protocol's own scripts."""

from collections.abc import Callable, Sequence
from typing import Any

import redis

try:
    from lupa.luajit21 import LuaRuntime
except ImportError:
    from lupa.lua51 import LuaRuntime

__all__ = ["RedisServer"]

_SERVER = b"""
local values, expiries, now = {}, {}, 0
local call = {}

local function alive(key)
  local expiry = expiries[key]
  if expiry and expiry <= now then
    values[key], expiries[key] = nil, nil
  end
  return values[key]
end

function call.GET(key)
  return alive(key) or false
end
function call.SET(key, value, ...)
  local at, life = 1, nil
  while at <= select('#', ...) do
    local option = select(at, ...)
    if option == 'NX' then
      if alive(key) then return false end
      at = at + 1
    else
      life = tonumber((select(at + 1, ...))) * (option == 'EX' and 1000 or 1)
      at = at + 2
    end
  end
  values[key] = value
  expiries[key] = life and now + life
  return 'OK'
end
function call.EXPIRE(key, seconds)
  if not alive(key) then return 0 end
  expiries[key] = now + tonumber(seconds) * 1000
  return 1
end
function call.UNLINK(...)
  for at = 1, select('#', ...) do
    local key = select(at, ...)
    values[key], expiries[key] = nil, nil
  end
  return select('#', ...)
end
function call.TIME()
  return {tostring(math.floor(now / 1000)), tostring(now % 1000 * 1000)}
end
function call.MGET(...)
  local keys = {...}
  for at = 1, #keys do
    keys[at] = alive(keys[at]) or false
  end
  return unpack(keys)
end

local redis = {}
function redis.call(name, ...)
  return call[name](...)
end

local scripts = {}
function call.EVAL(source, count, ...)
  local script = scripts[source]
  if not script then
    script = loadstring('local redis, KEYS, ARGV = ...; ' .. source)
    scripts[source] = script
  end
  local keys, arguments = {}, {}
  for at = 1, count do
    keys[at] = (select(at, ...))
  end
  for at = count + 1, select('#', ...) do
    arguments[at - count] = tostring((select(at, ...)))
  end
  return script(redis, keys, arguments)
end

local function copy(from)
  local made = {}
  for key, value in pairs(from) do made[key] = value end
  return made
end

local server = {}
function server.run(name, ...)
  return call[name](...)
end
function server.names()
  local names = {}
  for key in pairs(copy(values)) do
    if alive(key) then names[#names + 1] = key end
  end
  table.sort(names)
  return names
end
function server.dump()
  return {values = copy(values), expiries = copy(expiries)}
end
function server.start(dump)
  values, expiries = copy(dump and dump.values or {}), copy(dump and dump.expiries or {})
end
function server.rewind()
  now = 0
end
function server.advance(milliseconds)
  now = now + milliseconds
end
function server.starts(tail, first)
  local found = {}
  for key, value in pairs(copy(values)) do
    if string.find(key, tail, 1, true) and string.sub(value, 1, 1) == first and alive(key) then
      found[#found + 1] = key
    end
  end
  return found
end
return server
"""


class RedisServer:
    """Keys with a life time, the protocol's scripts, restarts, outages; each command is one step."""

    def __init__(self) -> None:
        self._lua = LuaRuntime(encoding=None, unpack_returned_tuples=False)
        self._table = type(self._lua.table())
        server = self._lua.execute(_SERVER)
        self._run, self._names, self._starts = server[b"run"], server[b"names"], server[b"starts"]
        self._dump, self._start = server[b"dump"], server[b"start"]
        self._rewind, self._advance = server[b"rewind"], server[b"advance"]
        self.begin(None)

    def begin(self, dump: Any) -> None:
        """Starts the first life of a server, with the keys of a dump or none."""
        self.life = 1
        self.up, self.hung, self.loses_reply = True, False, False
        self.backlog: list[Sequence[Any]] = []
        self.saved: Any = None
        self._rewind()
        self._start(dump)

    @property
    def run_id(self) -> bytes:
        return b"%040d" % (self.life * 10**30)

    def execute(self, command: Sequence[Any]) -> Any:
        """One command's reply, as redis-py decodes it."""
        reply = self._run(*[part.encode() if type(part) is str else part for part in command])
        if command[0] == "MGET":
            return [one or None for one in reply] if len(command) > 2 else [reply or None]
        return self._reply(reply)

    def dump(self) -> Any:
        return self._dump()

    def restart(self, dump: Any) -> None:
        """Another life: every link is cut; the keys are the dump's, or none."""
        self.life += 1
        self.up, self.hung = True, False
        self.backlog.clear()
        self._start(dump)

    def resume(self) -> None:
        """Goes on after a hang: what was sent meanwhile is executed although nobody waits for it."""
        self.up, self.hung = True, False
        backlog, self.backlog = self.backlog, []
        for command in backlog:
            self.execute(command)

    def evict(self, number: int) -> bytes | None:
        """Drops one key."""
        names = list(self._names().values())
        if not names:
            return None
        name: bytes = names[number % len(names)]
        self._run(b"UNLINK", name)
        return name

    def advance(self, seconds: float) -> None:
        self._advance(round(seconds * 1000))

    def pending(self) -> list[bytes]:
        """The stamps that some write still holds pending."""
        return sorted(self._starts(b":stamp:", b"P").values())

    def _reply(self, value: Any) -> Any:
        if value is False:
            return None
        if type(value) is self._table:
            return [self._reply(one) for one in value.values()]
        return value


class Link:
    """What the store takes for a connection of redis-py; bound to one life of the server."""

    def __init__(self, server: RedisServer, pause: Callable[[Any], None], reaches: Callable[[], bool]) -> None:
        self.server, self.pause, self.reaches = server, pause, reaches
        self.life = 0
        self.replies: list[Any] = []

    def connect(self) -> None:
        self._await_server()
        self.life = self.server.life

    def disconnect(self) -> None:
        self.life = 0

    def pack_commands(self, commands: Sequence[Any]) -> Sequence[Any]:
        return commands

    def send_command(self, *command: Any, check_health: bool = True) -> None:
        self.replies = [b"redis_version:7\r\nrun_id:%b\r\n" % self.server.run_id]

    def send_packed_command(self, commands: Sequence[Any], *, check_health: bool = True) -> None:
        self.pause(commands)
        if self.life == self.server.life and self.server.hung and self.reaches():
            self.server.backlog += commands
        self._await_server()
        if self.life != self.server.life:
            raise redis.ConnectionError("Connection closed by server.")
        execute = self.server.execute
        self.replies = [execute(command) for command in commands]
        self.replies.reverse()
        if self.server.loses_reply:
            self.server.loses_reply = False
            raise redis.TimeoutError("Timeout reading from socket")

    def read_response(self) -> Any:
        return self.replies.pop()

    def _await_server(self) -> None:
        if self.server.hung or not self.reaches():
            raise redis.TimeoutError("Timeout reading from socket")
        if not self.server.up:
            raise redis.ConnectionError("Connection refused")
