--- `:CopilotLs …`, and what the server's own actions show.
local api = vim.api
local window = require('copilot_ls.window')

local M = {}

local function say(message, level)
  vim.notify('copilot-ls: ' .. message, level or vim.log.levels.INFO)
end

--- Let the server run a command.
---@param command string
---@param arguments any[]
---@param done? fun(result: any)
local function execute(command, arguments, done)
  local client = require('copilot_ls').client()
  if not client then
    say('no server works for this buffer; :checkhealth copilot_ls', vim.log.levels.WARN)
    return
  end
  local params = { command = command, arguments = arguments }
  client:request('workspace/executeCommand', params, function(err, result)
    if err then
      say(err.message, vim.log.levels.ERROR)
    elseif done then
      done(result)
    end
  end, api.nvim_get_current_buf())
end

---@param value any
---@return boolean
local function is_given(value)
  return value ~= nil and value ~= vim.NIL and value ~= ''
end

--- Tell where a suggestion came from, as Markdown.
---@param story table the answer of `copilot-ls.explain`
---@return string[]
local function story_lines(story)
  local lines = { '# This suggestion', '' }
  local function add(name, value)
    if is_given(value) then
      table.insert(lines, ('- **%s**: %s'):format(name, value))
    end
  end
  add('outcome', story.outcome)
  add('reason', story.reason)
  add('model', story.model)
  for _, suggestion in ipairs(story.suggestions or {}) do
    add('origin', suggestion.origin)
    add('checks', suggestion.verdict)
  end
  local times = {} ---@type string[]
  for stage, milliseconds in vim.spairs(story.milliseconds or {}) do
    table.insert(times, ('%s %d ms'):format(stage, milliseconds))
  end
  add('time', table.concat(times, ', '))
  if #(story.snippets or {}) > 0 then
    vim.list_extend(lines, { '', '## Known of the repository', '' })
    for _, snippet in ipairs(story.snippets) do
      table.insert(lines, ('`%s`'):format(snippet.path or '?'))
      table.insert(lines, '```')
      vim.list_extend(lines, vim.split(vim.trim(snippet.stub or ''), '\n', { plain = true }))
      vim.list_extend(lines, { '```', '' })
    end
  end
  if is_given(story.rawText) then
    vim.list_extend(lines, { '', '## What the model wrote', '', '```' })
    vim.list_extend(lines, vim.split(story.rawText, '\r?\n'))
    table.insert(lines, '```')
  end
  return lines
end

local function explain()
  local id = require('copilot_ls.ghost').id()
  execute('copilot-ls.explain', { id }, function(story)
    if not is_given(story) then
      say('there was no suggestion here yet')
      return
    end
    vim.cmd.stopinsert()
    window.show(story_lines(story), { title = 'copilot-ls', filetype = 'markdown' })
  end)
end

---@param arguments string[]
---@param context table of |nvim_create_user_command()|
local function edit(arguments, context)
  local wish = table.concat(arguments, ' ')
  local client = require('copilot_ls').client()
  if wish == '' or not client then
    say(client and 'say what to change: :CopilotLs edit add a docstring' or 'no server works here')
    return
  end
  local first, last = context.line1, context.line2
  local bufnr = api.nvim_get_current_buf()
  local range =
    { start = { line = first - 1, character = 0 }, ['end'] = { line = last, character = 0 } }
  if last >= api.nvim_buf_line_count(bufnr) then
    local text = api.nvim_buf_get_lines(bufnr, last - 1, last, false)[1] or ''
    local character = vim.str_utfindex(text, client.offset_encoding)
    range['end'] = { line = last - 1, character = character }
  end
  local document = { uri = vim.uri_from_bufnr(bufnr) }
  local argument = { textDocument = document, range = range, instruction = wish }
  execute('copilot-ls.edit', { argument }, function(result)
    if not is_given(result) then
      say('nothing was changed; :CopilotLs status tells why', vim.log.levels.WARN)
    elseif not result.applied then
      say(result.problem, vim.log.levels.WARN)
    end
  end)
end

--- Put the findings of all open files into the quickfix list.
local function findings()
  local items = vim.diagnostic.toqflist(vim.tbl_filter(function(diagnostic)
    return diagnostic.source == 'copilot-ls'
  end, vim.diagnostic.get()))
  vim.fn.setqflist({}, ' ', { title = 'copilot-ls', items = items })
  if #items == 0 then
    say('no findings in the open files')
  else
    vim.cmd.copen()
  end
end

--- Ask the server for something, and take the answer; what fails is said.
---@param method string
---@param params table
---@param take fun(result: table, client: vim.lsp.Client)
local function request(method, params, take)
  local client = require('copilot_ls').client()
  if not client then
    say('no server works for this buffer; :checkhealth copilot_ls', vim.log.levels.WARN)
    return
  end
  client:request(method, params, function(err, result)
    if err then
      say(err.message, vim.log.levels.ERROR)
    elseif result then
      take(result, client)
    end
  end, api.nvim_get_current_buf())
end

--- Put what was found into the quickfix list, or say that there is nothing.
---@param title string
---@param items vim.quickfix.entry[]
---@param otherwise string
local function list(title, items, otherwise)
  vim.fn.setqflist({}, ' ', { title = 'copilot-ls: ' .. title, items = items })
  if #items == 0 then
    say(otherwise)
  else
    vim.cmd.copen()
  end
end

--- Look for weaknesses in the lines that differ from the last commit.
local function review()
  request('copilot-ls/checkWorkspace', { changed = true }, function(result)
    local items = {} ---@type vim.quickfix.entry[]
    local problems = {} ---@type string[]
    for _, folder in ipairs(result.folders) do
      vim.list_extend(problems, folder.problems)
      for _, finding in ipairs(folder.findings) do
        local start = finding.diagnostic.range.start
        table.insert(items, {
          filename = vim.uri_to_fname(finding.uri),
          lnum = start.line + 1,
          col = start.character + 1,
          text = finding.diagnostic.message,
          type = finding.diagnostic.severity == 1 and 'E' or 'W',
        })
      end
    end
    local nothing = 'no weaknesses in the lines that changed'
    list('review', items, #problems > 0 and table.concat(problems, '; ') or nothing)
  end)
end

--- Show places that a search found.
---@param title string
local function show_hits(title)
  ---@param result table
  return function(result)
    local items = vim.tbl_map(function(hit)
      return {
        filename = vim.uri_to_fname(hit.uri),
        lnum = hit.range.start.line + 1,
        text = hit.text ~= '' and hit.text or hit.title,
      }
    end, result.hits)
    list(title, items, 'nothing was found')
  end
end

---@param arguments string[]
local function search(arguments)
  local words = table.concat(arguments, ' ')
  if words == '' then
    say('say what the code does: :CopilotLs search how is an order paid')
    return
  end
  request('copilot-ls/search', { words = words }, show_hits(words))
end

--- List the tests and companions of the present file.
local function related()
  local document = { uri = vim.uri_from_bufnr(0) }
  request('copilot-ls/related', { textDocument = document }, show_hits('related files'))
end

--- Go to the next place that a renaming or other parameters made wrong, and show what it should be.
local function next_edit()
  local client = require('copilot_ls').client()
  if not client then
    say('no server works for this buffer')
    return
  end
  local params = { textDocument = { uri = vim.uri_from_bufnr(0) } }
  client:request('copilot-ls/nextEdit', params, function(err, result)
    local found = not err and result.edits[1]
    if not found then
      say(err and err.message or 'nothing else has to follow')
      return
    end
    local uri = found.textDocument.uri
    vim.lsp.util.show_document(
      { uri = uri, range = found.range },
      client.offset_encoding,
      { focus = true }
    )
    vim.ui.select({ 'yes', 'no' }, {
      prompt = ('%s: write `%s`? (%d to do)'):format(found.reason, found.newText, result.remaining),
    }, function(choice)
      if choice == 'yes' then
        local change = { range = found.range, newText = found.newText }
        vim.lsp.util.apply_text_edits({ change }, vim.uri_to_bufnr(uri), client.offset_encoding)
      end
    end)
  end)
end

local function restart()
  local clients = vim.lsp.get_clients({ name = 'copilot_ls' })
  local waiting = #clients
  local function start()
    waiting = waiting - 1
    if waiting <= 0 then
      vim.lsp.enable('copilot_ls', false)
      vim.lsp.enable('copilot_ls')
    end
  end
  for _, client in ipairs(clients) do
    client:stop(true)
  end
  vim.defer_fn(function()
    waiting = 0
    start()
  end, #clients > 0 and 500 or 0)
end

--- Write tests for the present file; the server asks before it runs the project's code.
local function tests()
  local document = { uri = vim.uri_from_bufnr(0) }
  say('exploring; this takes about a minute')
  execute('copilot-ls.writeTests', { { textDocument = document } }, M.tests_written)
end

--- Tell what came of writing tests.
---@param result table the answer of `copilot-ls.writeTests`
function M.tests_written(result)
  if not is_given(result) then
    say('no tests; :CopilotLs status tells why', vim.log.levels.WARN)
    return
  end
  if is_given(result.problem) and not result.applied then
    say(result.problem, vim.log.levels.WARN)
  end
  local lines = {} ---@type string[]
  for _, test in ipairs(result.tests or {}) do
    table.insert(
      lines,
      ('- `%s`: %d lines and branches, %d mutants noticed'):format(
        test.name,
        test.branches or 0,
        test.kills or 0
      )
    )
  end
  if #(result.suspicions or {}) > 0 then
    vim.list_extend(lines, { '', '## This may be wrong in the code', '' })
    for _, each in ipairs(result.suspicions) do
      table.insert(lines, ('- `%s`: %s'):format(each.target, vim.split(each.error, '\n')[1]))
    end
  end
  if #lines > 0 then
    window.show(lines, { title = 'tests', filetype = 'markdown', centred = true })
  end
end

--- Write or repair the docstring of the definition under the cursor.
local function docs()
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      return action.title:find('docstring', 1, true) ~= nil
    end,
  })
end

--- What `:CopilotLs NAME …` does.
---@type table<string, fun(arguments: string[], context: table)>
M.subcommands = {
  docs = docs,
  edit = edit,
  explain = explain,
  findings = findings,
  next_edit = next_edit,
  related = related,
  restart = restart,
  review = review,
  search = search,
  tests = tests,
  reindex = function()
    execute('copilot-ls.reindex', {})
  end,
  pause = function()
    execute('copilot-ls.pause', {})
  end,
  resume = function()
    execute('copilot-ls.resume', {})
  end,
  snooze = function(arguments)
    local minutes = tonumber(arguments[1])
    if arguments[1] and not minutes then
      say('say for how many minutes: :CopilotLs snooze 30', vim.log.levels.WARN)
      return
    end
    execute('copilot-ls.snooze', { minutes })
  end,
  actions = function()
    vim.lsp.buf.code_action({
      filter = function(_, client_id)
        local client = vim.lsp.get_client_by_id(client_id)
        return client ~= nil and client.name == 'copilot_ls'
      end,
    })
  end,
  status = function()
    local status = require('copilot_ls.status').get()
    if not status then
      say('no server works for this buffer; :checkhealth copilot_ls')
      return
    end
    local levels = { Error = vim.log.levels.ERROR, Warning = vim.log.levels.WARN }
    local remedy = status.command
        and (' (%s: :CopilotLs %s)'):format(
          status.command.title,
          status.command.command:gsub('^copilot%-ls%.', '')
        )
      or ''
    say(status.message .. remedy, levels[status.kind])
  end,
}

--- Commands that code actions bring and that show something here.
---@type table<string, fun(command: table, context: table)>
M.of_code_actions = {
  ['copilot-ls.writeTests'] = function(command)
    execute(command.command, command.arguments, M.tests_written)
  end,
  ['copilot-ls.explainFinding'] = function(command)
    execute(command.command, command.arguments, function(result)
      if not is_given(result) then
        say('there is no such finding any more')
        return
      end
      local lines = vim.split(vim.trim(result.markdown), '\n', { plain = true })
      window.show(lines, { title = result.rule, filetype = 'markdown' })
    end)
  end,
}

function M.define()
  api.nvim_create_user_command('CopilotLs', function(context)
    local name = context.fargs[1] or 'status'
    local action = M.subcommands[name]
    if action then
      action({ unpack(context.fargs, 2) }, context)
    else
      say(
        ('there is no :CopilotLs %s; there are %s'):format(
          name,
          table.concat(vim.fn.sort(vim.tbl_keys(M.subcommands)), ', ')
        ),
        vim.log.levels.ERROR
      )
    end
  end, {
    nargs = '*',
    range = true,
    desc = 'What copilot-ls can do here',
    complete = function(lead, line)
      if line:match('^%S*CopilotLs%s+%S*$') then
        return vim.tbl_filter(function(name)
          return vim.startswith(name, lead)
        end, vim.fn.sort(vim.tbl_keys(M.subcommands)))
      end
      return {}
    end,
  })
end

return M
