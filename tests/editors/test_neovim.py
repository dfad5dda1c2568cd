"""A real Neovim with the shipped server; only the words of the model come from a script.

Each scenario runs in the setups that offer it: the file to be sourced (0.12), and the module (both).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from copilot_ls import wiring
from copilot_ls.models.scripted import Reach, Reply, Script, Wait, say
from scripts.editors import neovim as versions
from tests.editors.conftest import commit
from tests.editors.neovim import Neovim
from tests.editors.readonly import read_only
from tests.editors.terminal import Terminal

pytestmark = pytest.mark.editors

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "editors" / "neovim"
BIN = Path(sys.executable).parent
PLAIN = (RUNTIME / "copilot-ls.lua").read_text(encoding="utf-8")
MODULE = f"""
vim.opt.runtimepath:prepend({str(RUNTIME)!r})
require('copilot_ls').setup()
"""

TAX = "class Tax:\n    def net(self, amount: int, *, rate: float = 0.2) -> int:\n        return amount\n"
ORDERS = "from tax import Tax\n\n\ndef total(order, tax: Tax):\n    return \n"
SEVERAL = "\n\nclass Shop:\n    def several(self, order, tax: Tax):\n        \n"
DANGER = "import yaml\n\n\ndef load(stream):\n    return yaml.load(stream)\n"
BLOCK = "net = tax.net(order.amount)\n        return net"
# In the engine's folder: it was asked, and does not answer before it may.
ASKED, MAY_ANSWER = "asked", "may-answer"
SCRIPT = [
    say("```python\ndef total(order, tax: Tax):\n    return 42\n```", when="forty-two"),
    Reply((Reach(ASKED), Wait(MAY_ANSWER)), when="hold = <|fim_suffix|>"),
    # Once a function is named, the arguments are asked for with its signature in view.
    say("order.amount)\n        return net", when="net = tax.net(<|fim_suffix|>"),
    say("order.amount)", when="tax.net(<|fim_suffix|>"),
    say("(order.amount)", when="tax.net<|fim_suffix|>"),
    say(BLOCK, when="def several(self, order, tax: Tax):"),
    say("tax.net(order.amount)", when='🛒🛒"] = '),
    say("tax.gross(order.amount)", when="wrong = "),
    say("net(order.amount)", when="return tax."),
    say("tax.net(order.amount)", when="return "),
]
_SETUPS = {
    "module-0.11": ("0.11", MODULE),
    "module-0.12": ("0.12", MODULE),
    "plain-0.12": ("0.12", PLAIN),
}
in_all = pytest.mark.parametrize("setup", _SETUPS)
in_the_module = pytest.mark.parametrize("setup", ["module-0.11", "module-0.12"])
in_one = pytest.mark.parametrize("setup", ["module-0.12"])

Start = Callable[..., Neovim]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_in(tmp_path)


def folder_in(place: Path) -> Path:
    folder = place / "shop"
    (folder / ".git").mkdir(parents=True)
    (folder / "tax.py").write_text(TAX, encoding="utf-8")
    (folder / "orders.py").write_text(ORDERS, encoding="utf-8")
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return environment_in(tmp_path)


def environment_in(place: Path) -> dict[str, str]:
    settings = place / "config.toml"
    # A busy machine shows a block line by line, and is late. What is wrong is withheld, not mended.
    slow = "[completion]\nsecond_try = false\nblock_ms = 20000\nverify_ms = 25000\n"
    settings.write_text(f"[index]\nvectors = false\n{slow}[tests]\nseconds = 1\n", encoding="utf-8")
    (place / "engine").mkdir()
    (place / "engine" / "script.json").write_text(Script.to_json(SCRIPT), encoding="utf-8")
    return {
        "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]),
        "COPILOT_LS_SCRIPT": str(place / "engine"),
        "COPILOT_LS_CACHE": str(place / "cache"),
        "COPILOT_LS_CONFIG": str(settings),
    }


@pytest.fixture
def start(tmp_path: Path, folder: Path, setup: str, environment: dict[str, str]) -> Iterator[Start]:
    """Start a Neovim of one's own in the folder, with a file opened if one is named."""
    opened: list[Neovim] = []

    def start(file: str = "", *, script: list[Reply] = SCRIPT, config: str = "") -> Neovim:
        version, shipped = _SETUPS[setup]
        program = program_of(version)
        (tmp_path / "engine" / "script.json").write_text(Script.to_json(script), encoding="utf-8")
        home = tmp_path / f"home{len(opened)}"
        editor = Neovim(program, config or shipped, folder=folder, home=home, env=environment)
        opened.append(editor)
        if file:
            editor.edit(folder / file)
            editor.wait_for_index()
        return editor

    yield start
    for editor in opened:
        editor.close()


@dataclass(frozen=True, slots=True)
class Shop:
    """A folder in a Neovim that the scenarios of a setup share; each brings files of its own."""

    folder: Path
    editor: Neovim
    environment: Mapping[str, str]

    def open(self, name: str, text: str = ORDERS) -> Neovim:
        """Open a new file; nothing else is open then."""
        (self.folder / name).write_bytes(text.encode())
        self.editor.edit_alone(self.folder / name)
        return self.editor


@pytest.fixture(scope="session")
def shops() -> Iterator[dict[str, Shop]]:
    """The shared ones by setup; one in which a scenario failed is not used again."""
    opened: dict[str, Shop] = {}
    yield opened
    for shop in opened.values():
        shop.editor.close()


@pytest.fixture
def shop(
    setup: str,
    shops: dict[str, Shop],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Shop]:
    if setup not in shops:
        version, shipped = _SETUPS[setup]
        program = program_of(version)
        place = tmp_path_factory.mktemp(setup)
        folder = folder_in(place)
        (folder / ".copilotignore").write_text("secret.py\n", encoding="utf-8")
        commit(folder)
        env = environment_in(place)
        editor = Neovim(program, shipped, folder=folder, home=place / "home", env=env)
        shops[setup] = Shop(folder, editor, env)
        editor.edit(folder / "tax.py")
        editor.wait_for_index()
    n_failed = request.session.testsfailed
    yield shops[setup]
    if request.session.testsfailed > n_failed:
        shops.pop(setup).editor.close()


def program_of(version: str) -> Path:
    try:
        return versions.program(version)
    except versions.CannotBeHad as error:
        pytest.skip(str(error))


# -- ghost text


@in_all
def test_ghost_text_appears_stays_while_it_is_typed_and_is_accepted(shop: Shop):
    editor = shop.open("ghost.py")
    editor.go(5, 10)
    editor.type("A")
    editor.wait_for_ghost("tax.net(order.amount)")
    editor.type("ta")
    editor.wait_for_ghost("x.net(order.amount)")
    # Without a wait: what was typed last is not yet known to the server.
    editor.type("x<Tab>")
    editor.wait_for_line("    return tax.net(order.amount)")
    editor.type("!")
    editor.wait_for_line("    return tax.net(order.amount)!")


@in_all
def test_a_call_of_what_does_not_exist_is_withheld(shop: Shop):
    editor = shop.open("withheld.py")
    before = editor.count("withheld")
    editor.go(5, 4)
    editor.type("Cwrong = ")
    editor.wait("a suggestion that was withheld", lambda: editor.count("withheld") > before)
    assert editor.ghost() == ""


@in_all
def test_a_block_in_a_file_with_lines_as_in_dos_keeps_them(shop: Shop):
    text = ORDERS + SEVERAL
    editor = shop.open("dos.py", text.replace("\n", "\r\n"))
    editor.go(10, 7)
    editor.type("A")
    editor.wait_for_ghost(BLOCK)
    editor.type("net")
    editor.wait_for_ghost(BLOCK.removeprefix("net"))
    editor.type("<Tab>")
    editor.wait_for_line("        return net")
    editor.type("<Esc>")
    editor.command("write")
    written = (shop.folder / "dos.py").read_bytes()
    assert written == (text[:-1] + BLOCK + "\n").replace("\n", "\r\n").encode()


@in_all
def test_characters_of_several_units_shift_nothing(shop: Shop):
    editor = shop.open("units.py")
    editor.go(5, 4)
    editor.type('Ccarts["🛒🛒"] = ')
    editor.wait_for_ghost("tax.net(order.amount)")
    editor.type("tax<Tab>")
    editor.wait_for_line('    carts["🛒🛒"] = tax.net(order.amount)')


@in_all
def test_a_suggestion_before_a_bracket_replaces_it(shop: Shop, setup: str):
    editor = shop.open("bracket.py")
    editor.go(5, 4)
    editor.type("Creturn tax.net()<Left>")
    whole = setup.startswith("plain")
    editor.wait_for_ghost("order.amount)" if whole else "order.amount")
    editor.type("<Tab>")
    editor.wait_for_line("    return tax.net(order.amount)")


@in_the_module
def test_words_and_lines_are_taken_one_by_one(shop: Shop):
    editor = shop.open("words.py", ORDERS + SEVERAL)
    before = {name: editor.count(name) for name in ("seen", "partly_accepted")}
    editor.go(10, 7)
    editor.type("A")
    editor.wait_for_ghost(BLOCK)
    editor.type("<M-f>")
    editor.wait_for_ghost(" = tax.net(order.amount)\n        return net")
    editor.type("<M-f><M-f>")
    editor.wait_for_ghost(".net(order.amount)\n        return net")
    editor.type("<M-e>")
    editor.wait_for_ghost("\n        return net")
    assert editor.line() == "        net = tax.net(order.amount)"
    editor.type("<M-e>")
    editor.wait_for_line("        return net")
    assert editor.count("seen") > before["seen"]
    assert editor.count("partly_accepted") >= before["partly_accepted"] + 4
    # Each was an edit of its own.
    editor.type("<Esc>u")
    editor.wait("undo", lambda: editor.text().endswith("net = tax.net(order.amount)"))


@in_the_module
def test_keys_in_quick_succession_are_taken_in_their_order(shop: Shop):
    editor = shop.open("quick.py", ORDERS + SEVERAL)
    editor.go(10, 7)
    editor.type("A")
    editor.wait_for_ghost(BLOCK)
    # In one go: whatever is put off to a quiet moment comes after the last of them.
    editor.type("<M-f><M-f><M-f><M-e><Esc>:let g:done = 1<CR>")
    editor.wait("the end", lambda: editor.lua("return vim.g.done == 1"))
    assert editor.line() == "        net = tax.net(order.amount)"
    shop.open("quicker.py")
    editor.go(5, 10)
    editor.type("A")
    editor.wait_for_ghost("tax.net(order.amount)")
    editor.type("ta<Tab><Esc>")
    editor.wait("the normal mode", lambda: editor.ask("nvim_get_mode")["mode"] == "n")
    assert editor.line() == "    return tax.net(order.amount)"


@in_the_module
def test_what_contradicts_a_suggestion_takes_it_away_at_once(shop: Shop):
    editor = shop.open("contradicted.py")
    editor.go(5, 10)
    editor.type("A")
    editor.wait_for_ghost("tax.net(order.amount)")
    # In one go: no answer of the server can have come between.
    ghost = editor.lua(
        "vim.api.nvim_buf_set_text(0, 4, 11, 4, 11, { 'z' }) "
        "vim.api.nvim_win_set_cursor(0, { 5, 12 }) "
        "vim.api.nvim_exec_autocmds('TextChangedI', {}) "
        "return #vim.api.nvim_buf_get_extmarks(0, "
        "vim.api.nvim_create_namespace('copilot_ls.ghost'), 0, -1, {})"
    )
    assert ghost == 0


@in_the_module
def test_a_dismissed_suggestion_is_not_offered_there_again(shop: Shop):
    editor = shop.open("dismissed.py")
    before = editor.count("rejected")
    editor.go(5, 10)
    editor.type("A")
    editor.wait_for_ghost("tax.net(order.amount)")
    editor.type("<C-]>")
    editor.wait_for_ghost("")
    editor.type("<Esc>A")
    editor.wait("a dismissal", lambda: editor.count("rejected") > before)
    assert editor.ghost() == ""


@in_the_module
def test_a_key_asks_for_several_and_goes_through_them(start: Start):
    script = [
        say("order.amount", when="return ", once=True),
        say("order.total", when="return ", once=True),
        say("order", when="return "),
    ]
    editor = start("orders.py", script=script)
    editor.go(5, 10)
    editor.type("A")
    editor.wait_for_ghost("order.amount")
    editor.type("<M-]>")
    shown = editor.wait("several", lambda: "/" in (text := editor.ghost()) and text)
    editor.type("<M-]>")
    other = editor.wait("another", lambda: (text := editor.ghost()) != shown and text)
    editor.type("<M-[>")
    editor.wait_for_ghost(shown)
    editor.type("<M-]><Tab>")
    editor.wait_for_line("    return " + other.partition("\n")[0])


@in_the_module
def test_keys_do_what_they_did_where_there_is_no_suggestion(start: Start):
    config = "vim.keymap.set('i', '<C-]>', function() return 'mapped' end, { expr = true })\n"
    editor = start("orders.py", config=config + MODULE, script=[])
    editor.type("ggO<Tab>x<C-]>")
    editor.wait("keys", lambda: editor.line() in {"    xmapped", "\txmapped"})


# -- findings, the menu, the status


@in_all
def test_a_weakness_is_shown_and_fixed_by_a_code_action(shop: Shop):
    editor = shop.open("load.py", DANGER)
    findings = "return #vim.diagnostic.get(0)"
    editor.wait("a finding", lambda: editor.lua(findings))
    editor.go(5, 4)
    editor.lua(
        "vim.lsp.buf.code_action({ apply = true, filter = function(a) return a.isPreferred end })"
    )
    editor.wait_for_line("    return yaml.safe_load(stream)")
    editor.wait("no finding", lambda: editor.lua(findings) == 0)


@in_the_module
def test_a_finding_is_explained_in_a_window_and_listed(shop: Shop):
    editor = shop.open("explained.py", DANGER)
    editor.wait("a finding", lambda: editor.lua("return #vim.diagnostic.get(0)"))
    editor.go(5, 4)
    editor.lua(
        "vim.lsp.buf.code_action({ apply = true, "
        "filter = function(a) return a.title:find('^Explain') ~= nil end })"
    )
    assert "yaml.safe_load(stream)" in editor.wait("an explanation", editor.floating)
    editor.type("q")
    editor.wait("the end of the window", lambda: not editor.floating())
    editor.command("CopilotLs findings")
    assert editor.lua("return #vim.fn.getqflist()") == 1


@in_the_module
def test_code_is_found_and_what_changed_is_reviewed(shop: Shop):
    editor = shop.open("found.py")
    quickfix = (
        "return table.concat(vim.tbl_map(function(i) "
        "return vim.fn.fnamemodify(vim.fn.bufname(i.bufnr), ':t') .. ':' .. i.lnum end, "
        "vim.fn.getqflist()), ' ')"
    )
    editor.command("CopilotLs search net of an amount")
    editor.wait("a definition", lambda: "tax.py:2" in editor.lua(quickfix))
    editor.command("cclose")

    def ask() -> bool:
        # Until the index has read the new file.
        editor.command("CopilotLs related")
        return "tax.py" in editor.lua(quickfix)

    editor.wait("companions", ask)
    editor.command("cclose")
    shop.open("changed.py", DANGER)
    editor.command("CopilotLs review")
    editor.wait("a finding", lambda: "changed.py:5" in editor.lua(quickfix))
    assert "tax.py" not in editor.lua(quickfix)


@in_all
def test_the_menu_holds_the_members_of_a_known_receiver(shop: Shop):
    editor = shop.open("menu.py")
    editor.go(5, 10)
    editor.type("Atax.<C-x><C-o>")
    assert "net" in editor.wait("a menu", editor.menu)


@in_the_module
def test_the_status_follows_what_happens(shop: Shop):
    editor = shop.open("secret.py", "x = \n")
    editor.wait_for_status("Inactive here")
    shop.open("open.py")
    editor.wait_for_status("Ready")
    editor.command("CopilotLs pause")
    editor.wait_for_status("Paused")
    editor.command("CopilotLs resume")
    editor.wait_for_status("Ready")
    editor.command("CopilotLs snooze 5")
    editor.wait_for_status("Snoozed until")
    editor.command("CopilotLs resume")
    editor.wait_for_status("Ready")


@in_the_module
def test_a_setting_counts_at_once(shop: Shop):
    editor = shop.open("switched.py", DANGER)
    n_findings = "return #vim.diagnostic.get(0)"
    editor.wait("a finding", lambda: editor.lua(n_findings))
    editor.lua("require('copilot_ls').configure({ security = { enabled = false } })")
    editor.wait("no finding", lambda: editor.lua(n_findings) == 0)
    editor.lua("require('copilot_ls').configure({ security = { enabled = true } })")
    editor.wait("a finding", lambda: editor.lua(n_findings))


@in_the_module
def test_an_engine_that_dies_is_said_and_comes_back(shop: Shop):
    place = shop.folder.parent
    editor = shop.open("held.py", "def f():\n    pass\n")
    editor.go(2, 4)
    # In the middle of an answer, where somebody waits for it.
    editor.type("Chold = ")
    editor.wait("a question", (place / "engine" / ASKED).exists)
    (engine,) = engines(place)
    engine.kill()
    editor.wait_for_status("died")
    (place / "engine" / MAY_ANSWER).touch()
    shop.open("revived.py")
    editor.go(5, 10)
    editor.type("A")
    editor.wait_for_ghost("tax.net(order.amount)")
    editor.wait_for_status("Ready")
    (another,) = engines(place)
    assert another.pid != engine.pid


@in_one
def test_a_server_that_ended_is_said_and_started_again(start: Start):
    editor = start("orders.py")
    editor.wait_for_status("Ready")
    server = editor.lua("local p = vim.api.nvim_get_proc_children(vim.fn.getpid()) return p[#p]")
    psutil.Process(server).kill()
    editor.wait_for_status("The server ended")
    editor.command("CopilotLs restart")
    editor.wait_for_server()
    editor.go(5, 10)
    editor.type("A")
    editor.wait_for_ghost("tax.net(order.amount)")


# -- commands


@in_the_module
def test_an_edit_is_made_when_its_diff_was_confirmed(shop: Shop):
    editor = shop.open("edited.py")
    editor.command("4,5CopilotLs edit return forty-two")
    diff = editor.wait("a diff", editor.floating)
    assert "+    return 42" in diff
    editor.type("n")
    editor.wait("the refusal", lambda: "not confirmed" in editor.messages())
    assert "return 42" not in editor.text()
    editor.command("4,5CopilotLs edit return forty-two")
    editor.wait("a diff", editor.floating)
    editor.type("y")
    editor.wait("the change", lambda: "return 42" in editor.text())


@in_the_module
def test_a_suggestion_tells_where_it_came_from(shop: Shop):
    editor = shop.open("origin.py")
    editor.go(5, 10)
    editor.type("Atax.")
    editor.wait_for_ghost("net(order.amount)")
    editor.type("<Cmd>CopilotLs explain<CR>")
    story = editor.wait("a window", editor.floating)
    assert "**outcome**: shown" in story
    assert "tax.py" in story


@in_the_module
def test_a_renaming_is_followed_place_by_place(shop: Shop):
    editor = shop.open("bill.py", "from levy import levy\n\nlevy(3)\n")
    (shop.folder / "levy.py").write_text("def levy(x):\n    return x\n", encoding="utf-8")
    editor.edit(shop.folder / "levy.py")
    editor.go(1, 4)
    editor.type("cwtoll<Esc>")
    editor.wait_for_line("def toll(x):")
    # The index forgets the old name then.
    editor.command("write")
    editor.lua(
        "vim.ui.select = function(items, options, done) _G.asked = options.prompt done('yes') end"
    )

    def ask() -> bool:
        editor.command("CopilotLs next_edit")
        return editor.text() == "from levy import toll\n\ntoll(3)"

    # Each time from where the last place was.
    editor.wait("all changes", ask)
    assert "toll" in editor.lua("return _G.asked")


@in_all
def test_a_docstring_follows_a_renamed_parameter(shop: Shop):
    text = 'def area(width, height):\n    """Return the area.\n\n    Args:\n        wide: in metres\n        height: in metres\n    """\n    return width * height\n'
    editor = shop.open("shape.py", text)
    editor.wait("a finding", lambda: editor.lua("return #vim.diagnostic.get(0)"))
    editor.go(1, 0)
    editor.lua(
        "vim.lsp.buf.code_action({ apply = true, "
        "filter = function(a) return a.title:find('Repair', 1, true) ~= nil end })"
    )
    editor.wait("the repair", lambda: "        width: in metres" in editor.text())


@in_all
def test_tests_are_proposed_confirmed_and_written(shop: Shop, setup: str):
    text = "def clamp(x: int) -> int:\n    if x > 10:\n        return 10\n    return x\n"
    editor = shop.open("clamp.py", text)
    # Consent, and in the plain setup the confirmation, are questions of Neovim's own.
    editor.lua(
        "vim.ui.select = function(items, _, done) done(items[1], 1) end "
        "vim.fn.confirm = function() return 1 end"
    )
    editor.go(1, 5)
    editor.lua(
        "vim.lsp.buf.code_action({ apply = true, "
        "filter = function(a) return a.title:find('Write tests', 1, true) ~= nil end })"
    )
    if setup.startswith("module"):
        diff = editor.wait("a diff", editor.floating, patience=90)
        assert "+def test_" in diff
        assert not list(shop.folder.rglob("test_*.py"))
        editor.type("y")
    written = editor.wait(
        "a file of tests",
        lambda: editor.lua(
            "for _, b in ipairs(vim.api.nvim_list_bufs()) do "
            "if vim.fs.basename(vim.api.nvim_buf_get_name(b)):find('test_', 1, true) then "
            "return table.concat(vim.api.nvim_buf_get_lines(b, 0, -1, false), '\\n') end end"
        ),
        patience=90,
    )
    assert "def test_" in written
    if setup.startswith("module"):
        editor.wait(
            "the file", lambda: [p for p in shop.folder.rglob("test_*.py") if p.read_text()]
        )


@in_one
def test_an_unknown_command_names_those_there_are(shop: Shop):
    editor = shop.open("unknown.py")
    editor.lua("pcall(vim.cmd, 'CopilotLs nonsense')")
    assert "explain" in editor.messages()
    assert "reindex" in editor.lua("return vim.fn.getcompletion('CopilotLs re', 'cmdline')")


# -- unusual surroundings


@in_all
def test_a_large_file_has_ghost_text_at_the_first_key(shop: Shop):
    filler = "".join(f"def f{n}(x):\n    return x + {n}\n\n\n" for n in range(8_000))
    editor = shop.open("large.py", filler + ORDERS)
    editor.go(32_005, 10)
    editor.type("A")
    # At the first key, with nothing read yet.
    editor.wait_for_ghost("tax.net(order.amount)")
    editor.type("tax<Tab>")
    editor.wait_for_line("    return tax.net(order.amount)")


@in_the_module
def test_two_projects_in_one_editor_do_not_mix_and_share_an_engine(
    start: Start, folder: Path, tmp_path: Path
):
    other = tmp_path / "other"
    (other / ".git").mkdir(parents=True)
    (other / "lib.py").write_text("class Tax:\n    def other(self): ...\n", encoding="utf-8")
    (other / "main.py").write_text("from lib import Tax\n\ntax = Tax()\nx = \n", encoding="utf-8")
    editor = start("orders.py")
    editor.edit(other / "main.py")
    editor.wait_for_index(2)
    for path, line, expected in ((other / "main.py", 4, "other"), (folder / "orders.py", 5, "net")):
        editor.edit(path)
        editor.go(line, 0)
        editor.type("A tax.<C-x><C-o>")
        assert editor.wait("a menu", editor.menu) == [expected]
        editor.leave_insert_mode()
    assert len(engines(tmp_path)) == 1


@in_the_module
def test_two_neovims_share_an_engine(shop: Shop, setup: str, tmp_path: Path):
    version, shipped = _SETUPS[setup]
    other = Neovim(
        program_of(version),
        shipped,
        folder=folder_in(tmp_path),
        home=tmp_path / "home",
        env=shop.environment,
    )
    try:
        other.edit(tmp_path / "shop" / "orders.py")
        other.wait_for_index()
        for editor in (shop.open("shared.py"), other):
            editor.go(5, 10)
            editor.type("A")
            editor.wait_for_ghost("tax.net(order.amount)")
        assert len(engines(shop.folder.parent)) == 1
    finally:
        other.close()


@in_one
def test_a_folder_that_is_read_only_is_served_and_says_what_cannot_be(start: Start, folder: Path):
    with read_only(folder):
        editor = start("orders.py")
        editor.go(5, 10)
        editor.type("A")
        editor.wait_for_ghost("tax.net(order.amount)")
        editor.type("<Tab><Esc>:CopilotLs tests<CR>")
        editor.wait("a remedy", lambda: "cannot be written (work on a copy" in editor.messages())
        assert editor.line() == "    return tax.net(order.amount)"


@in_the_module
def test_without_the_server_the_remedy_is_named(start: Start):
    config = MODULE.replace("setup()", "setup({ cmd = { 'no-such-copilot' } })")
    editor = start(config=config)
    assert "pip install" in editor.messages()
    editor.command("checkhealth copilot_ls")
    report = editor.text()
    assert "no-such-copilot cannot be run" in report
    assert "pip install" in report
    editor.command("CopilotLs reindex")
    assert "no server works" in editor.messages()


@in_the_module
def test_the_health_report_holds_what_the_doctor_says(shop: Shop):
    editor = shop.open("health.py")
    editor.command("checkhealth copilot_ls")
    report = editor.text()
    assert "copilot-ls 0." in report
    assert "works in" in report
    assert "network" in report


@in_one
def test_the_manual_is_found(start: Start):
    editor = start()
    for topic in ("copilot-ls", ":CopilotLs", "copilot-ls-options", "copilot-ls-status"):
        editor.command(f"help {topic}")
        assert editor.lua("return vim.fn.expand('%:t')") == "copilot-ls.txt"


# -- a real terminal, the real model


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
@pytest.mark.parametrize("setup", _SETUPS)
def test_ghost_text_is_on_the_screen_of_a_terminal(
    tmp_path: Path, folder: Path, setup: str, environment: dict[str, str]
):
    version, config = _SETUPS[setup]
    (tmp_path / "engine" / "script.json").write_text(Script.to_json(SCRIPT), encoding="utf-8")
    (tmp_path / "init.lua").write_text(config, encoding="utf-8")
    command = [str(program_of(version)), "--clean", "-n", "-u", str(tmp_path / "init.lua")]
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    with Terminal([*command, "+5", "orders.py"], folder, environment | state) as terminal:
        terminal.wait_for("return")
        # Until the server is there, nobody answers.
        terminal.wait_for("return tax.net(order.amount)", again=("Escape", "A"))
        # The screen looks the same once this is typed; only the cursor is elsewhere.
        column = terminal.column()
        terminal.type("ta")
        terminal.wait_for("return tax.net(order.amount)", column=column + 2)
        terminal.type("Tab")
        terminal.type("Escape")
        terminal.type(":w", "Enter")
        terminal.wait_for("written")
    assert "    return tax.net(order.amount)\n" in (folder / "orders.py").read_text("utf-8")


@pytest.mark.real_model
@in_all
def test_the_real_model_writes_ghost_text(start: Start, folder: Path, environment: dict[str, str]):
    models = wiring.cache_root() / "models"
    if not (models / "qwen2.5-coder-0.5b-instruct").is_dir():
        pytest.skip("the default model is not here: copilot-ls model pull")
    cache = Path(environment["COPILOT_LS_CACHE"])
    cache.mkdir()
    (cache / "models").symlink_to(models)
    del environment["COPILOT_LS_SCRIPT"]
    code = "def fibonacci(n):\n    if n < 2:\n        return n\n    return \n"
    (folder / "numbers.py").write_text(code, encoding="utf-8")
    editor = start("numbers.py")
    editor.go(4, 10)
    editor.type("A")
    ghost = editor.wait("ghost text", editor.ghost, patience=60)
    editor.type("<Tab>")
    editor.wait_for_line("    return " + ghost.partition("\n")[0])


def engines(tmp_path: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if "copilot_ls.models.host" in (process.info["cmdline"] or [])
        and any(str(tmp_path) in word for word in process.info["cmdline"])
    ]
