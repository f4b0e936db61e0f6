-- One trial: frames at a rate for a time, or so many frames; then what came back.
local M = {}

-- Pktgen's ports, once, before the first trial.
function M.setup(pktgen, settings)
	pktgen.screen("off")
	pktgen.stop("all")
	pktgen.clr()
	for _, p in ipairs(settings.ports) do
		local port = tostring(p.port)

		-- As single frames for what waits on a reply, as a range for the load.
		pktgen.set_mac(port, "dst", p.mac)
		pktgen.range.dst_mac(port, "start", p.mac)
		for _, side in ipairs({ { "src_ip", p.source }, { "dst_ip", p.destination } }) do
			local set, range = pktgen.range[side[1]], side[2]

			set(port, "start", range[1])
			set(port, "inc", "0.0.0.1")
			set(port, "min", range[1])
			set(port, "max", range[2])
		end
		pktgen.range.ip_proto(port, "udp")
		pktgen.set_range(port, "on")
	end
end

local function counted(pktgen, settings)
	local stats = pktgen.portStats("all", "port")
	local sum = { sent = 0, received = 0, failed = 0 }

	for _, p in ipairs(settings.ports) do
		sum.sent = sum.sent + stats[p.port].opackets
		sum.received = sum.received + stats[p.port].ipackets
		sum.failed = sum.failed + stats[p.port].oerrors
	end
	return sum
end

-- Pktgen looks at its ports' counters once a second: what they say is the truth when they say the same twice.
local function settled(pktgen, settings)
	local last = counted(pktgen, settings)

	for _ = 1, 10 do
		pktgen.delay(1100)
		local now = counted(pktgen, settings)

		if now.sent == last.sent and now.received == last.received then
			return now
		end
		last = now
	end
	error("frames come and go although nothing is sent: the counters do not settle", 0)
end

local function latency(pktgen, settings)
	local worst = { average = 0, longest = 0 }

	for _, p in ipairs(settings.ports) do
		local of = pktgen.pktStats(tostring(p.port))[p.port].latency

		worst.average = math.max(worst.average, of.avg_us)
		worst.longest = math.max(worst.longest, of.max_us)
	end
	return worst
end

-- Sends at `rate` percent from all ports: `frames` from each, or for `seconds`. `half` is called in the middle of it.
-- Returns { sent, received, lost, seconds, latency = { average, longest } }; an error if nothing could be sent.
function M.run(pktgen, settings, rate, frames, seconds, half)
	pktgen.set("all", "rate", rate)
	pktgen.set("all", "count", frames or 0)
	pktgen.clr()

	local before = settled(pktgen, settings)

	pktgen.start("all")
	pktgen.delay(math.floor(seconds * 500))
	half()
	pktgen.delay(math.floor(seconds * 500))
	pktgen.stop("all")
	pktgen.delay(settings.drain_ms)

	local after = settled(pktgen, settings)
	local result = {
		sent = after.sent - before.sent,
		received = after.received - before.received,
		seconds = seconds,
		latency = latency(pktgen, settings),
	}

	if result.sent <= 0 then
		error("nothing was sent: are the ports up?", 0)
	end
	-- More than was sent comes from others on the wire (ARP, BGP): that is no loss, and hides none that matters.
	result.lost = math.max(0, result.sent - result.received)
	return result
end

return M
