-- What rfc2544.lua sends. Copy it, change the copy, name it in BASCULE_PKTGEN. Addresses are of the configuration in README.md.
return {
	name = "two-ports", -- of the figures
	json = "rfc2544.json",
	runs = 3, -- of each test

	-- What Pktgen's ports are, as hosts behind a next hop of Bascule's: what comes from `source` to `destination` goes to `mac`,
	-- which is Bascule's port. Sources and destinations are ranges: each frame has the next address, so as to be many flows.
	ports = {
		{ port = 0, mac = "02:00:00:00:01:01", source = { "198.18.0.1", "198.18.3.254" }, destination = { "198.19.0.1", "198.19.3.254" } },
		{ port = 1, mac = "02:00:00:00:01:02", source = { "198.19.0.1", "198.19.3.254" }, destination = { "198.18.0.1", "198.18.3.254" } },
	},

	sizes = { 64, 128, 256, 512, 1024, 1280, 1518 }, -- octets, with the 4 of the check sequence (RFC 2544 9.1)
	tests = { "throughput", "latency", "loss", "back_to_back" },
	seconds = 60, -- of a trial (RFC 2544 24)
	latency_seconds = 120,
	link_seconds = 30, -- for which ports may be without a link at first
	drain_ms = 2000, -- after it, until what is under way has arrived

	lowest = 1, -- percent of the line rate
	resolution = 0.5, -- percent: how near the search comes
	confirm = 2, -- trials that must all lose no more, before a rate counts
	partial_loss = 0.1, -- percent, of the partial drop rate
	longest_burst = 2, -- seconds at line rate (RFC 9004)
	frames_per_second = 14880952, -- the line rate with the smallest frames, for that burst

	-- Commands beside each trial: `start` before it, ended by its group's SIGTERM after it; `half` in the middle, and `back` after
	-- it. Routing churn, or the route exchange switched: README.md has both.
	meanwhile = {},
}
