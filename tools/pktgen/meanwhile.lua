-- What goes on beside a trial: commands of the settings, each in a process group of its own, so that what they start ends too.
local M = {}

local function quoted(text)
	return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function run(command)
	if command and not os.execute(command) then
		error("failed: " .. command, 0)
	end
end

-- Returns the number of the group that `command` is.
local function spawn(command)
	local pipe = io.popen("setsid sh -c " .. quoted("exec >/dev/null 2>&1; " .. command) .. " & echo $!")
	local group = pipe:read("n")

	pipe:close()
	return group
end

-- Start what the settings say. `half` is to be called in the middle of the trial, `all` at its end.
function M.start(what)
	local group = what.start and spawn(what.start)

	return {
		half = function()
			run(what.half)
		end,
		all = function()
			run(what.back)
			if group then
				os.execute("kill -- -" .. group .. " 2>/dev/null")
			end
		end,
	}
end

return M
