--- Ghost text: asks for suggestions while one types, shows the first, and writes what is accepted.
---
--- Neovim 0.12 has ghost text of its own, which serves without this module. This one runs on 0.11
--- too, takes words and lines, tells the server what became of a suggestion, and writes the right
--- thing when a suggestion is accepted in the middle of quick typing.
---
--- There is no waiting here: the server knows how this user types, and waits accordingly.
local api = vim.api
local text = require('copilot_ls.text')

local M = {}

local METHOD = 'textDocument/inlineCompletion'
local INVOKED, AUTOMATIC = 1, 2
local namespace = api.nvim_create_namespace('copilot_ls.ghost')

--- A suggestion that fits where the cursor was when it was asked for.
---@class (private) copilot_ls.Suggestion
---@field item table as the server sent it
---@field text string
---@field row integer where it begins, from 0
---@field col integer in bytes
---@field replaced string what right of the cursor is part of it

---@class (private) copilot_ls.Shown
---@field client_id integer
---@field bufnr integer
---@field suggestions copilot_ls.Suggestion[]
---@field index integer
---@field tail string the line right of the cursor, which must stay as it is
---@field is_asked_for boolean
---@field told table<string, true> of which the server knows that they were seen

local shown ---@type copilot_ls.Shown?
local asking ---@type {client: vim.lsp.Client, id: integer}?
local is_due = false
local dismissed ---@type string? where a suggestion was dismissed, until something is typed

---@return vim.lsp.Client?
local function client_here()
  return vim.lsp.get_clients({ bufnr = 0, name = 'copilot_ls', method = METHOD })[1]
end

--- Return what was typed since the suggestion began, and the line right of the cursor.
---@param suggestion copilot_ls.Suggestion
---@return string? typed nil if the cursor is elsewhere
---@return string right
local function look(suggestion)
  local row, col = unpack(api.nvim_win_get_cursor(0))
  row = row - 1
  local right = api.nvim_get_current_line():sub(col + 1)
  if row < suggestion.row or (row == suggestion.row and col < suggestion.col) then
    return nil, right
  end
  local lines = api.nvim_buf_get_text(0, suggestion.row, suggestion.col, row, col, {})
  return table.concat(lines, '\n'), right
end

--- Return what is still to come of the suggestion that is shown.
---@return string? rest
---@return copilot_ls.Suggestion?
local function current()
  if not shown or shown.bufnr ~= api.nvim_get_current_buf() then
    return nil
  end
  local suggestion = shown.suggestions[shown.index]
  local typed, right = look(suggestion)
  if not typed or right ~= shown.tail then
    return nil
  end
  return text.rest(suggestion.text, typed), suggestion
end

local function hide()
  if shown and api.nvim_buf_is_valid(shown.bufnr) then
    api.nvim_buf_clear_namespace(shown.bufnr, namespace, 0, -1)
  end
end

local function forget()
  hide()
  shown = nil
end

--- Show what is still to come, or nothing if something else was typed.
local function render()
  hide()
  local rest, suggestion = current()
  if not shown or not rest or not suggestion then
    shown = nil
    return
  end
  local row, col = unpack(api.nvim_win_get_cursor(0))
  local pieces = text.pieces(rest, suggestion.replaced) or { rest:match('^[^\n]*') }
  for i, piece in ipairs(pieces) do
    if piece ~= '' then
      api.nvim_buf_set_extmark(0, namespace, row - 1, col + i - 1, {
        virt_text = { { piece, 'CopilotLsGhost' } },
        virt_text_pos = 'inline',
        hl_mode = 'combine',
      })
    end
  end
  local lines = vim.split(rest, '\n', { plain = true })
  if #lines > 1 or #shown.suggestions > 1 then
    local virtual = {} ---@type [string, string][][]
    for i = 2, #lines do
      -- Blanks as they are: a tab at a line's begin is as wide here as it will be.
      virtual[i - 1] = { { lines[i]:gsub('\t', (' '):rep(vim.bo.tabstop)), 'CopilotLsGhost' } }
    end
    if #shown.suggestions > 1 then
      local count = (' (%d/%d)'):format(shown.index, #shown.suggestions)
      table.insert(virtual, { { count, 'CopilotLsGhostCount' } })
    end
    api.nvim_buf_set_extmark(0, namespace, row - 1, col, { virt_lines = virtual })
  end
  local id = vim.tbl_get(suggestion.item, 'command', 'arguments', 1)
  local client = vim.lsp.get_client_by_id(shown.client_id)
  if client and id and not shown.told[id] then
    shown.told[id] = true
    client:notify('copilot-ls/didShowCompletion', { item = suggestion.item })
  end
end

---@param item table
---@param client vim.lsp.Client
---@return copilot_ls.Suggestion?
local function suggestion_of(item, client)
  local inserted = item.insertText
  if type(inserted) ~= 'string' or not item.range then
    return nil
  end
  local first, last = item.range.start, item.range['end']
  local line = api.nvim_buf_get_lines(0, first.line, first.line + 1, false)[1]
  if not line or last.line ~= first.line then
    return nil
  end
  local col = vim.str_byteindex(line, client.offset_encoding, first.character, false)
  local end_col = vim.str_byteindex(line, client.offset_encoding, last.character, false)
  local cursor = math.max(col, api.nvim_win_get_cursor(0)[2])
  return {
    item = item,
    text = inserted,
    row = first.line,
    col = col,
    replaced = line:sub(cursor + 1, end_col),
  }
end

---@param kind integer
local function ask(kind)
  local client = client_here()
  if not client then
    return
  end
  local bufnr = api.nvim_get_current_buf()
  local tick = api.nvim_buf_get_changedtick(bufnr)
  local params =
    vim.tbl_extend('error', vim.lsp.util.make_position_params(0, client.offset_encoding), {
      context = { triggerKind = kind },
    })
  local id ---@type integer?
  local function take(err, result)
    if not asking or asking.id ~= id then
      return
    end
    asking = nil
    local is_here = api.nvim_get_current_buf() == bufnr
      and api.nvim_buf_get_changedtick(bufnr) == tick
      and api.nvim_get_mode().mode:sub(1, 1) == 'i'
    if err or not is_here then
      return
    end
    local items = result and (result.items or result) or {}
    local suggestions = {}
    for _, item in ipairs(items) do
      table.insert(suggestions, suggestion_of(item, client))
    end
    forget()
    if #suggestions > 0 then
      shown = {
        client_id = client.id,
        bufnr = bufnr,
        suggestions = suggestions,
        index = 1,
        tail = api.nvim_get_current_line():sub(api.nvim_win_get_cursor(0)[2] + 1),
        is_asked_for = kind == INVOKED,
        told = {},
      }
      render()
    end
  end
  local sent
  sent, id = client:request(METHOD, params, take, bufnr)
  asking = sent and { client = client, id = id } or nil
end

--- Stop asking; the server need not write what nobody will see.
local function stop()
  if asking then
    asking.client:cancel_request(asking.id)
    asking = nil
  end
end

--- Ask once for all that happens at one key.
local function ask_soon()
  if is_due then
    return
  end
  is_due = true
  vim.schedule(function()
    is_due = false
    if api.nvim_get_mode().mode:sub(1, 1) == 'i' then
      ask(AUTOMATIC)
    end
  end)
end

local function changed()
  render()
  -- Several were asked for by a key: they stay as long as they fit, and are not asked for again.
  if shown and shown.is_asked_for and #shown.suggestions > 1 then
    return
  end
  local place = vim.inspect({ api.nvim_get_current_buf(), vim.b.changedtick })
  if dismissed ~= place then
    dismissed = nil
    ask_soon()
  end
end

--- Write the first `n` bytes of what is still to come.
---@param rest string
---@param suggestion copilot_ls.Suggestion
---@param n integer
local function write(rest, suggestion, n)
  local used = n < #rest and text.used(rest, suggestion.replaced, n) or #suggestion.replaced
  local row, col = unpack(api.nvim_win_get_cursor(0))
  local lines = vim.split(rest:sub(1, n), '\n', { plain = true })
  -- One undo block for itself: what was accepted can be taken back at once.
  vim.bo.undolevels = vim.bo.undolevels
  api.nvim_buf_set_text(0, row - 1, col, row - 1, col + used, lines)
  local last = #lines
  api.nvim_win_set_cursor(0, { row + last - 1, (last == 1 and col or 0) + #lines[last] })
  suggestion.replaced = suggestion.replaced:sub(used + 1)
  if shown then
    shown.tail = shown.tail:sub(used + 1)
  end
end

--- Write what `cut` takes of the suggestion that is shown.
---@param cut fun(rest: string): string
local function accept(cut)
  local rest, suggestion = current()
  local client = shown and vim.lsp.get_client_by_id(shown.client_id)
  if not rest or not suggestion or not shown or not client then
    return
  end
  local bufnr = shown.bufnr
  local n = #cut(rest)
  write(rest, suggestion, n)
  if n == #rest then
    forget()
    stop()
    if suggestion.item.command then
      client:exec_cmd(suggestion.item.command, { bufnr = bufnr })
    end
  else
    local taken = suggestion.text:sub(1, #suggestion.text - #rest + n)
    client:notify('copilot-ls/didPartiallyAcceptCompletion', {
      item = suggestion.item,
      acceptedLength = vim.str_utfindex(taken, 'utf-16'),
    })
    render()
  end
end

function M.accept()
  accept(function(rest)
    return rest
  end)
end

function M.accept_word()
  accept(text.word)
end

function M.accept_line()
  accept(text.line)
end

--- Take the suggestion away; the server does not offer it there again unbidden.
function M.dismiss()
  local rest, suggestion = current()
  stop()
  if not rest or not suggestion or not shown then
    return
  end
  local client = vim.lsp.get_client_by_id(shown.client_id)
  if client then
    client:notify('copilot-ls/didRejectCompletion', { item = suggestion.item })
  end
  dismissed = vim.inspect({ shown.bufnr, vim.b.changedtick })
  forget()
end

--- Show another suggestion; without one, or with a single unbidden one, ask for several.
---@param by integer
function M.cycle(by)
  if shown and #shown.suggestions > 1 and current() then
    shown.index = (shown.index - 1 + by) % #shown.suggestions + 1
    render()
  else
    ask(INVOKED)
  end
end

--- Return the id of the suggestion that is shown.
---@return string?
function M.id()
  local _, suggestion = current()
  return suggestion and vim.tbl_get(suggestion.item, 'command', 'arguments', 1)
end

---@return boolean
function M.is_shown()
  return current() ~= nil
end

--- Offer ghost text in a buffer.
---@param bufnr integer
function M.attach(bufnr)
  local group = api.nvim_create_augroup('copilot_ls.ghost.' .. bufnr, { clear = true })
  local function on(events, callback)
    api.nvim_create_autocmd(events, { group = group, buffer = bufnr, callback = callback })
  end
  on({ 'InsertEnter', 'CursorMovedI', 'TextChangedI', 'TextChangedP' }, changed)
  on({ 'InsertLeave', 'BufLeave' }, function()
    stop()
    forget()
  end)
  -- The server may come after one has begun to type.
  if bufnr == api.nvim_get_current_buf() then
    ask_soon()
  end
end

---@param bufnr integer
function M.detach(bufnr)
  pcall(api.nvim_del_augroup_by_name, 'copilot_ls.ghost.' .. bufnr)
  if shown and shown.bufnr == bufnr then
    forget()
  end
end

return M
