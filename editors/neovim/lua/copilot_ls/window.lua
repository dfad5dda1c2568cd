--- A floating window with text to be read: an explanation, a finding, a change before it is made.
local api = vim.api

local M = {}

--- Show text beside the cursor, or in the middle; `q` and `<Esc>` close it.
---@param lines string[]
---@param options {title: string, filetype: string, centred?: boolean, keys?: table<string, fun()>}
---@return integer win
function M.show(lines, options)
  local bufnr = api.nvim_create_buf(false, true)
  api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].filetype = options.filetype
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].bufhidden = 'wipe'
  local width = #options.title + 2
  for _, line in ipairs(lines) do
    width = math.max(width, vim.fn.strdisplaywidth(line))
  end
  width = math.max(20, math.min(width, vim.o.columns - 6, 100))
  local height = 0
  for _, line in ipairs(lines) do
    height = height + math.max(1, math.ceil(vim.fn.strdisplaywidth(line) / width))
  end
  height = math.max(1, math.min(height, vim.o.lines - 6))
  local place = { relative = 'cursor', row = 1, col = 0 }
  if options.centred then
    place = {
      relative = 'editor',
      row = math.floor((vim.o.lines - height) / 2) - 1,
      col = math.floor((vim.o.columns - width) / 2),
    }
  end
  local win = api.nvim_open_win(
    bufnr,
    true,
    vim.tbl_extend('error', place, {
      width = width,
      height = height,
      style = 'minimal',
      border = 'rounded',
      title = (' %s '):format(options.title),
    })
  )
  vim.wo[win].wrap = true
  vim.wo[win].linebreak = true
  vim.wo[win].conceallevel = 2
  local keys = options.keys or {}
  for _, key in ipairs({ 'q', '<Esc>' }) do
    keys[key] = keys[key] or function() end
  end
  for key, action in pairs(keys) do
    vim.keymap.set('n', key, function()
      if api.nvim_win_is_valid(win) then
        api.nvim_win_close(win, true)
      end
      action()
    end, { buffer = bufnr, nowait = true })
  end
  return win
end

return M
