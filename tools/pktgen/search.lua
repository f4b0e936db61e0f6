-- Binary searches, over trials that may be noisy. Nothing here knows Pktgen.
local M = {}

local function loses(result, percent)
	return result.lost > result.sent * percent / 100
end

-- The highest rate, in percent of the line rate, at which `trial(rate)` loses at most `percent` of its frames, and the trial's
-- result; as near as settings.resolution. A rate counts after settings.confirm trials that all pass: one that passes by chance
-- would lead all further steps astray. nil if even settings.lowest does not pass.
function M.rate(trial, percent, settings)
	local function passes(rate)
		local result

		for _ = 1, settings.confirm do
			result = trial(rate)
			if loses(result, percent) then
				return nil
			end
		end
		return result
	end

	local best = passes(100)

	if best then
		return 100, best
	end
	best = passes(settings.lowest)
	if not best then
		return nil
	end

	local low, high = settings.lowest, 100

	while high - low > settings.resolution do
		local middle = (low + high) / 2
		local result = passes(middle)

		if result then
			low, best = middle, result
		else
			high = middle
		end
	end
	return low, best
end

-- The longest burst at line rate, in frames of each port, of which `trial(frames)` loses none (RFC 9004); within one in a
-- hundred. 0 if one frame is lost.
function M.burst(trial, settings)
	local low, high = 0, math.floor(settings.longest_burst * settings.frames_per_second)

	if trial(high).lost == 0 then
		return high
	end
	while high - low > math.max(1, low / 100) do
		local middle = (low + high) // 2

		if trial(middle).lost == 0 then
			low = middle
		else
			high = middle
		end
	end
	return low
end

return M
