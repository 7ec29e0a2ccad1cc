-- GET of one path.
-- tenant; path.
local bench = require("bench")
local same

function init(args)
  local options = bench.options(args)
  same = "GET " .. options.path .. bench.get_head(options) .. "\r\n"
end

function request()
  return same
end

done = bench.done
