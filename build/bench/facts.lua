-- GET /v1/facts or /v1/facts/context of a random subject.
-- tenant; path; subjects: how many there are.
local bench = require("bench")
local options, before, after

function init(args)
  options = bench.options(args)
  before = "GET " .. options.path .. "?subject_type=patient&requester_id=bench&subject_id=p-"
  after = bench.get_head(options) .. "\r\n"
end

function request()
  return before .. math.random(0, options.subjects - 1) .. after
end

done = bench.done
