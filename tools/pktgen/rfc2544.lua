-- RFC 2544 with Pktgen-DPDK: throughput, latency, frame loss and back-to-back frames of whatever joins its ports.
--
--     pktgen EAL-OPTIONS -- -P -m "2.0, 2.1" -f tools/pktgen/rfc2544.lua
--
-- What is sent, where to and for how long is in a file of settings: BASCULE_PKTGEN=FILE, else settings.lua beside this one.
--
--   settings ─► setup ─► for each size: search ─ rate ─► trial ─ frames sent, received ─► search ─► figures ─► FILE (JSON)
--
-- The file is as tools/perf writes it, so that `tools/perf compare OLD NEW` reads it. Pktgen ends when all is done.

local folder = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."
package.path = folder .. "/?.lua;" .. package.path

local figures = require("figures")
local meanwhile = require("meanwhile")
local search = require("search")
local trial = require("trial")

local settings = dofile(os.getenv("BASCULE_PKTGEN") or folder .. "/settings.lua")
local pktgen = pktgen or require("Pktgen") -- a test may have set it

local function say(...)
	io.stderr:write(string.format(...), "\n")
end

-- One trial with all that goes on beside it.
local function measured(rate, frames, seconds)
	local stop = meanwhile.start(settings.meanwhile)
	local result = trial.run(pktgen, settings, rate, frames, seconds, stop.half)

	stop.all()
	say("  %6.2f %%: %d sent, %d lost", rate, result.sent, result.lost)
	return result
end

-- What each test adds to the figures, for frames of one size. Names are area/row/what, as of tools/perf.
local tests = {}

function tests.throughput(all, area)
	for _, kind in ipairs({ { "NDR", 0 }, { "PDR", settings.partial_loss } }) do
		local rate, result = search.rate(function(percent)
			return measured(percent, nil, settings.seconds)
		end, kind[2], settings)

		if not rate then
			say("  %s: frames are lost at the lowest rate too", kind[1])
		end
		all:add(area .. kind[1], result and result.rate / 1e6 or 0, "Mframes/s", "more")
		all:add(area .. kind[1] .. " of line rate", rate or 0, "%", "more")
		settings.found = rate or settings.lowest
	end
end

function tests.latency(all, area)
	pktgen.latency("all", "enable")
	local result = measured(settings.found or settings.lowest, nil, settings.latency_seconds)

	pktgen.latency("all", "disable")
	all:add(area .. "latency average", result.latency.average, "us", "less")
	all:add(area .. "latency longest", result.latency.longest, "us", "less")
end

-- From the line rate down in tenths, until two in a row lose nothing (RFC 2544 26.3).
function tests.loss(all, area)
	local without = 0

	for rate = 100, 10, -10 do
		local result = measured(rate, nil, settings.seconds)

		all:add(string.format("%sloss at %d %%", area, rate), 100 * result.lost / math.max(result.sent, 1), "%", "less")
		without = result.lost == 0 and without + 1 or 0
		if without == 2 then
			return
		end
	end
end

function tests.back_to_back(all, area)
	local frames = search.burst(function(count)
		return measured(100, count, settings.seconds)
	end, settings)

	all:add(area .. "back to back", frames, "frames", "more")
end

-- What cannot be measured is said before the first trial, not after the last one.
local function check()
	assert(#settings.sizes > 0 and #settings.tests > 0, "settings: no sizes or no tests")
	for _, name in ipairs(settings.tests) do
		if not tests[name] then
			error("settings: no test is called " .. tostring(name), 0)
		end
	end

	local file, why = io.open(settings.json, "a")

	if not file then
		error("settings: json: " .. why, 0)
	end
	file:close()
end

local function main()
	local all = figures.new(settings)

	check()
	trial.setup(pktgen, settings)
	for _, size in ipairs(settings.sizes) do
		trial.size(pktgen, settings, size)
		for run = 1, settings.runs do
			for _, name in ipairs(settings.tests) do
				say("%d octets, %s, run %d of %d", size, name, run, settings.runs)
				tests[name](all, string.format("rfc2544/%s-%d/", settings.name, size))
			end
		end
	end
	all:save(settings.json)
	say("figures: %s", settings.json)
end

local ok, why = pcall(main)

if not ok then
	say("rfc2544: %s", why)
end
pktgen.quit()
return ok
