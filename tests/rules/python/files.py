import os
import pathlib
import stat
import tempfile


def temporary(name):
    # ruleid: python.files.guessable-temporary-name
    path = tempfile.mktemp()
    # ok: python.files.guessable-temporary-name
    handle, path = tempfile.mkstemp()
    # ruleid: python.files.fixed-temporary-name
    with open("/tmp/report.txt", "w") as file:
        file.write("x")
    # ruleid: python.files.fixed-temporary-name
    pathlib.Path("/tmp/report.txt").write_text("x")
    # ok: python.files.fixed-temporary-name
    with open("/tmp/report.txt") as file:
        file.read()
    # ok: python.files.fixed-temporary-name
    with open("/srv/report.txt", "w") as file:
        file.write("x")
    return path


def permissions(path):
    # ruleid: python.files.open-to-everybody
    os.chmod(path, 0o777)
    # ruleid: python.files.open-to-everybody
    os.chmod(path, 0o666)
    # ruleid: python.files.open-to-everybody
    pathlib.Path(path).chmod(0o757)
    # ruleid: python.files.open-to-everybody
    os.chmod(path, stat.S_IRWXU | stat.S_IRWXO)
    # ruleid: python.files.open-to-everybody
    os.umask(0)
    # ruleid: python.files.open-to-everybody
    os.makedirs(path, mode=0o777)
    # ok: python.files.open-to-everybody, python.files.readable-by-everybody
    os.chmod(path, 0o600)
    # ok: python.files.open-to-everybody
    # ruleid: python.files.readable-by-everybody
    os.chmod(path, 0o755)
    # ok: python.files.open-to-everybody
    os.umask(0o077)
    # ok: python.files.open-to-everybody
    os.open(path, os.O_CREAT, 0o600)


def races(path):
    # ruleid: python.files.checked-then-used
    if os.path.exists(path):
        os.remove(path)
    # ruleid: python.files.checked-then-used
    if os.access(path, os.R_OK):
        with open(path) as file:
            return file.read()
    # ok: python.files.checked-then-used
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return ""
