-- What wrk sends, told by the environment, and its figures as one line of JSON.
-- METHOD, BODY (or BODY_BYTES for that many bytes), HEADERS ("Name: value" a line); "{n}" in PATH counts.
wrk.method = os.getenv("METHOD") or "GET"
local path = os.getenv("PATH_AND_QUERY")
local size = tonumber(os.getenv("BODY_BYTES") or "0")
wrk.body = size > 0 and string.rep("portico.", size / 8) or os.getenv("BODY")
for name, value in (os.getenv("HEADERS") or ""):gmatch("([^:\n]+): ([^\n]*)") do
  wrk.headers[name] = value
end

local counted, failed = 0, 0
local counting = path:find("{n}", 1, true)
if counting then
  request = function()
    counted = counted + 1
    local mark = os.getenv("RUN") .. "-" .. counted
    return wrk.format(wrk.method, (path:gsub("{n}", mark)), wrk.headers, wrk.body)
  end
else
  request = function() return wrk.format(wrk.method, path) end
end

done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%f,"p50_ms":%f,"p99_ms":%f,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
