-- What the scripts share. wrk calls init once per thread and request once per request: bench.sh runs one thread, so a
-- script may number its requests, and everything that does not change is put together before the first.
local bench = {}

-- Arguments are name=value, after wrk's own.
function bench.options(args)
  local options = {}
  for _, arg in ipairs(args) do
    local name, value = arg:match("^([%w_]+)=(.*)$")
    options[name] = tonumber(value) or value
  end
  math.randomseed(options.seed or 1)
  -- pause: milliseconds, give or take a half, that a connection waits before it sends its next request.
  if options.pause then
    function delay() return math.random(options.pause / 2, options.pause * 1.5) end
  end
  return options
end

function bench.get_head(options)
  return " HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Tenant-Id: " .. options.tenant .. "\r\n"
end

function bench.post_head(path, options)
  local prefer = options.receipt and "Prefer: receipt\r\n" or ""
  return "POST " .. path .. bench.get_head(options) .. prefer .. "Content-Type: application/json\r\nContent-Length: "
end

-- The line that bench.sh reads: answers, microseconds, p50 and p99 in microseconds, failures, bytes.
function bench.done(summary, latency)
  local failed = summary.errors
  print(string.format("measured\t%d\t%d\t%d\t%d\t%d\t%d",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    failed.connect + failed.read + failed.write + failed.status + failed.timeout, summary.bytes))
end

return bench
