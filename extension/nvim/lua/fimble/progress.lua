--- What the server is doing for the user: actions that ask a model take a while.

local M = {}

---@class fimble.Work
---@field client integer
---@field token lsp.ProgressToken
---@field message string what it is, as it was named when it began

---@type fimble.Work[] the latest last
local works = {}

---@param client integer
---@param token lsp.ProgressToken
---@return fimble.Work? work no longer among `works`
local function take(client, token)
  for index, work in ipairs(works) do
    if work.client == client and work.token == token then
      return table.remove(works, index)
    end
  end
end

---@param name string of the clients that are followed
---@param group integer
function M.follow(name, group)
  vim.api.nvim_create_autocmd('LspProgress', {
    group = group,
    callback = function(event)
      local client = vim.lsp.get_client_by_id(event.data.client_id)
      if not client or client.name ~= name then
        return
      end
      local token, value = event.data.params.token, event.data.params.value
      local work = take(client.id, token)
      if value.kind == 'begin' and value.cancellable then -- loading a model is not, see `status`
        work = { client = client.id, token = token, message = value.message or '' }
      end
      if work and value.kind ~= 'end' then -- later messages are pieces of what the model writes
        table.insert(works, work)
      end
      vim.cmd.redrawstatus()
    end,
  })
end

---@return fimble.Work? work begun last, of a server that still runs
local function newest()
  works = vim.tbl_filter(function(work)
    return vim.lsp.get_client_by_id(work.client) ~= nil
  end, works)
  return works[#works]
end

---@return string? message what is being done now
function M.message()
  local work = newest()
  return work and work.message
end

---Have the server leave off what it began last.
---@return boolean found
function M.cancel()
  local work = newest()
  if work then
    local client = assert(vim.lsp.get_client_by_id(work.client))
    client:notify('window/workDoneProgress/cancel', { token = work.token })
  end
  return work ~= nil
end

return M
