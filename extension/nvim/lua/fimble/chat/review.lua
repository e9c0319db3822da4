--- What a turn has changed, file by file: how it was, beside the file as it is now.
---
--- The right side is the file itself, so `do` takes a hunk back and writing it keeps that.

local diff = require('fimble.diff')

local M = {}

---@class fimble.Review
---@field files table[] as in `fimble/chat/changes`
---@field at integer which is shown
---@field shown? fimble.DiffTab
---@field undo fun(path: string, done: fun())

---@type fimble.Review?
local review

---@type fimble.DiffKey[]
local keys

local function close()
  if review and review.shown then
    review.shown.close()
    review.shown = nil
  end
end

---@return string
local function hint()
  local file = review.files[review.at]
  local name = vim.fn.fnamemodify(file.path, ':.')
  local parts = { ('%s (%d of %d)'):format(name, review.at, #review.files) }
  for _, key in ipairs(keys) do
    table.insert(parts, key.lhs .. ' ' .. key.what)
  end
  return table.concat(parts, '   ')
end

---@param value any
---@return string text
local function text_of(value)
  return type(value) == 'string' and value or ''
end

local function show()
  close()
  local file = review.files[review.at]
  review.shown = diff.open({
    path = file.path,
    before = text_of(file.before),
    left = 'before the turn   do takes a hunk back   q close',
    right = hint(),
    keys = keys,
  })
end

---@param by integer
local function go(by)
  if not review then
    return
  end
  review.at = review.at + by
  if review.files[review.at] then
    show()
  else
    close()
    vim.notify('Fimble: that was all of it.')
    review = nil
  end
end

---Go on to the next file.
function M.keep()
  go(1)
end

M.next = M.keep

function M.previous()
  if review and review.at > 1 then
    go(-1)
  end
end

---Have the file as it was before the turn, and go on to the next.
function M.undo()
  local current = review
  if not current then
    return
  end
  current.undo(current.files[current.at].path, function()
    if review == current then
      go(1)
    end
  end)
end

keys = {
  { lhs = 'gK', action = M.keep, what = 'keep' },
  { lhs = 'gX', action = M.undo, what = 'undo the file' },
  { lhs = ']f', action = M.next, what = 'next' },
  { lhs = '[f', action = M.previous, what = 'previous' },
}

---Show what a turn has changed.
---@param files table[] as in `fimble/chat/changes`
---@param undo fun(path: string, done: fun())
function M.open(files, undo)
  close()
  local shown, left = {}, {}
  for _, file in ipairs(files) do
    if file.binary then
      table.insert(left, vim.fn.fnamemodify(file.path, ':.'))
    elseif not file.undone then
      table.insert(shown, file)
    end
  end
  if #left > 0 then
    local message = 'Fimble: %s cannot be shown; `:Fimble undo` takes it back.'
    vim.notify(message:format(table.concat(left, ', ')))
  end
  if #shown == 0 then
    review = nil
    return #left == 0 and vim.notify('Fimble: there are no changes to look at.') or nil
  end
  review = { files = shown, at = 1, undo = undo }
  show()
end

return M
