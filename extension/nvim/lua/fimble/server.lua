--- The language server: one for all buffers, so that the model is in memory once.

local api, lsp = vim.api, vim.lsp

local M = {}

local NAME = 'fimble'

---@class fimble.Status
---@field state 'stopped'|'loading'|'ready'|'failed'
---@field message string
---@field fraction? number how much of the model is loaded, 0 to 1

---@type table<integer, fimble.Status> by client id
local statuses = {}

---@type table
local settings

---@param values table
local function set(values)
  -- An empty table without this would be sent as a list.
  settings = next(values) and values or vim.empty_dict()
end

local handlers = {
  ['fimble/status'] = function(_, status, context)
    statuses[context.client_id] = status
    vim.cmd.redrawstatus()
  end,
  -- The server names its failures and wrong settings here, each once.
  ['window/showMessage'] = function(_, shown)
    local levels = { vim.log.levels.ERROR, vim.log.levels.WARN }
    vim.notify('Fimble: ' .. shown.message, levels[shown.type] or vim.log.levels.INFO)
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
  config.root_dir(buf, function(root)
    config.root_dir = root
    lsp.start(config, { bufnr = buf, reuse_client = reuse_client })
  end)
end

---@param options fimble.Config with nothing left out
---@param attach fun(buf: integer) called for every buffer that the server follows
function M.start(options, attach)
  local command = options.cmd[1]
  if vim.fn.executable(command) == 0 then
    local message = 'Fimble: %s is not a command; install Fimble or set `cmd` to where it is.'
    return vim.notify(message:format(command), vim.log.levels.ERROR)
  end
  set(options.settings)
  lsp.config(NAME, {
    cmd = options.cmd,
    filetypes = options.filetypes,
    before_init = function(params)
      params.initializationOptions = settings
    end,
    capabilities = { textDocument = { inlineCompletion = { dynamicRegistration = false } } },
    handlers = handlers,
    reuse_client = reuse_client,
    root_dir = function(buf, on_root)
      local file = api.nvim_buf_get_name(buf)
      if file ~= '' and not file:match('^%a[%w+.-]+://') then
        on_root(vim.fs.root(buf, options.root_markers) or vim.fs.dirname(file))
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
  if not options.filetypes then
    api.nvim_create_autocmd({ 'BufReadPost', 'BufNewFile' }, {
      group = group,
      callback = vim.schedule_wrap(function(event)
        start_without_filetype(event.buf)
      end),
    })
  end
  lsp.enable(NAME)
end

---@param buf? integer the client of this buffer; of any if nil
---@return vim.lsp.Client?
function M.client(buf)
  return lsp.get_clients({ name = NAME, bufnr = buf })[1]
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

---Stop the server, and start it again once it has gone.
function M.restart()
  lsp.enable(NAME, false)
  local function gone()
    return not M.client()
  end
  if not vim.wait(5000, gone, 20) then
    M.client():stop(true)
  end
  lsp.enable(NAME)
end

---@return fimble.Status? status nil if no server runs
function M.status()
  local client = M.client()
  local starting = { state = 'loading', message = 'Fimble: the server has started.' }
  return client and (statuses[client.id] or starting)
end

return M
