--- copilot-ls in Neovim 0.11 or newer: ghost text, commands, a status, explanations.
---
--- `require('copilot_ls').setup()` is all that is needed; |copilot-ls| is the manual.
local api = vim.api

local M = {}

---@class copilot_ls.Options
---@field cmd string[] the server; a list of arguments
---@field filetypes? string[] where it runs; nil for all
---@field root_markers string[] what makes a folder a project
---@field settings table the section `copilot-ls`, such as `{ completion = { multiline = false } }`
---@field ghost_text boolean
---@field keys table<string, string|false> keys of insert mode by what they do
M.options = {
  cmd = { 'copilot-ls', 'serve' },
  filetypes = nil,
  root_markers = { '.git' },
  settings = {},
  ghost_text = true,
  keys = {
    accept = '<Tab>',
    accept_word = '<M-f>',
    accept_line = '<M-e>',
    next = '<M-]>',
    previous = '<M-[>',
    dismiss = '<C-]>',
  },
}

M.INSTALL = 'pip install copilot-ls (or pipx), and see that copilot-ls is on the PATH of Neovim'

local function capabilities()
  return {
    textDocument = { inlineCompletion = { dynamicRegistration = false } },
    workspace = {
      workspaceEdit = {
        documentChanges = true,
        changeAnnotationSupport = { groupsOnLabel = true },
      },
    },
  }
end

--- What a key did before, for when there is no suggestion.
---@param key string
---@return fun(): string
local function fallback(key)
  local before = vim.fn.maparg(key, 'i', false, true)
  if before.callback and before.expr == 1 then
    return before.callback
  end
  if before.callback then
    return function()
      vim.schedule(before.callback)
      return ''
    end
  end
  local typed = before.rhs and before.expr ~= 1 and before.rhs or key
  return function()
    return typed
  end
end

--- What the keys of insert mode do; most only where there is a suggestion.
local ACTIONS = {
  accept = { call = 'accept()', desc = 'Accept the suggestion' },
  accept_word = { call = 'accept_word()', desc = 'Accept the next word of the suggestion' },
  accept_line = { call = 'accept_line()', desc = 'Accept the next line of the suggestion' },
  dismiss = { call = 'dismiss()', desc = 'Dismiss the suggestion' },
  next = { call = 'cycle(1)', desc = 'Show the next suggestion, or ask for some', always = true },
  previous = { call = 'cycle(-1)', desc = 'Show the previous suggestion', always = true },
}

local function map_keys()
  local ghost = require('copilot_ls.ghost')
  for name, key in pairs(M.options.keys) do
    local action = ACTIONS[name]
    if action and key then
      local otherwise = fallback(key)
      -- A mapped expression may not change the text, and what it schedules comes after the keys
      -- that were typed meanwhile; a command in its place is run in their order.
      local command = ("<Cmd>lua require('copilot_ls.ghost').%s<CR>"):format(action.call)
      vim.keymap.set('i', key, function()
        return (action.always or ghost.is_shown()) and command or otherwise()
      end, { expr = true, desc = 'copilot-ls: ' .. action.desc })
    end
  end
end

---@param args {buf: integer, data: {client_id: integer}}
local function attached(args)
  local client = vim.lsp.get_client_by_id(args.data.client_id)
  if not client or client.name ~= 'copilot_ls' then
    return
  end
  if M.options.ghost_text then
    if vim.lsp.inline_completion then
      -- One ghost text is enough.
      vim.lsp.inline_completion.enable(false, { client_id = client.id })
    end
    require('copilot_ls.ghost').attach(args.buf)
  end
  require('copilot_ls.status').focus()
end

--- Start the server for every file, and map the keys.
---@param options? table see |copilot-ls-options|
function M.setup(options)
  M.options = vim.tbl_deep_extend('force', M.options, options or {})
  if vim.fn.has('nvim-0.11') == 0 then
    vim.notify('copilot-ls needs Neovim 0.11 or newer', vim.log.levels.ERROR)
    return
  end
  api.nvim_set_hl(0, 'CopilotLsGhost', { link = 'NonText', default = true })
  api.nvim_set_hl(0, 'CopilotLsGhostCount', { link = 'MoreMsg', default = true })
  require('copilot_ls.commands').define()
  if vim.fn.executable(M.options.cmd[1]) == 0 then
    local message = ('copilot-ls: %s cannot be run; %s'):format(M.options.cmd[1], M.INSTALL)
    vim.notify_once(message, vim.log.levels.WARN)
    return
  end
  local status, commands = require('copilot_ls.status'), require('copilot_ls.commands')
  vim.lsp.config('copilot_ls', {
    cmd = M.options.cmd,
    filetypes = M.options.filetypes,
    root_markers = M.options.root_markers,
    settings = { ['copilot-ls'] = M.options.settings },
    capabilities = capabilities(),
    -- By its own name Neovim is known to wait before it asks for a suggestion; this does not.
    before_init = function(params)
      if M.options.ghost_text then
        params.clientInfo = { name = 'copilot_ls.nvim', version = tostring(vim.version()) }
      end
    end,
    handlers = {
      ['copilot-ls/didChangeStatus'] = status.changed,
      ['workspace/applyEdit'] = require('copilot_ls.review').apply_edit,
    },
    commands = commands.of_code_actions,
    on_exit = vim.schedule_wrap(function(code, signal, client_id)
      status.ended(client_id, code, signal)
    end),
  })
  local group = api.nvim_create_augroup('copilot_ls', { clear = true })
  api.nvim_create_autocmd('LspAttach', { group = group, callback = attached })
  api.nvim_create_autocmd('LspDetach', {
    group = group,
    callback = function(args)
      local client = vim.lsp.get_client_by_id(args.data.client_id)
      if client and client.name == 'copilot_ls' then
        require('copilot_ls.ghost').detach(args.buf)
      end
    end,
  })
  api.nvim_create_autocmd('BufEnter', {
    group = group,
    callback = function()
      status.focus()
    end,
  })
  if M.options.ghost_text then
    map_keys()
  end
  vim.lsp.enable('copilot_ls')
end

--- Change settings; servers that run take them at once.
---@param settings table of the section `copilot-ls`; what it does not name stays
function M.configure(settings)
  M.options.settings = vim.tbl_deep_extend('force', M.options.settings, settings)
  local section = { ['copilot-ls'] = M.options.settings }
  vim.lsp.config('copilot_ls', { settings = section })
  for _, client in ipairs(vim.lsp.get_clients({ name = 'copilot_ls' })) do
    client.settings = section
    client:notify('workspace/didChangeConfiguration', { settings = section })
  end
end

--- Return the server that works for a buffer.
---@param bufnr? integer
---@return vim.lsp.Client?
function M.client(bufnr)
  return vim.lsp.get_clients({ bufnr = bufnr or 0, name = 'copilot_ls' })[1]
end

--- Return one line for the status line; see |copilot-ls-status|.
---@return string
function M.status()
  return require('copilot_ls.status').line()
end

return M
