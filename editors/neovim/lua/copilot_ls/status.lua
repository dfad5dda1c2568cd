--- What the server is up to, for the status line: ready, indexing, paused, inactive here, in trouble.
local api = vim.api

local M = {}

---@class copilot_ls.Status
---@field kind 'Normal'|'Inactive'|'Warning'|'Error'
---@field message string
---@field busy boolean
---@field command? {command: string, title: string} what would help

local by_client = {} ---@type table<integer, copilot_ls.Status>
local SIGNS = { Normal = '', Inactive = '○ ', Warning = '! ', Error = '✗ ' }

local function announce()
  vim.cmd.redrawstatus({ bang = true })
  api.nvim_exec_autocmds('User', { pattern = 'CopilotLsStatus', modeline = false })
end

--- Take the notification `copilot-ls/didChangeStatus`.
function M.changed(_, status, context)
  by_client[context.client_id] = status
  announce()
end

--- Note that a server is gone, and say so if it was not asked to go.
---@param client_id integer
---@param code integer
---@param signal integer
function M.ended(client_id, code, signal)
  by_client[client_id] = nil
  if code ~= 0 or (signal ~= 0 and signal ~= 15) then
    by_client[0] = {
      kind = 'Error',
      busy = false,
      message = ('The server ended (code %d, signal %d); :CopilotLs restart'):format(code, signal),
    }
  end
  announce()
end

--- Return the status of the server that works for the present buffer.
---@return copilot_ls.Status?
function M.get()
  local client = require('copilot_ls').client()
  if client then
    by_client[0] = nil
    return by_client[client.id] or { kind = 'Normal', message = 'Starting', busy = true }
  end
  return by_client[0]
end

--- Return the status as one line, empty where no server works.
---@return string
function M.line()
  local status = M.get()
  if not status then
    return ''
  end
  local message = status.message:match('^[^\n]*')
  -- A status line is no place for a paragraph.
  if vim.fn.strchars(message) > 60 then
    message = vim.fn.strcharpart(message, 0, 59) .. '…'
  end
  return 'copilot-ls: ' .. SIGNS[status.kind] .. message
end

--- Tell every server which document is looked at.
function M.focus()
  for _, client in ipairs(vim.lsp.get_clients({ name = 'copilot_ls' })) do
    local is_here = vim.lsp.buf_is_attached(0, client.id)
    local params = is_here and { textDocument = { uri = vim.uri_from_bufnr(0) } }
      or vim.empty_dict()
    client:notify('copilot-ls/didFocus', params)
  end
end

return M
