-- What wrk sends, told by the environment, and its figures as one line of JSON.
-- METHOD, PATH_AND_QUERY, BODY, HEADERS ("Name: value" a line).
wrk.method = os.getenv("METHOD")
wrk.body = os.getenv("BODY")
for name, value in os.getenv("HEADERS"):gmatch("([^:\n]+): ([^\n]*)") do
  wrk.headers[name] = value
end

request = function() return wrk.format(wrk.method, os.getenv("PATH_AND_QUERY")) end

done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%f,"p50_ms":%f,"p99_ms":%f,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
