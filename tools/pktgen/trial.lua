-- One trial: frames at a rate for a time, or so many frames; then what came back.
local M = {}

local READY_S = 30 -- for which ports may make their frames ready, and send them if they are counted

-- Pktgen looks at its links only when it draws its page, and takes the rate from the speed that it saw there last: before it has
-- seen any, a rate is nothing. So the page is there until all links are.
local function links_up(pktgen, settings)
	local down

	pktgen.screen("on")
	for _ = 1, settings.link_seconds * 2 do
		local states = pktgen.linkState("all")

		down = nil
		for _, p in ipairs(settings.ports) do
			if not states[p.port]:find("UP") then
				down = p.port
			end
		end
		if not down then
			break
		end
		pktgen.delay(500)
	end
	pktgen.screen("off")
	if down then
		error(string.format("port %d has no link for %d s", down, settings.link_seconds), 0)
	end
end

-- Pktgen's ports, once, before the first trial.
function M.setup(pktgen, settings)
	links_up(pktgen, settings)
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

-- Frames of this size. What is sent are ranges, but Pktgen makes the pace by the size of single frames.
function M.size(pktgen, settings, octets)
	for _, p in ipairs(settings.ports) do
		local port = tostring(p.port)

		pktgen.set(port, "size", octets)
		pktgen.range.pkt_size(port, "inc", 0)
		for _, what in ipairs({ "start", "min", "max" }) do
			pktgen.range.pkt_size(port, what, octets)
		end
	end
end

-- Of all ports; `kind` is "port", since they were cleared, or "rate", of the last second.
local function counted(pktgen, settings, kind)
	local stats = pktgen.portStats("all", kind or "port")
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

-- Until each port has sent `enough` since `before`: it makes its frames ready at each start, and that takes as long as it takes.
local function sends(pktgen, settings, before, enough)
	for _ = 1, READY_S * 10 do
		local now = pktgen.portStats("all", "port")
		local all = true

		for _, p in ipairs(settings.ports) do
			all = all and now[p.port].opackets - before[p.port].opackets >= enough
		end
		if all then
			return true
		end
		pktgen.delay(100)
	end
	return false
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

-- Sends at `rate` percent from all ports: `frames` from each, or for `seconds`, which count from when all ports do. `half` is called in
-- the middle of it.
-- Returns { sent, received, lost, rate = received in a second, latency = { average, longest } }; an error if ports do not send.
function M.run(pktgen, settings, rate, frames, seconds, half)
	pktgen.set("all", "rate", rate)
	pktgen.set("all", "count", frames or 0)
	pktgen.clr()

	local before, each = settled(pktgen, settings), pktgen.portStats("all", "port")

	pktgen.start("all")
	if not sends(pktgen, settings, each, frames or 1) then
		error("not all that was to be sent was: are the ports up?", 0)
	end
	pktgen.delay(math.floor(seconds * 500))
	-- a whole second of nothing but the load, if the trial has two before its middle
	local second = counted(pktgen, settings, "rate")

	half()
	pktgen.delay(math.floor(seconds * 500))
	pktgen.stop("all")
	pktgen.delay(settings.drain_ms)

	local after = settled(pktgen, settings)
	local result = {
		sent = after.sent - before.sent,
		received = after.received - before.received,
		rate = second.received,
		latency = latency(pktgen, settings),
	}

	-- More than was sent comes from others on the wire (ARP, BGP): that is no loss, and hides none that matters.
	result.lost = math.max(0, result.sent - result.received)
	return result
end

return M
