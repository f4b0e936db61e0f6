-- Figures with their samples, and the machine that they are of, as JSON: the shape that tools/perf writes and compare reads.
local M = {}
local Figures = {}

Figures.__index = Figures

local function said(command)
	local pipe = io.popen(command .. " 2>/dev/null")
	local text = pipe:read("a"):gsub("%s+$", "")

	pipe:close()
	return text
end

local function encode(value)
	if type(value) == "number" then
		return value == math.floor(value) and string.format("%d", value) or string.format("%.10g", value)
	elseif type(value) == "boolean" then
		return tostring(value)
	elseif type(value) == "string" then
		return '"' .. value:gsub('[%c"\\]', function(c)
			return string.format("\\u%04x", c:byte())
		end) .. '"'
	end

	local parts = {}

	if value[1] ~= nil or next(value) == nil then
		for _, item in ipairs(value) do
			parts[#parts + 1] = encode(item)
		end
		return "[" .. table.concat(parts, ", ") .. "]"
	end
	for key, item in pairs(value) do
		parts[#parts + 1] = encode(key) .. ": " .. encode(item)
	end
	table.sort(parts)
	return "{" .. table.concat(parts, ", ") .. "}"
end

M.encode = encode

function M.new(settings)
	return setmetatable({ settings = settings, order = {}, by_name = {} }, Figures)
end

-- One sample. `better` is "less" or "more". All are relative, that is, may be compared with those of another day: the wire and the
-- generator at its ends are what they are measured against.
function Figures:add(name, value, unit, better)
	local figure = self.by_name[name]

	if not figure then
		figure = { name = name, unit = unit, better = better, relative = true, samples = {} }
		self.by_name[name] = figure
		self.order[#self.order + 1] = figure
	end
	figure.samples[#figure.samples + 1] = value
end

local function median(sorted)
	local middle = (#sorted + 1) // 2

	return #sorted % 2 == 1 and sorted[middle] or (sorted[middle] + sorted[middle + 1]) / 2
end

function Figures:save(path)
	for _, figure in ipairs(self.order) do
		local sorted = table.move(figure.samples, 1, #figure.samples, 1, {})

		table.sort(sorted)
		figure.min, figure.median, figure.max = sorted[1], median(sorted), sorted[#sorted]
	end

	local file = assert(io.open(path, "w"))

	file:write(encode({
		machine = {
			host = said("uname -n"),
			kernel = said("uname -r"),
			cpu = said("sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1"),
			cpus = tonumber(said("getconf _NPROCESSORS_ONLN")) or 0,
			dpdk = said("pkg-config --modversion libdpdk"),
		},
		commit = self.settings.commit or "",
		command = "rfc2544.lua " .. (os.getenv("BASCULE_PKTGEN") or ""),
		when = os.date("%Y-%m-%dT%H:%M:%S%z"),
		figures = self.order,
	}), "\n")
	file:close()
end

return M
