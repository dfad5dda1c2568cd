"""All clones of a repository call it by one name, whatever their address looks like."""

import subprocess
from pathlib import Path

import pytest

from indexer.history import name_of_repository

ADDRESSES = [
    "git@host.example:Team/Web-Shop.git",
    "https://host.example/team/web-shop",
    "https://somebody:secret@host.example/team/web-shop.git",
    "ssh://git@host.example/team/web-shop/",
]


def clone(folder: Path, origin: str) -> Path:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    subprocess.run(["git", "-C", str(folder), "remote", "add", "origin", origin], check=True)
    return folder


def test_every_way_to_write_an_address_gives_one_name(tmp_path: Path) -> None:
    names = {
        name_of_repository(clone(tmp_path / str(number), address))
        for number, address in enumerate(ADDRESSES)
    }
    (name,) = names
    assert name.startswith("web-shop-")
    assert "secret" not in name


def test_namesakes_elsewhere_have_another_name(tmp_path: Path) -> None:
    one = clone(tmp_path / "one", "https://host.example/team/web-shop")
    other = clone(tmp_path / "other", "https://host.example/rivals/web-shop")
    assert name_of_repository(one) != name_of_repository(other)


@pytest.mark.parametrize("folder", ["ü", "a b", "-" * 100, "x" * 100])
def test_a_folder_without_an_origin_has_a_name_that_chroma_takes(
    tmp_path: Path, folder: str
) -> None:
    (tmp_path / folder).mkdir()
    name = name_of_repository(tmp_path / folder)
    assert 3 <= len(name) <= 40
    assert name.isascii()
    assert name.replace("-", "").isalnum()
    assert name[0].isalnum()
