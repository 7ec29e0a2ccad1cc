-- POST /access/v1/evaluation of random people, tools and hosts under the ready-made rules for agents.
-- tenant; people: how many identities there are.
local bench = require("bench")
local head, people = nil, 1
local tools = { "find_order", "refund_order", "close_account", "transfer_money" }
local random = math.random

function init(args)
  local options = bench.options(args)
  head = bench.post_head("/access/v1/evaluation", options)
  people = options.people
end

function request()
  local body = '{"subject":{"type":"identity","id":"person-' .. random(people)
    .. '"},"action":{"name":"tools/call"},"resource":{"type":"tool","id":"' .. tools[random(#tools)]
    .. '"},"context":{"agent":"support-bot"}}'
  return head .. #body .. "\r\n\r\n" .. body
end

done = bench.done
