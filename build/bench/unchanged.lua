-- GET /v1/facts/context with the tag of the block as it stands: 304 each time.
-- tenant; tags: a file of lines "subject tag".
local bench = require("bench")
local requests = {}

function init(args)
  local options = bench.options(args)
  for line in io.lines(options.tags) do
    local subject, tag = line:match("^(%S+) (%S+)$")
    requests[#requests + 1] = "GET /v1/facts/context?subject_type=patient&requester_id=bench&subject_id=" .. subject
      .. bench.get_head(options) .. "If-None-Match: " .. tag .. "\r\n\r\n"
  end
end

function request()
  return requests[math.random(#requests)]
end

done = bench.done
