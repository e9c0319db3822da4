--- What is told of a chat, as blocks of its transcript. Pure.

local M = {}

local LIVE_LINES = 12 -- of a running command so many lines of the end are shown
local DIFF_LINES = 40 -- of a diff so many lines are shown

local SIGNS = { pending = '○', in_progress = '◐', completed = '✓', failed = '✗' }
local STEPS = { pending = '[ ]', in_progress = '[~]', completed = '[x]' }
local DIFF_COLOURS = { ['+'] = 'Added', ['-'] = 'Removed', ['@'] = 'Changed' }

---@param text string
---@return string[]
local function lines_of(text)
  return vim.split((text:gsub('\n$', '')), '\n', { plain = true })
end

---@param text string
---@return string fence longer than any in the text
local function fence_for(text)
  local longest = 2
  for run in text:gmatch('`+') do
    longest = math.max(longest, #run)
  end
  return ('`'):rep(longest + 1)
end

---@param text string one line
---@return string code as Markdown shows it
function M.code(text)
  local fence = text:find('`', 1, true) and '`` ' or '`'
  return fence .. text:gsub('\n', ' ') .. fence:reverse()
end

---@param heading string
---@param text string empty: what is said comes in blocks of its own
---@return fimble.Content
function M.said(heading, text)
  local lines = { '## ' .. heading }
  if text ~= '' then
    vim.list_extend(vim.list_extend(lines, { '' }), lines_of(text))
  end
  return { lines = lines }
end

---@param text string
---@return fimble.Content
function M.prose(text)
  return { lines = vim.split(text, '\n', { plain = true }) }
end

---@param text string
---@return string text as the inside of a quotation
function M.quoted(text)
  return (text:gsub('\n', '\n> '))
end

---@param text string
---@return fimble.Content
function M.thought(text)
  local lines = lines_of('> ' .. M.quoted(text))
  local colours = {}
  for row = 0, #lines - 1 do
    colours[row] = 'Comment'
  end
  return { lines = lines, fold = { 0, #lines - 1 }, colours = colours }
end

---@param difference table `{ path, oldText, newText }`
---@return string[] lines a unified diff, without its end if it is long
local function diff_lines(difference)
  local old = type(difference.oldText) == 'string' and difference.oldText or ''
  local diff = vim.diff(old, difference.newText, { ctxlen = 2 })
  local lines = lines_of(diff)
  while lines[#lines] == ' ' do
    table.remove(lines)
  end
  if #lines > DIFF_LINES then
    local more = #lines - DIFF_LINES
    lines = vim.list_slice(lines, 1, DIFF_LINES)
    table.insert(lines, (' … and %d more lines'):format(more))
  end
  return lines
end

---@param content fimble.Content
---@param language string
---@param lines string[]
local function add_fenced(content, language, lines)
  local fence = fence_for(table.concat(lines, '\n'))
  content.hidden = content.hidden or {}
  table.insert(content.hidden, #content.lines)
  table.insert(content.lines, fence .. language)
  for _, line in ipairs(lines) do
    if language == 'diff' then
      content.colours[#content.lines] = DIFF_COLOURS[line:sub(1, 1)]
    end
    table.insert(content.lines, line)
  end
  table.insert(content.hidden, #content.lines)
  table.insert(content.lines, fence)
end

---@param text string
---@param status string
---@return string[]
local function output_lines(text, status)
  local lines = lines_of(text)
  if status == 'in_progress' and #lines > LIVE_LINES then
    lines = vim.list_slice(lines, #lines - LIVE_LINES + 1)
    lines[1] = '…'
  end
  return lines
end

---@param call table what is known of it: `title`, `status`, `content`
---@return fimble.Content
function M.call(call)
  local sign = SIGNS[call.status] or SIGNS.pending
  local content = { lines = { sign .. ' ' .. M.code(call.title) }, colours = {} }
  for _, part in ipairs(call.content or {}) do
    if part.type == 'diff' then
      add_fenced(content, 'diff', diff_lines(part))
    elseif part.type == 'content' and part.content.type == 'text' then
      local first = #content.lines
      add_fenced(content, 'text', output_lines(part.content.text, call.status))
      if call.status == 'completed' then
        content.fold = { first + 1, #content.lines - 2 } -- its fences are concealed
      end
    end
  end
  return content
end

---@param entries table[] of a plan
---@return fimble.Content
function M.plan(entries)
  local lines = { '**Plan**', '' }
  for _, entry in ipairs(entries) do
    local step = entry.content:gsub('\n', ' ')
    table.insert(lines, ('- %s %s'):format(STEPS[entry.status] or STEPS.pending, step))
  end
  return { lines = lines }
end

---@param text string
---@param group? string highlight group
---@return fimble.Content
function M.note(text, group)
  local lines = lines_of('> ' .. M.quoted(text))
  local colours = {}
  for row = 0, group and #lines - 1 or -1 do
    colours[row] = group
  end
  return { lines = lines, colours = colours }
end

---@param asked table params of `fimble/chat/ask`
---@param folder string where it is done
---@param keys string how to answer
---@return fimble.Content
function M.question(asked, folder, keys)
  local call = asked.toolCall
  local lines = { '**?** ' .. M.code(call.title), '> In ' .. M.code(folder) }
  local content = { lines = lines, colours = { [0] = 'WarningMsg' } }
  for _, part in ipairs(call.content or {}) do
    if part.type == 'diff' then
      add_fenced(content, 'diff', diff_lines(part))
    elseif part.content.text ~= '' then
      vim.list_extend(content.lines, lines_of('> ' .. M.quoted(part.content.text)))
    end
  end
  vim.list_extend(content.lines, { '', keys })
  content.colours[#content.lines - 1] = 'Question'
  return content
end

---@param asked table
---@param answer string
---@return fimble.Content
function M.answered(asked, answer)
  local line = ('%s *%s*'):format(M.code(asked.toolCall.title), answer)
  return { lines = { line }, colours = { [0] = 'Comment' } }
end

return M
