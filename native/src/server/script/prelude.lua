-- Functions of Lua that have to know what is raised in Rust, or have to be narrower than they are.
-- They are called with the originals and give back what stands in their place.
local pcall, xpcall, resume, loadstring, plain, seen, byte, concat, type, collect = ...

local function settled(ok, problem, ...)
  if ok then return ok, problem, ... end
  return false, plain(problem)
end

local function resumed(ok, problem, ...)
  if ok then return ok, problem, ... end
  return false, seen(problem)
end

-- Compiled code is not accepted: it could be made to read and write any memory.
local function source(text, name)
  if type(text) == 'string' and byte(text, 1) == 27 then
    return nil, 'attempt to load compiled code'
  end
  return loadstring(text, name or text)
end

return {
  -- A script that stops the collector would stop it for all others too.
  collectgarbage = function(what, ...)
    what = what or 'collect'
    if what == 'collect' or what == 'count' or what == 'step' then return collect(what, ...) end
    return 0
  end,
  pcall = function(...) return settled(pcall(...)) end,
  xpcall = function(body, handler)
    return xpcall(body, function(problem) return handler(seen(problem)) end)
  end,
  resume = function(...) return resumed(resume(...)) end,
  loadstring = source,
  load = function(read, name)
    local parts = {}
    while true do
      local part = read()
      if part == nil or part == '' then break end
      if type(part) ~= 'string' then return nil, 'reader function must return a string' end
      parts[#parts + 1] = part
    end
    return source(concat(parts), name or '=(load)')
  end,
}
