-- GET the proof that a random event is in the audit log.
-- tenant; ids: a file of event ids.
local bench = require("bench")
local requests = {}

function init(args)
  local options = bench.options(args)
  local before = "GET /v1/tenants/" .. options.tenant .. "/audit/proof/"
  local after = bench.get_head(options) .. "\r\n"
  for id in io.lines(options.ids) do
    requests[#requests + 1] = before .. id .. after
  end
end

function request()
  return requests[math.random(#requests)]
end

done = bench.done
