--- Questions that the server asks before an edit or a command, one after the other.
---
--- Nothing takes the focus: a key that was meant for something else must not allow a command.

local blocks = require('fimble.chat.blocks')
local diff = require('fimble.diff')
local server = require('fimble.server')
local transcript = require('fimble.chat.transcript')
local view = require('fimble.chat.view')

local M = {}

local KEYS = {
  allow_once = 'allow',
  allow_always = 'always',
  reject_once = 'reject',
  reject_always = 'never',
}
local CLOSED = { outcome = { outcome = 'cancelled' } }

---@class fimble.Question
---@field number integer
---@field asked table params of `fimble/chat/ask`
---@field answer fun(outcome: table)

---@type fimble.Question[] the one to be answered first
local questions = {}
local count = 0

---@type fimble.DiffTab?
local shown

---@param question fimble.Question
local function key_of(question)
  return 'question ' .. question.number
end

---@return table? difference the edit that a question is about
local function difference(question)
  return vim.iter(question.asked.toolCall.content or {}):find(function(part)
    return part.type == 'diff'
  end)
end

---@return string what the chat is about, and changes
local function folder()
  return vim.fn.fnamemodify(server.folder(), ':~')
end

---@param question fimble.Question
---@return string[] keys that answer it
local function answer_keys(question)
  local keys = {}
  for _, option in ipairs(question.asked.options) do
    local lhs = view.keymaps[KEYS[option.kind]]
    table.insert(keys, lhs and ('%s %s'):format(lhs, option.name) or nil)
  end
  return keys
end

---@param question fimble.Question
---@return string how to answer it
local function hint(question)
  local keys = answer_keys(question)
  if view.keymaps.diff and difference(question) then
    table.insert(keys, ('%s Show the edit'):format(view.keymaps.diff))
  end
  return #keys > 0 and table.concat(keys, '   ') or ':Fimble answer'
end

local function tell()
  view.tell({ doing = questions[1] and 'asks you' or 'works' })
end

---@param question fimble.Question
---@param said string
---@param outcome table
local function close(question, said, outcome)
  for index, each in ipairs(questions) do
    if each == question then
      table.remove(questions, index)
    end
  end
  question.answer(outcome)
  transcript.put(key_of(question), blocks.answered(question.asked, said))
  tell()
  if shown then
    shown.close()
    shown = nil
  end
end

---@param kind string
local function choose(kind)
  local question = questions[1]
  local option = question
    and vim.iter(question.asked.options):find(function(each)
      return each.kind == kind
    end)
  if not option then
    local why = question and 'that is no answer to this question.' or 'nothing is asked.'
    return vim.notify('Fimble: ' .. why)
  end
  close(question, option.name, { outcome = { outcome = 'selected', optionId = option.optionId } })
end

---@class fimble.Answers
M.answers = {
  allow = function()
    choose('allow_once')
  end,
  always = function()
    choose('allow_always')
  end,
  reject = function()
    choose('reject_once')
  end,
  never = function()
    choose('reject_always')
  end,
}

---Show the edit that is asked about, side by side.
function M.answers.diff()
  local question = questions[1]
  local edit = question and difference(question)
  if not edit then
    return vim.notify('Fimble: no edit is asked about.')
  end
  if shown then
    shown.close()
  end
  local old = type(edit.oldText) == 'string' and edit.oldText or ''
  shown = diff.open({
    path = edit.path,
    before = old,
    after = edit.newText,
    left = 'before   q close',
    right = table.concat(answer_keys(question), '   '),
    keys = {},
  })
  for _, buf in ipairs(shown.buffers) do
    view.map_answers(buf, M.answers)
  end
end

---Let the user choose in a menu.
function M.menu()
  local question = questions[1]
  if not question then
    return vim.notify('Fimble: nothing is asked.')
  end
  local call = question.asked.toolCall
  local about = vim.iter(call.content or {}):find(function(part)
    return part.type == 'content'
  end)
  local why = about and '\n' .. about.content.text or ''
  local choices = vim.list_extend({}, question.asked.options)
  if difference(question) then
    table.insert(choices, { kind = 'diff', name = 'Show the edit' })
  end
  vim.ui.select(choices, {
    prompt = ('%s  In %s%s'):format(call.title, folder(), why),
    format_item = function(option)
      return option.name
    end,
  }, function(option)
    if option and option.kind == 'diff' then
      M.answers.diff()
    elseif option and questions[1] == question then
      choose(option.kind)
    end
  end)
end

---The turn has ended, so nobody waits for an answer.
function M.forget()
  for _, question in ipairs(vim.list_extend({}, questions)) do
    close(question, 'not answered', CLOSED)
  end
end

---Ask the user, and wait for him. To be called in a coroutine.
---@param asked table params of `fimble/chat/ask`
---@return table answer to it
function M.ask(asked)
  count = count + 1
  local waits = coroutine.running()
  local question = {
    number = count,
    asked = asked,
    answer = function(outcome)
      assert(coroutine.resume(waits, outcome))
    end,
  }
  table.insert(questions, question)
  transcript.put(key_of(question), blocks.question(asked, folder(), hint(question)))
  tell()
  if not view.is_open() then
    local message = 'Fimble asks: %s  `:Fimble answer` answers, `:Fimble chat` shows it.'
    vim.notify(message:format(asked.toolCall.title))
  end
  return coroutine.yield()
end

return M
