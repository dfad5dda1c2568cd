--- `:checkhealth copilot_ls`: what is set up here, and what would help.
local M = {}

local health = vim.health

---@return boolean
local function check_program()
  local options = require('copilot_ls').options
  local path = vim.fn.exepath(options.cmd[1])
  if path == '' then
    health.error(('%s cannot be run'):format(options.cmd[1]), {
      require('copilot_ls').INSTALL,
      "or name it: require('copilot_ls').setup({ cmd = { '/path/to/copilot-ls', 'serve' } })",
    })
    return false
  end
  local result = vim.system({ path, '--version' }, { text = true }):wait(20000)
  if result.code ~= 0 then
    health.error(('%s does not start: %s'):format(path, vim.trim(result.stderr or '')), {
      'run it in a terminal, and install it again if it fails there: '
        .. require('copilot_ls').INSTALL,
    })
    return false
  end
  health.ok(('%s (%s)'):format(vim.trim(result.stdout), path))
  return true
end

--- Report what `copilot-ls doctor` finds for the project of the present folder.
local function check_project()
  local path = vim.fn.exepath(require('copilot_ls').options.cmd[1])
  local result = vim.system({ path, 'doctor', '--json' }, { text = true }):wait(60000)
  local ok, report = pcall(vim.json.decode, result.stdout or '')
  if not ok then
    health.warn(
      'copilot-ls doctor said nothing that can be read: ' .. vim.trim(result.stderr or '')
    )
    return
  end
  for _, check in ipairs(report.checks) do
    local line = ('%s: %s'):format(check.topic, check.text)
    local advice = check.remedy ~= '' and { check.remedy } or nil
    if check.verdict == 'ok' then
      health.ok(line)
    elseif check.verdict == 'note' then
      health.info(line .. (advice and (' (%s)'):format(advice[1]) or ''))
    elseif check.verdict == 'wrong' then
      health.error(line, advice)
    else
      health.warn(line, advice)
    end
  end
end

local function check_client()
  local clients = vim.lsp.get_clients({ name = 'copilot_ls' })
  if #clients == 0 then
    health.warn(
      'no server runs',
      { 'open a file of a project; :CopilotLs restart starts it again' }
    )
    return
  end
  local status = require('copilot_ls.status')
  for _, client in ipairs(clients) do
    health.ok(('server %d works in %s'):format(client.id, client.root_dir or 'single files'))
  end
  local line = status.line()
  if line ~= '' then
    health.info(line)
  end
end

function M.check()
  health.start('copilot_ls: Neovim')
  if vim.fn.has('nvim-0.11') == 1 then
    health.ok(('Neovim %s'):format(tostring(vim.version())))
  else
    health.error('Neovim is older than 0.11', { 'install Neovim 0.11 or newer' })
    return
  end
  health.start('copilot_ls: the program')
  local works = check_program()
  health.start('copilot_ls: the server')
  check_client()
  if works then
    health.start('copilot_ls: this project')
    check_project()
  end
end

return M
