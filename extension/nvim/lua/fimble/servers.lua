--- Model servers on this machine. They are looked for only when somebody wants to know.

local server = require('fimble.server')

local M = {}

---@class fimble.Served a model, and the server that has it
---@field name string
---@field fillsGaps boolean
---@field url string
---@field title string
---@field dialect string

---@param hear fun(all: fimble.Served[]) gets the models that fill gaps first
---@return boolean is_tried false if Fimble is not set up
local function find(hear)
  return server.with(function(client)
    client:request('fimble/discover', vim.empty_dict(), function(problem, told)
      if problem then
        return vim.notify('Fimble: ' .. problem.message, vim.log.levels.ERROR)
      end
      local filling, others = {}, {}
      for _, found in ipairs(told.servers) do
        for _, model in ipairs(found.models) do
          local served = vim.tbl_extend('error', model, {
            url = found.url,
            title = found.title,
            dialect = found.dialect,
          })
          table.insert(model.fillsGaps and filling or others, served)
        end
      end
      hear(vim.list_extend(filling, others))
    end)
  end)
end

---@param served fimble.Served
---@return string
local function described(served)
  local note = served.fillsGaps and '' or ', which may only chat'
  return ('%s from %s at %s%s'):format(served.name, served.title, served.url, note)
end

---Warn if roles name other engines only, so that the one that was chosen is not asked.
---@param roles? table<string, string[]>
local function warn_of(roles)
  for _, role in ipairs({ 'fim', 'chat' }) do
    local names = roles and roles[role] or {}
    if names[1] and not vim.tbl_contains(names, 'remote') then
      local told = "Fimble: `roles.%s` of `settings` names %s; for it to be asked, name 'remote' there."
      vim.notify(told:format(role, table.concat(names, ', ')), vim.log.levels.WARN)
    end
  end
end

---Use a model until Neovim ends, and say how to keep it.
---@param served fimble.Served
local function use(served)
  local settings = vim.deepcopy(server.settings())
  local before = settings.remote or {}
  settings.remote = {
    url = served.url,
    dialect = served.dialect,
    model = served.name,
    -- All else is another endpoint's; its key is none of this one's business.
    timeoutSeconds = before.timeoutSeconds,
    log = before.log,
  }
  server.configure(settings)
  local keep = "remote = { url = '%s', dialect = '%s', model = '%s' }"
  vim.notify(
    ('Fimble: %s is used until Neovim ends; to keep it, put `%s` into `settings` of setup().'):format(
      described(served),
      keep:format(served.url, served.dialect, served.name)
    )
  )
  warn_of(settings.roles)
end

---Let the user choose a model of a server on this machine.
function M.choose()
  local is_tried = find(function(all)
    if #all == 0 then
      return vim.notify(
        'Fimble: no model server was found on this machine; start Ollama, LM Studio or llama-server.'
      )
    end
    vim.ui.select(all, { prompt = 'Use', format_item = described }, function(chosen)
      if chosen then
        use(chosen)
      end
    end)
  end)
  if not is_tried then
    vim.notify('Fimble: the plugin is not set up; see `:checkhealth fimble`.', vim.log.levels.ERROR)
  end
end

---The model is missing: say so if a server here has one.
function M.propose()
  find(function(all)
    if all[1] then
      vim.notify(('Fimble: `:Fimble servers` can use %s instead.'):format(described(all[1])))
    end
  end)
end

return M
