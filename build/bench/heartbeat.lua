-- POST /v1/enforcement/heartbeat of a random system.
-- tenant; systems: how many there are.
local bench = require("bench")
local requests = {}

function init(args)
  local options = bench.options(args)
  local enforced = os.date("!%Y-%m-%dT%H:%M:%SZ")
  for system = 1, options.systems do
    local body = '{"system_id":"system-' .. system .. '","enforced_correction_version":"' .. enforced .. '"}'
    requests[system] = bench.post_head("/v1/enforcement/heartbeat", options) .. #body .. "\r\n\r\n" .. body
  end
end

function request()
  return requests[math.random(#requests)]
end

done = bench.done
