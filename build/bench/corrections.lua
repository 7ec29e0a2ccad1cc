-- POST /v1/corrections, each with a key of its own.
-- tenant, run: names this run's keys; fields: correct a random one of these many filled fields, or, with 0, a new one;
-- receipt: ask for a write receipt.
local bench = require("bench")
local options, head, number

function init(args)
  options = bench.options(args)
  head = bench.post_head("/v1/corrections", options)
  number = 0
end

function request()
  number = number + 1
  local subject, field
  if options.fields > 0 then
    local n = math.random(0, options.fields - 1)
    subject, field = "p-" .. math.floor(n / 5), n % 5
  else
    subject, field = options.run .. "-" .. number, 0
  end
  local body = '{"subject":{"type":"patient","id":"' .. subject
    .. '"},"field_key":"allergies.substance_' .. field
    .. '","value":"severe, seen on visit ' .. number
    .. '","class":"FACT","permissions":{"readers":["bench"]},"actor":{"type":"human","id":"dr-ada"},"idempotency_key":"'
    .. options.run .. "-" .. number .. '"}'
  return head .. #body .. "\r\n\r\n" .. body
end

done = bench.done
