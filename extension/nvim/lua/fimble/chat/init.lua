--- The chat with the agent: one session is shown at a time, in one pair of windows.

local asking = require('fimble.chat.asking')
local events = require('fimble.chat.events')
local server = require('fimble.server')
local view = require('fimble.chat.view')

local M = {}

local AGAIN = ' `:Fimble retry` sends your message again.'

---@class fimble.Session
---@field id string
---@field modes table[] `{ id, name, description }`

---@type fimble.Session?
local session

---@class fimble.Turn
---@field session? string id of it; nil until it has been begun

---@type fimble.Turn? the one that is under way
local turn

local sent = '' -- the last message, to be sent again

---@param text string
local function warn(text)
  vim.notify('Fimble: ' .. text, vim.log.levels.WARN)
end

---Files that are changed on disk are read again.
local function reload()
  vim.cmd('silent! checktime')
end

---Ask the server.
---@param method string after `fimble/chat/`
---@param params table
---@param done fun(answer: any)
---@param refused? fun(message: string) else he is warned
function M.request(method, params, done, refused)
  refused = refused or warn
  local is_tried = server.with(function(client)
    params = next(params) and params or vim.empty_dict()
    client:request('fimble/chat/' .. method, params, function(problem, answer)
      if problem then
        refused(problem.message)
      else
        done(answer)
      end
    end)
  end)
  if not is_tried then
    refused('the plugin is not set up; see `:checkhealth fimble`.')
  end
end

---@param opened table the answer of `begin` or `resume`
local function show_session(opened)
  session = { id = opened.sessionId, modes = opened.modes }
  events.clear()
  view.forget_usage()
  local usage = opened.usage
  view.tell({
    mode = opened.mode,
    title = opened.title or '',
    usage = type(usage) == 'table' and usage or nil,
  })
  for _, each in ipairs(opened.history or {}) do
    events.show(each.event)
  end
  for _, note in ipairs(opened.notes) do
    local way = note:find('trust', 1, true) and ' `:Fimble trust yes` changes that.' or ''
    events.note(note .. way, 'WarningMsg')
  end
end

---Do something in a session; the first is begun when it is needed.
---@param action fun(id: string)
---@param failed? fun(message: string)
local function in_session(action, failed)
  if session then
    return action(session.id)
  end
  M.request('begin', {}, function(opened)
    if not session then
      show_session(opened)
    end
    action(session.id)
  end, failed)
end

---Do something with the session that is shown.
---@param action fun(id: string)
local function with_session(action)
  if session then
    action(session.id)
  else
    warn('there is no chat yet; `:Fimble chat` opens one, `:Fimble sessions` lists old ones.')
  end
end

---@return boolean
local function is_busy()
  if turn then
    warn('a turn is under way; `:Fimble stop` ends it.')
  end
  return turn ~= nil
end

local function ended()
  turn = nil
  asking.forget()
  view.tell({ doing = '' })
  reload()
end

---@param message string why the turn could not be had
local function failed(message)
  events.note(message .. AGAIN, 'ErrorMsg')
  ended()
end

---@param text string
---@return boolean taken
function M.send(text)
  if is_busy() then
    return false
  end
  local mine = {} ---@type fimble.Turn
  ---What is only heard when this turn has been given up is not about the one that is under way.
  local function while_it_lasts(action)
    return function(...)
      if turn == mine then
        action(...)
      end
    end
  end
  turn, sent = mine, text
  in_session(
    while_it_lasts(function(id)
      mine.session = id
      events.show({ sessionUpdate = 'user_message_chunk', content = { text = text } })
      view.tell({ doing = 'works' })
      local params = { session = id, text = text }
      M.request('prompt', params, while_it_lasts(ended), while_it_lasts(failed))
    end),
    while_it_lasts(failed)
  )
  return true
end

function M.retry()
  if sent == '' then
    return warn('there is no message to send again.')
  end
  M.send(sent)
end

---End the turn.
---@return boolean whether one was under way
function M.stop()
  local stopped = turn
  if stopped and stopped.session then
    M.request('cancel', { session = stopped.session }, function() end)
  elseif stopped then -- the server knows nothing of it yet
    failed('Stopped.')
  end
  return stopped ~= nil
end

---Windows to write in.
function M.open()
  view.open({ send = M.send, stop = M.stop, answers = asking.answers })
  server.with(function() end) -- the model is loaded while the user writes
end

---Begin a new session.
function M.new()
  if not is_busy() then
    session, sent = nil, ''
    events.clear()
    view.tell({ mode = '', title = '' })
    view.forget_usage()
    M.open()
  end
end

---Save what was not to be saved before something was undone.
---@param undo fun(done: fun())
local function saved_again(undo)
  local clean = vim.tbl_filter(function(buf)
    local is_file = vim.api.nvim_buf_is_loaded(buf) and vim.bo[buf].buftype == ''
    return is_file and not vim.bo[buf].modified
  end, vim.api.nvim_list_bufs())
  undo(function()
    for _, buf in ipairs(clean) do
      if vim.api.nvim_buf_is_loaded(buf) and vim.bo[buf].modified then
        vim.api.nvim_buf_call(buf, function()
          vim.cmd('silent update')
        end)
      end
    end
    reload()
  end)
end

---Take back a turn, or what it did to some files.
---@param what { turn?: integer, paths?: string[] }
---@param done? fun()
function M.undo(what, done)
  if is_busy() then
    return
  end
  with_session(function(id)
    local params = vim.tbl_extend('error', { session = id }, what)
    saved_again(function(saved)
      M.request('undo', params, function(undone)
        saved()
        events.note(undone.message)
        if not view.is_open() then
          vim.notify('Fimble: ' .. undone.message)
        end
        if done then
          done()
        end
      end)
    end)
  end)
end

---Look at what a turn has changed.
---@param turn? integer the latest that changed something, if nil
function M.review(turn)
  with_session(function(id)
    M.request('changes', { session = id, turn = turn }, function(changes)
      require('fimble.chat.review').open(changes.files, function(path, done)
        M.undo({ turn = changes.turn, paths = { path } }, done)
      end)
    end)
  end)
end

---@param mode string
function M.set_mode(mode)
  in_session(function(id)
    M.request('setMode', { session = id, mode = mode }, function()
      view.tell({ mode = mode })
    end)
  end)
end

---Let the user choose what is done without asking.
function M.choose_mode()
  in_session(function()
    vim.ui.select(session.modes, {
      prompt = 'What is done without asking',
      format_item = function(mode)
        return ('%s: %s'):format(mode.name, mode.description)
      end,
    }, function(mode)
      if mode then
        M.set_mode(mode.id)
      end
    end)
  end)
end

---@param trusted boolean
function M.trust(trusted)
  M.request('trust', { trusted = trusted }, function()
    vim.notify('Fimble: this folder is ' .. (trusted and 'trusted now.' or 'not trusted.'))
  end)
end

---Go on with a session.
---@param id string
function M.resume(id)
  if not is_busy() then
    M.request('resume', { session = id }, function(opened)
      sent = ''
      show_session(opened)
      view.open({ send = M.send, stop = M.stop, answers = asking.answers })
    end)
  end
end

---@param id string
function M.delete(id)
  M.request('delete', { session = id }, function()
    if session and session.id == id then
      session = nil
      events.clear()
    end
  end)
end

---Show what happens in a session.
---@param told table params of `fimble/chat/event`
function M.hear(told)
  if session and told.session == session.id then
    events.show(told.event)
  end
end

server.on_end(function()
  if turn then
    failed('The server has ended in this turn.')
  end
end)

return M
