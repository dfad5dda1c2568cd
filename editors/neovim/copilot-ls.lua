vim.lsp.config('copilot_ls', {
  cmd = { 'copilot-ls', 'serve' },
  root_markers = { '.git' },
  -- With this, changes are proposed and ask first.
  capabilities = { workspace = { workspaceEdit = { documentChanges = true } } },
})
vim.lsp.enable('copilot_ls')
vim.lsp.inline_completion.enable()

-- Neovim 0.12.4 forgets what was typed since the suggestion came, and keeps it behind the text.
local function whole(item)
  local range, col = item.range, vim.api.nvim_win_get_cursor(0)[2]
  if range and range.end_col < col then
    local _end = range.end_col + col - range.start_col
    item.range = vim.range(range.buf, range.start_row, range.start_col, range.end_row, _end)
  end
  return item
end

vim.keymap.set('i', '<Tab>', function()
  if not vim.lsp.inline_completion.get({ on_accept = whole }) then return '<Tab>' end
end, { expr = true })
