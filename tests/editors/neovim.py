"""Drives a real Neovim: types keys, reads the buffer, the ghost text and the messages."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgpack

T = TypeVar("T")
PATIENCE = 30.0
POLL_S = 0.02

_SPY = """
_G.indexed = {}
_G.ways_to_ask = { select = vim.ui.select, confirm = vim.fn.confirm }
vim.api.nvim_create_autocmd('LspProgress', {
  pattern = 'end',
  callback = function(args) _G.indexed[tostring(args.data.client_id)] = true end,
})
"""
_ALONE = """
for _, window in ipairs(vim.api.nvim_list_wins()) do
  if vim.api.nvim_win_get_config(window).relative ~= '' then
    vim.api.nvim_win_close(window, true)
  end
end
vim.cmd('silent! only!')
vim.cmd.edit(vim.fn.fnameescape(...))
for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
  if buffer ~= vim.api.nvim_get_current_buf() then
    vim.api.nvim_buf_delete(buffer, { force = true })
  end
end
vim.ui.select, vim.fn.confirm = _G.ways_to_ask.select, _G.ways_to_ask.confirm
vim.cmd('messages clear')
"""
_GHOST = """
local names = vim.api.nvim_get_namespaces()
local shown = {}
for _, name in ipairs({ 'nvim.lsp.inline_completion', 'copilot_ls.ghost' }) do
  if names[name] then
    for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, names[name], 0, -1, { details = true })) do
      for _, chunk in ipairs(mark[4].virt_text or {}) do
        table.insert(shown, chunk[1])
      end
      for _, line in ipairs(mark[4].virt_lines or {}) do
        table.insert(shown, '\\n')
        for _, chunk in ipairs(line) do
          table.insert(shown, chunk[1])
        end
      end
    end
  end
end
return table.concat(shown)
"""


class Neovim:
    """One Neovim process with a configuration of its own and nothing of the user's."""

    def __init__(
        self, program: Path, config: str, *, folder: Path, home: Path, env: Mapping[str, str]
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        init = home / "init.lua"
        init.write_text(_SPY + config, encoding="utf-8")
        kinds = ("CONFIG", "DATA", "STATE", "CACHE", "RUNTIME")
        places = {
            f"XDG_{kind}_{'DIR' if kind == 'RUNTIME' else 'HOME'}": str(home / kind.lower())
            for kind in kinds
        }
        (home / "runtime").mkdir(exist_ok=True, mode=0o700)
        self._process = subprocess.Popen(
            [program, "--embed", "--headless", "--clean", "-n", "-u", init],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            env=os.environ | places | dict(env),
        )
        self._unpacker = msgpack.Unpacker()
        self._n_requests = 0
        self._log = home / "state" / "nvim" / "lsp.log"
        self.lua("vim.o.columns, vim.o.lines = 120, 40")

    def close(self) -> None:
        """End Neovim, and with it its servers."""
        try:
            self._send("nvim_command", "qall!")
            self._process.wait(PATIENCE)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def ask(self, method: str, *arguments: object) -> Any:
        """Make one call of Neovim's API and return its result."""
        number = self._send(method, *arguments)
        while True:
            for message in self._unpacker:
                match message:
                    case [1, answered, error, result] if answered == number:
                        assert error is None, f"{method}: {error}"
                        return result
            received = os.read(self._process.stdout.fileno(), 1 << 16)
            assert received, "Neovim is gone"
            self._unpacker.feed(received)

    def _send(self, method: str, *arguments: object) -> int:
        self._n_requests += 1
        message = [0, self._n_requests, method, list(arguments)]
        self._process.stdin.write(msgpack.packb(message))
        self._process.stdin.flush()
        return self._n_requests

    def lua(self, code: str, *arguments: object) -> Any:
        return self.ask("nvim_exec_lua", code, list(arguments))

    def edit(self, path: Path) -> None:
        self.lua("vim.cmd.edit(vim.fn.fnameescape(...))", str(path))

    def edit_alone(self, path: Path) -> None:
        """Open a file, and put away what was done before."""
        self.leave_insert_mode()
        self.lua(_ALONE, str(path))

    def leave_insert_mode(self) -> None:
        """Leave whatever mode it is; keys that were typed before have been taken then."""
        self.type("<C-\\><C-n>")
        self.wait("the normal mode", lambda: self.ask("nvim_get_mode")["mode"] == "n")

    def command(self, command: str) -> None:
        self.ask("nvim_command", command)

    def type(self, keys: str) -> None:
        """Type keys; ``<Esc>`` and the like are keys."""
        self.ask("nvim_input", keys)

    def go(self, line: int, column: int) -> None:
        """Put the cursor at a line from 1 and a column in bytes from 0."""
        self.ask("nvim_win_set_cursor", 0, [line, column])

    def text(self) -> str:
        return "\n".join(self.ask("nvim_buf_get_lines", 0, 0, -1, False))

    def line(self) -> str:
        return str(self.ask("nvim_get_current_line"))

    def ghost(self) -> str:
        return str(self.lua(_GHOST))

    def messages(self) -> str:
        return str(self.lua("return vim.api.nvim_exec2('messages', { output = true }).output"))

    def menu(self) -> list[str]:
        """Return the words of the completion menu that is open."""
        return list(
            self.lua(
                "if vim.api.nvim_get_mode().mode ~= 'ic' then return {} end "
                "return vim.tbl_map(function(i) return i.word end, "
                "vim.fn.complete_info({ 'items' }).items)"
            )
        )

    def floating(self) -> str:
        """Return the text of the floating window that has the focus, if it is one."""
        return str(
            self.lua(
                "if vim.api.nvim_win_get_config(0).relative == '' then return '' end "
                "return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')"
            )
        )

    def wait(self, what: str, look: Callable[[], T], *, patience: float = PATIENCE) -> T:
        """Look until there is something, and return it."""
        end = time.monotonic() + patience
        while True:
            if found := look():
                return found
            assert time.monotonic() < end, f"{what} did not come\n{self.story()}"
            time.sleep(POLL_S)

    def wait_for_ghost(self, text: str) -> None:
        self.wait(f"ghost text {text!r}", lambda: self.ghost() == text)

    def wait_for_line(self, text: str) -> None:
        self.wait(f"line {text!r}", lambda: self.line() == text)

    def wait_for_server(self) -> None:
        self.wait(
            "the server",
            lambda: self.lua(
                "local c = vim.lsp.get_clients({ name = 'copilot_ls' })[1] "
                "return c ~= nil and c.initialized == true"
            ),
        )

    def wait_for_status(self, text: str) -> None:
        self.wait(
            f"status {text!r}", lambda: text in self.lua("return require('copilot_ls').status()")
        )

    def wait_for_index(self, n: int = 1) -> None:
        """Wait until ``n`` servers have brought their index up to date, each at least once."""
        self.wait(f"{n} indexes", lambda: self.lua("return vim.tbl_count(_G.indexed)") >= n)

    def request(self, method: str) -> dict[str, Any]:
        """Ask the server that works for the present buffer."""
        answer = self.lua(
            "local c = vim.lsp.get_clients({ bufnr = 0, name = 'copilot_ls' })[1] "
            "local answer = c and c.initialized and c:request_sync(..., {}, 5000) "
            "return answer and answer.result or vim.empty_dict()",
            method,
        )
        return dict(answer)

    def count(self, name: str) -> int:
        """Return what the server counted since its start."""
        return int(self.request("copilot-ls/statistics").get(name, 0))

    def story(self) -> str:
        """Tell what is on the screen and in the log, for a test that failed."""
        log = self._log.read_text("utf-8", "replace")[-3000:] if self._log.exists() else ""
        return (
            f"mode: {self.ask('nvim_get_mode')}\nbuffer:\n{self.text()}\nghost: {self.ghost()!r}\n"
            f"messages:\n{self.messages()}\nlog:\n{log}"
        )
