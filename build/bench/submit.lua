-- POST /v1/pcs/submit of documents that were signed beforehand.
-- tenant; documents: a file with a document per line; again: send them over and over, else each once.
local bench = require("bench")
local documents, head, number, again = {}, nil, 0, false

function init(args)
  local options = bench.options(args)
  head = bench.post_head("/v1/pcs/submit", options)
  again = options.again == 1
  for document in io.lines(options.documents) do
    documents[#documents + 1] = document
  end
end

function request()
  number = number + 1
  if number > #documents then
    if not again then error("there are too few documents: " .. #documents) end
    number = 1
  end
  local body = documents[number]
  return head .. #body .. "\r\n\r\n" .. body
end

done = bench.done
