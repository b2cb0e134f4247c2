//! What must happen at once inside Redis, in its language.

use std::sync::LazyLock;

use redis::Script;

/// Appends rows when the last one stored is the one expected (else answers with its number), and ends the turn.
/// KEYS: stream, turn. ARGV: holder, expected last row, then five values for each row.
pub(super) static APPEND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local found = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local last = 0
if #found > 0 then last = tonumber(string.match(found[1][1], '^%d+')) end
local answer = last
if last == tonumber(ARGV[2]) then
  for at = 3, #ARGV, 5 do
    last = last + 1
    redis.call('XADD', KEYS[1], string.format('%.0f-0', last), 'at', ARGV[at], 'version', ARGV[at + 1],
      'event', ARGV[at + 2], 'command', ARGV[at + 3], 'answer', ARGV[at + 4])
  end
  answer = -1
end
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
return answer",
    )
});

/// Takes the turn unless somebody else has it, and gives rows; nil when somebody has it.
/// KEYS: stream, turn. ARGV: holder, for how many ms, from which row, how many.
pub(super) static TURN: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return false end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return redis.call('XRANGE', KEYS[1], ARGV[3], '+', 'COUNT', ARGV[4])",
    )
});

/// Ends the turn. KEYS: turn. ARGV: holder.
pub(super) static PASS: LazyLock<Script> = LazyLock::new(|| {
    Script::new("if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end")
});

/// Lists a snapshot whose pieces are stored, and removes all but the newest.
/// KEYS: list, pieces of this one. ARGV: row it stands for, version, how many are kept, prefix of pieces.
pub(super) static LIST: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
redis.call('PERSIST', KEYS[2])
local before = redis.call('HGET', KEYS[1], ARGV[1])
if before then redis.call('UNLINK', ARGV[4] .. string.match(before, ' (.*)$')) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. string.sub(KEYS[2], #ARGV[4] + 1))
local rows = redis.call('HKEYS', KEYS[1])
table.sort(rows, function(a, b) return tonumber(a) > tonumber(b) end)
for at = tonumber(ARGV[3]) + 1, #rows do
  local old = redis.call('HGET', KEYS[1], rows[at])
  redis.call('UNLINK', ARGV[4] .. string.match(old, ' (.*)$'))
  redis.call('HDEL', KEYS[1], rows[at])
end",
    )
});
