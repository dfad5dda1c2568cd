"""The server with the capabilities that real editors declare, through pytest-lsp's client."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

CODE = "def f(a, b):\n    # say return a + b\n    "


@pytest_lsp.fixture(
    config=ClientServerConfig(
        server_command=[sys.executable, "-m", "tests.protocol.standin", "--stdio"]
    ),
    params=["visual-studio-code", "neovim"],
)
async def client(request: pytest.FixtureRequest, lsp_client: LanguageClient, tmp_path: Path):
    capabilities = client_capabilities(request.param)
    # Its descriptions of the editors are older than their ghost text.
    if request.param == "visual-studio-code":
        capabilities.text_document.inline_completion = types.InlineCompletionClientCapabilities()
    lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda _: None)
    lsp_client.feature("copilot-ls/didChangeStatus")(lambda _: None)
    await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=capabilities,
            workspace_folders=[types.WorkspaceFolder(uri=tmp_path.as_uri(), name="shop")],
        )
    )
    yield
    await lsp_client.shutdown_session()


async def test_every_editor_gets_the_suggestion_in_its_own_way(
    client: LanguageClient, tmp_path: Path
) -> None:
    uri = (tmp_path / "a.py").as_uri()
    client.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 1, CODE))
    )
    document, position = types.TextDocumentIdentifier(uri), types.Position(2, 4)
    if client.capabilities.text_document.inline_completion:
        context = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic)
        offered = await client.text_document_inline_completion_async(
            types.InlineCompletionParams(context, document, position)
        )
        assert [item.insert_text for item in offered.items] == ["return a + b"]
    else:
        menu = await client.text_document_completion_async(
            types.CompletionParams(document, position)
        )
        assert [item.text_edit.new_text for item in menu.items] == ["return a + b"]
    assert not client.messages
