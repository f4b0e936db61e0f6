-- What goes on beside a trial: commands of the settings. The one that is started has a process group of its own, which ends with
-- the trial, and also when Pktgen is killed: a shell waits for the end of a pipe that only we hold.
local M = {}

local WATCHED = "setsid sh -c %s </dev/null >/dev/null 2>&1 & group=$!; cat; "
	-- the group is there a moment after the process is
	.. "until kill -- -$group || ! kill -0 $group; do :; done 2>/dev/null"

local function quoted(text)
	return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function run(command)
	if command and not os.execute(command) then
		error("failed: " .. command, 0)
	end
end

-- Start what the settings say. `half` is to be called in the middle of the trial, `all` at its end.
function M.start(what)
	local pipe = what.start and io.popen(WATCHED:format(quoted(what.start)), "w")

	return {
		half = function()
			run(what.half)
		end,
		all = function()
			if pipe then
				pipe:close()
			end
			run(what.back)
		end,
	}
end

return M
