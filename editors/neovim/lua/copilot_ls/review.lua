--- Shows a change that wants to be confirmed as a diff, and makes it when the user says so.
local api = vim.api
local window = require('copilot_ls.window')

local M = {}

local diff_of = vim.text and vim.text.diff or vim.diff

---@param edit table a WorkspaceEdit
---@return boolean
local function needs_confirmation(edit)
  for _, annotation in pairs(edit.changeAnnotations or {}) do
    if annotation.needsConfirmation then
      return true
    end
  end
  return false
end

--- Return the text of a document as it is and as it would be.
---@param change table a TextDocumentEdit, or the creation of a file
---@param encoding string
---@return string name
---@return string before
---@return string after
local function versions(change, encoding)
  local uri = change.uri or change.textDocument.uri
  local bufnr = vim.uri_to_bufnr(uri)
  vim.fn.bufload(bufnr)
  local lines = api.nvim_buf_get_lines(bufnr, 0, -1, false)
  local scratch = api.nvim_create_buf(false, true)
  api.nvim_buf_set_lines(scratch, 0, -1, false, lines)
  local edits = vim.deepcopy(change.edits or {})
  for _, each in ipairs(edits) do
    each.annotationId = nil
  end
  vim.lsp.util.apply_text_edits(edits, scratch, encoding)
  local after = api.nvim_buf_get_lines(scratch, 0, -1, false)
  api.nvim_buf_delete(scratch, { force = true })
  local function whole(all)
    local text = table.concat(all, '\n')
    return text == '' and '' or text .. '\n'
  end
  return vim.fn.fnamemodify(vim.uri_to_fname(uri), ':.'), whole(lines), whole(after)
end

---@param edit table
---@param encoding string
---@return string[]
local function diff(edit, encoding)
  local lines = {} ---@type string[]
  for _, annotation in pairs(edit.changeAnnotations) do
    if annotation.description and annotation.description ~= '' then
      vim.list_extend(lines, vim.split('# ' .. annotation.description, '\n', { plain = true }))
    end
  end
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.kind == nil then
      local name, before, after = versions(change, encoding)
      vim.list_extend(lines, { '--- ' .. name, '+++ ' .. name })
      local text = diff_of(before, after, { ctxlen = 3 }) --[[@as string]]
      vim.list_extend(lines, vim.split(vim.trim(text), '\n', { plain = true }))
    else
      table.insert(
        lines,
        ('# %s %s'):format(change.kind, vim.uri_to_fname(change.uri or change.newUri))
      )
    end
  end
  return lines
end

--- Make the edit without asking, now that it was read.
local function make(params, context)
  for _, change in ipairs(params.edit.documentChanges or {}) do
    change.annotationId = nil
    for _, each in ipairs(change.edits or {}) do
      each.annotationId = nil
    end
  end
  params.edit.changeAnnotations = nil
  params.label = nil
  local result = vim.lsp.handlers['workspace/applyEdit'](nil, params, context)
  for _, change in ipairs(params.edit.documentChanges or {}) do
    if change.kind == 'create' and result.applied then
      local path = vim.uri_to_fname(change.uri)
      vim.cmd.split(vim.fn.fnameescape(path))
      -- What was confirmed takes the place of the empty file that is there now.
      if vim.fn.getfsize(path) == 0 then
        vim.cmd.write({ bang = true, mods = { silent = true } })
      end
    end
  end
  return result
end

--- The handler of `workspace/applyEdit`.
function M.apply_edit(err, params, context)
  local thread, is_main = coroutine.running()
  if err or is_main or not needs_confirmation(params.edit) then
    return vim.lsp.handlers['workspace/applyEdit'](err, params, context)
  end
  local client = assert(vim.lsp.get_client_by_id(context.client_id))
  local is_answered = false
  local function answer(choice)
    if not is_answered then
      is_answered = true
      vim.schedule(function()
        coroutine.resume(thread, choice)
      end)
    end
  end
  vim.cmd.stopinsert()
  local win = window.show(diff(params.edit, client.offset_encoding), {
    title = (params.label or 'copilot-ls') .. '   y: make this change   n: leave it',
    filetype = 'diff',
    centred = true,
    keys = {
      y = function()
        answer(true)
      end,
      n = function() end,
    },
  })
  api.nvim_create_autocmd('WinClosed', {
    pattern = tostring(win),
    once = true,
    callback = function()
      -- After the key's own answer, if it has one.
      vim.schedule(function()
        answer(false)
      end)
    end,
  })
  if coroutine.yield() then
    return make(params, context)
  end
  return { applied = false, failureReason = 'it was not confirmed' }
end

return M
