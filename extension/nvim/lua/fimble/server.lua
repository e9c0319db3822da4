--- The language server: one for all buffers, so that the model is in memory once.

local api, lsp = vim.api, vim.lsp
local folders = require('fimble.folders')
local process = require('fimble.process')
local progress = require('fimble.progress')

local M = {}

local NAME = 'fimble'
local MOST_CRASHES, WITHIN_MS = 3, 180000
local MOST_STOP_MS = 5000 -- then a server is killed that was asked to end

---@class fimble.Status
---@field state 'stopped'|'loading'|'ready'|'failed'
---@field message string
---@field fraction? number how much of the model is loaded, 0 to 1
---@field error? string the server's name of a failure

---@type table<integer, fimble.Status> by client id
local statuses = {}

---@type table
local settings

---@type fimble.Config
local options

---Where the server works: the root that its first file or chat gave it.
---@type string?
local root

---When the server has crashed, in milliseconds.
---@type integer[]
local crashes = {}

---@type fun(client: vim.lsp.Client)[] what waits for a server that is being started
local waiting = {}

---@type fun()[]
local on_end = {}

local is_restarting = false

---@param values table
local function set(values)
  -- An empty table without this would be sent as a list.
  settings = next(values) and values or vim.empty_dict()
end

-- What the server sends beyond the protocol; modules are loaded when they are needed.
local handlers = {
  ['fimble/status'] = function(_, status, context)
    statuses[context.client_id] = status
    vim.cmd.redrawstatus()
  end,
  -- The server names its failures and wrong settings here, each once.
  ['window/showMessage'] = function(_, shown, context)
    local levels = { vim.log.levels.ERROR, vim.log.levels.WARN }
    vim.notify('Fimble: ' .. shown.message, levels[shown.type] or vim.log.levels.INFO)
    local status = statuses[context.client_id] or {}
    if status.error == 'ModelMissing' and status.message == shown.message then
      require('fimble.servers').propose()
    end
  end,
  ['fimble/chat/event'] = function(_, told)
    require('fimble.chat').hear(told)
  end,
  ['fimble/chat/ask'] = function(_, asked)
    return require('fimble.chat.asking').ask(asked)
  end,
  ['workspace/applyEdit'] = function(problem, params, context)
    return require('fimble.chat.changes').apply(params.label, function()
      return lsp.handlers['workspace/applyEdit'](problem, params, context)
    end)
  end,
  ['fimble/explanation'] = function(_, told)
    require('fimble.explanation').show(told)
  end,
}

---@param client vim.lsp.Client
---@param config vim.lsp.ClientConfig
local function reuse_client(client, config)
  return client.name == config.name and not client:is_stopped()
end

---Neovim's own start goes by file type; this one is for files of which it knows no type.
---@param buf integer
local function start_without_filetype(buf)
  if not api.nvim_buf_is_valid(buf) or not lsp.is_enabled(NAME) then
    return
  elseif vim.bo[buf].filetype ~= '' or vim.bo[buf].buftype ~= '' then
    return
  end
  local config = vim.deepcopy(lsp.config[NAME])
  config.root_dir(buf, function(found)
    config.root_dir = found
    lsp.start(config, { bufnr = buf, reuse_client = reuse_client })
  end)
end

---@return string folder where the server works, or would if it was started now
function M.folder()
  return root or folders.root_of(vim.fn.getcwd())
end

---Start a server that follows no file yet, unless one runs.
local function start_alone()
  local config = vim.deepcopy(lsp.config[NAME])
  config.root_dir = M.folder()
  lsp.start(config, { attach = false, reuse_client = reuse_client })
end

---Have the server follow all files that are open, and start it for the first.
local function enable()
  lsp.enable(NAME)
  if not options.filetypes then
    for _, buf in ipairs(vim.tbl_filter(api.nvim_buf_is_loaded, api.nvim_list_bufs())) do
      start_without_filetype(buf)
    end
  end
end

---Start the server where it works, whatever file is the first.
local function start()
  start_alone()
  enable()
end

---What follows when the server ends without having been asked to.
---@param was_ready boolean
local function crashed(was_ready)
  local now = vim.uv.now()
  crashes = vim.tbl_filter(function(time)
    return now - time < WITHIN_MS
  end, crashes)
  table.insert(crashes, now)
  local again = was_ready and #crashes <= MOST_CRASHES
  if not again then
    local message = 'Fimble: the server %s; see `:checkhealth fimble`, then `:Fimble restart`.'
    local what = was_ready and 'keeps crashing' or 'could not be started'
    vim.notify(message:format(what), vim.log.levels.ERROR)
  elseif #crashes == 1 then
    vim.notify('Fimble: the server has crashed and is started again.', vim.log.levels.WARN)
  end
  if again then
    start()
  end
end

local function tell_end()
  vim.iter(on_end):each(function(hear)
    hear()
  end)
end

---What follows when the process has ended.
---@param how fimble.End
local function ended(how)
  if is_restarting then
    is_restarting = false
    return start()
  end
  waiting = {}
  tell_end()
  if not how.was_asked then
    crashed(how.was_ready)
  end
end

---@param config fimble.Config with nothing left out
---@param attach fun(buf: integer) called for every buffer that the server follows
function M.start(config, attach)
  local command = config.cmd[1]
  if vim.fn.executable(command) == 0 then
    local message = 'Fimble: %s is not a command; install Fimble or set `cmd` to where it is.'
    return vim.notify(message:format(command), vim.log.levels.ERROR)
  end
  options, folders.root_markers = config, config.root_markers
  set(config.settings)
  lsp.config(NAME, {
    cmd = function(dispatchers)
      return process.spawn(config.cmd, dispatchers, ended)
    end,
    filetypes = config.filetypes,
    before_init = function(params)
      params.initializationOptions = { fimble = settings, chat = true }
    end,
    on_init = function(client)
      root = client.root_dir
      local actions = waiting
      waiting = {}
      for _, action in ipairs(actions) do
        action(client)
      end
    end,
    capabilities = { textDocument = { inlineCompletion = { dynamicRegistration = false } } },
    handlers = handlers,
    reuse_client = reuse_client,
    root_dir = function(buf, on_root)
      local file = api.nvim_buf_get_name(buf)
      if folders.is_file(file) then
        on_root(folders.root_of(vim.fs.dirname(file)))
      end
    end,
  })
  local group = api.nvim_create_augroup('fimble', {})
  api.nvim_create_autocmd('LspAttach', {
    group = group,
    callback = function(event)
      if lsp.get_client_by_id(event.data.client_id).name == NAME then
        attach(event.buf)
      end
    end,
  })
  progress.follow(NAME, group)
  if not config.filetypes then
    api.nvim_create_autocmd({ 'BufReadPost', 'BufNewFile' }, {
      group = group,
      callback = vim.schedule_wrap(function(event)
        start_without_filetype(event.buf)
      end),
    })
  end
  enable()
end

---@param hear fun() called when the server has ended or is ended, for whatever reason
function M.on_end(hear)
  table.insert(on_end, hear)
end

---@param buf? integer the client of this buffer; of any if nil
---@return vim.lsp.Client?
function M.client(buf)
  return vim.iter(lsp.get_clients({ name = NAME, bufnr = buf })):find(function(client)
    return not client:is_stopped()
  end)
end

---Do something with the server, which is started first if none runs.
---@param action fun(client: vim.lsp.Client)
---@return boolean is_tried false if Fimble is not set up
function M.with(action)
  local client = M.client()
  if client then
    action(client)
  elseif options then
    table.insert(waiting, action)
    if not is_restarting then
      start_alone()
    end
  end
  return options ~= nil
end

---@return table settings those of the server
function M.settings()
  return settings
end

---@param values table all settings; what is left out gets its default
function M.configure(values)
  set(values)
  local client = M.client()
  if client then
    client.settings = { [NAME] = settings }
    client:notify('workspace/didChangeConfiguration', { settings = client.settings })
  end
end

---Stop the server, and start it where the user is once it has gone.
function M.restart()
  crashes, root = {}, folders.here()
  if not process.is_running() then
    return start()
  elseif is_restarting then
    return
  end
  is_restarting, waiting = true, {}
  tell_end()
  lsp.enable(NAME, false) -- no file starts another meanwhile
  for _, client in ipairs(lsp.get_clients({ name = NAME, _uninitialized = true })) do
    client:stop()
  end
  process.kill_after(MOST_STOP_MS)
end

---@return string[]? command that starts the server; nil before it was set up
function M.command()
  return options and options.cmd
end

---@return fimble.Status? status nil if no server runs
function M.status()
  local client = M.client()
  local starting = { state = 'loading', message = 'Fimble: the server has started.' }
  return client and (statuses[client.id] or starting)
end

return M
