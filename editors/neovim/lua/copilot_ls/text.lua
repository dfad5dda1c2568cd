--- What of a suggestion is still to come, and how much of it a key takes. Pure: strings alone.
---
--- A suggestion is text for one place. The closers that an editor put right of the cursor are part
--- of it where it repeats them: `foo(|)` with the suggestion `a, b)` replaces that bracket.
local M = {}

--- Return the rest of `text` once `typed` stands there, or nil if something else was typed.
---@param text string
---@param typed string
---@return string? rest never empty
function M.rest(text, typed)
  if #typed < #text and vim.startswith(text, typed) then
    return text:sub(#typed + 1)
  end
end

--- Return what the next word takes: blanks and line ends before it, then a word or a run of signs.
---@param rest string
---@return string
function M.word(rest)
  -- Bytes above 127 are letters: a character is never cut.
  return rest:match('^%s*[%w_\128-\255]+') or rest:match('^%s*[^%w_%s\128-\255]+') or rest
end

--- Return what the next line takes, without its end; at a line's end that end and the next line.
---@param rest string
---@return string
function M.line(rest)
  return rest:match('^\n*[^\n]+') or rest
end

--- Cut the first line of a suggestion at the closers that stand there already.
---
---@param rest string what is still to come
---@param replaced string what stands right of the cursor and is part of it
---@return string[]? pieces one more than `replaced` has bytes, to be shown before, between and
---  after them; nil if they do not occur in this order
function M.pieces(rest, replaced)
  local line = rest:match('^[^\n]*')
  local pieces = {} ---@type string[]
  -- From the right: inside, the suggestion may open and close brackets of its own.
  for i = #replaced, 1, -1 do
    local at = line:match('.*()' .. vim.pesc(replaced:sub(i, i)))
    if not at then
      return nil
    end
    table.insert(pieces, 1, line:sub(at + 1))
    line = line:sub(1, at - 1)
  end
  table.insert(pieces, 1, line)
  return pieces
end

--- Count the closers that are used up when the first `n` bytes of a suggestion are written.
---@param rest string
---@param replaced string
---@param n integer
---@return integer
function M.used(rest, replaced, n)
  local pieces = M.pieces(rest, replaced) or {}
  local used, position = 0, 0
  for i = 1, #pieces - 1 do
    position = position + #pieces[i] + 1
    if position <= n then
      used = i
    end
  end
  return used
end

return M
