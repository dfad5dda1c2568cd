import json
import os
import pathlib
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import aiofiles
import pandas as pd
from fastapi import FastAPI, File, UploadFile
from fastapi.responses import FileResponse
from flask import Flask, abort, request, send_file, send_from_directory
from werkzeug.utils import secure_filename

app = Flask(__name__)
api = FastAPI()
BASE = "/srv/files"
FOLDER = Path("/srv/files")
TEMPLATES = {"a": "a.html", "b": "b.html"}


@app.route("/download")
def download():
    name = request.args.get("name")
    # ruleid: python.path.tainted-file-path, python.path.indirect-file-path
    with open("/srv/files/" + name) as file:
        file.read()
    # ruleid: python.path.tainted-file-path, python.path.indirect-file-path
    open(f"/srv/files/{name}", "rb")
    # ruleid: python.path.tainted-file-path, python.path.indirect-file-path
    open(os.path.join(BASE, name))
    path = os.path.join(BASE, name)
    # ruleid: python.path.tainted-file-path, python.path.indirect-file-path
    return send_file(path)


@app.route("/download2")
def careful_download():
    name = request.args.get("name")
    # ok: python.path.tainted-file-path, python.path.indirect-file-path
    open(os.path.join(BASE, secure_filename(name)))
    # ok: python.path.tainted-file-path, python.path.indirect-file-path
    open(os.path.join(BASE, os.path.basename(name)))
    # ok: python.path.tainted-file-path, python.path.indirect-file-path
    open(os.path.join(BASE, TEMPLATES[name]))
    # ok: python.path.tainted-file-path, python.path.indirect-file-path
    open(build_safe_path(BASE, name))
    # ok: python.path.tainted-file-path, python.path.indirect-file-path
    opener.open(name)
    # ruleid: python.path.tainted-file-path, python.path.indirect-file-path
    default_storage.open(name)
    # ok: python.path.tainted-file-path, python.path.indirect-file-path
    open("/srv/files/fixed.txt")
    # ok: python.path.tainted-file-path, python.path.indirect-file-path
    return send_from_directory(BASE, name)


@app.route("/image")
def image():
    # ok: python.path.tainted-file-path
    # ruleid: python.path.indirect-file-path
    return send_file(library.image_path(request.args["id"]))


@app.route("/real")
def resolved():
    path = os.path.realpath(os.path.join(BASE, request.args["name"]))
    if not path.startswith(BASE + os.sep):
        abort(404)
    # ok: python.path.tainted-file-path, python.path.indirect-file-path
    return open(path).read()


@app.route("/real2")
def not_resolved():
    path = os.path.join(BASE, request.args["name"])
    if not path.startswith(BASE + os.sep):
        abort(404)
    # ruleid: python.path.tainted-file-path, python.path.indirect-file-path
    return open(path).read()


@app.route("/absolute")
def checked_when_absolute():
    path = os.path.normpath(os.path.join(BASE, request.args["name"]))
    absolute = os.path.abspath(path)
    if not absolute.startswith(BASE + os.sep):
        raise ValueError("outside")
    # ok: python.path.tainted-file-path, python.path.indirect-file-path
    return open(path).read()


@app.route("/lib")
def with_pathlib():
    target = (FOLDER / request.args["name"]).resolve()
    if not target.is_relative_to(FOLDER):
        raise ValueError("outside")
    # ok: python.path.tainted-file-path, python.path.indirect-file-path
    return target.read_text()


@app.route("/lib2")
def with_pathlib_unchecked():
    target = FOLDER / request.args["name"]
    # ruleid: python.path.tainted-path-probe
    if target.exists():
        # ruleid: python.path.tainted-file-path, python.path.indirect-file-path
        return target.read_text()
    # ruleid: python.path.tainted-file-path, python.path.indirect-file-path
    target.unlink()
    # ruleid: python.path.tainted-path-probe
    if os.path.exists(os.path.join(BASE, request.args["other"])):
        return "yes"
    # ok: python.path.tainted-path-probe
    os.path.exists(BASE)
    return "no"


@app.route("/lib3")
def with_relative_to():
    target = (FOLDER / request.args["name"]).resolve()
    target.relative_to(FOLDER)
    # ok: python.path.tainted-file-path, python.path.indirect-file-path
    return target.read_text()


@app.route("/dots")
def without_dots():
    name = request.args["name"]
    if ".." in name or name.startswith("/"):
        return "bad name", 400
    # ok: python.path.tainted-file-path, python.path.indirect-file-path
    return open(os.path.join(BASE, name)).read()


@app.route("/common")
def common():
    path = os.path.abspath(os.path.join(BASE, request.args["name"]))
    if os.path.commonpath([BASE, path]) != BASE:
        abort(403)
    # ok: python.path.tainted-file-path, python.path.indirect-file-path
    return send_file(path)


@app.route("/guarded")
def guarded():
    path = os.path.normpath(os.path.join(BASE, request.args["name"]))
    if path.startswith(BASE):
        # ok: python.path.tainted-file-path, python.path.indirect-file-path
        return send_file(path)
    return "no"


@app.route("/pages/<path:page>")
def page(page):
    # ruleid: python.path.tainted-file-path, python.path.indirect-file-path
    return open("pages/" + page).read()


@app.route("/delete", methods=["POST"])
def delete():
    # ruleid: python.path.tainted-file-path, python.path.indirect-file-path
    os.remove(os.path.join(BASE, request.form["name"]))
    # ruleid: python.path.tainted-file-path, python.path.indirect-file-path
    shutil.rmtree("/srv/" + request.json["folder"])
    # ruleid: python.path.tainted-file-path, python.path.indirect-file-path
    return pd.read_csv(request.args["csv"]).to_json()


@app.route("/upload", methods=["POST"])
def upload():
    file = request.files["file"]
    # ruleid: python.path.tainted-file-path, python.path.indirect-file-path, python.path.unrestricted-upload
    file.save(os.path.join(BASE, file.filename))
    # ruleid: python.path.unrestricted-upload
    file.save(os.path.join(BASE, secure_filename(file.filename)))
    # ok: python.path.tainted-file-path, python.path.indirect-file-path, python.path.unrestricted-upload
    file.save(os.path.join(BASE, "fixed.bin"))
    # ok: python.path.tainted-file-path, python.path.indirect-file-path
    archive = zipfile.ZipFile(request.files["archive"])
    return archive.namelist()


@app.route("/upload2", methods=["POST"])
def checked_upload():
    file = request.files["file"]
    if file and allowed_file(file.filename):
        name = secure_filename(file.filename)
        # ok: python.path.tainted-file-path, python.path.indirect-file-path, python.path.unrestricted-upload
        file.save(os.path.join(BASE, name))
    return "ok"


@api.get("/file/{name}")
async def get_file(name: str, number: int):
    # ruleid: python.path.tainted-file-path, python.path.indirect-file-path
    async with aiofiles.open(f"/srv/{name}") as file:
        await file.read()
    # ok: python.path.tainted-file-path, python.path.indirect-file-path
    open(f"/srv/{number}.txt")
    # ruleid: python.path.tainted-file-path, python.path.indirect-file-path
    return FileResponse(f"/srv/{name}")


@api.post("/upload")
async def receive(upload: UploadFile = File(...)):
    # ruleid: python.path.tainted-file-path, python.path.indirect-file-path, python.path.unrestricted-upload
    with open(f"uploads/{upload.filename}", "wb") as target:
        target.write(await upload.read())


def document(request, name):
    # ruleid: python.path.tainted-file-path, python.path.indirect-file-path
    return FileResponse(open("/docs/" + request.GET["name"], "rb"))


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        # ruleid: python.path.tainted-file-path, python.path.indirect-file-path
        with open("www" + self.path, "rb") as page:
            self.wfile.write(page.read())


def load(folder, name):
    # ruleid: python.path.built-file-path
    with open(os.path.join(folder, name)) as file:
        return file.read()


def load_checked(folder, name):
    path = os.path.realpath(os.path.join(folder, name))
    if not path.startswith(folder):
        raise ValueError(name)
    # ok: python.path.built-file-path
    return open(path).read()


def load_whole(path):
    # ok: python.path.built-file-path
    return open(path).read()


def main():
    # ruleid: python.path.built-file-path
    print(open("/var/log/" + sys.argv[1]).read())
    # ok: python.path.built-file-path
    print(open(sys.argv[1]).read())


def unpack(name, folder):
    archive = tarfile.open(name)
    # ruleid: python.path.archive-extracted
    archive.extractall(folder)
    # ok: python.path.archive-extracted
    archive.extractall(folder, filter="data")
    # ok: python.path.archive-extracted
    archive.extractall(folder, members=safe_members(archive))
    with tarfile.open(name) as tar:
        # ruleid: python.path.archive-extracted
        tar.extractall(path=folder)
        # ruleid: python.path.archive-extracted
        tar.extractall(folder, filter="fully_trusted")
    with zipfile.ZipFile(name) as archive:
        # ok: python.path.archive-extracted
        archive.extractall(folder)
    # ruleid: python.path.archive-extracted
    shutil.unpack_archive(name, folder, "gztar")


def unpack_by_hand(name, folder):
    with zipfile.ZipFile(name) as archive:
        for entry in archive.namelist():
            # ruleid: python.path.archive-member-path, python.path.built-file-path
            with open(os.path.join(folder, entry), "wb") as file:
                file.write(archive.read(entry))
        for info in archive.infolist():
            target = (Path(folder) / info.filename).resolve()
            if not target.is_relative_to(folder):
                continue
            # ok: python.path.archive-member-path
            target.write_bytes(archive.read(info))
        # ok: python.path.archive-member-path
        with open(os.path.join(folder, os.path.basename(entry)), "wb") as file:
            file.write(b"")
            manifest = json.loads(archive.read("manifest.json"))
            # ok: python.path.archive-member-path
            shutil.move(folder, layout(manifest))


@app.route("/unresolved")
def compared_too_early():
    target = FOLDER / request.args["name"]
    # ruleid: python.path.compared-unresolved
    if not target.is_relative_to(FOLDER):
        abort(404)
    resolved = target.resolve()
    # ok: python.path.compared-unresolved
    if not resolved.is_relative_to(FOLDER):
        abort(404)
    # ok: python.path.compared-unresolved
    if not (FOLDER / request.args["name"]).resolve().is_relative_to(FOLDER):
        abort(404)
    return resolved.read_text()


def unpack_compared_too_early(name, folder):
    with zipfile.ZipFile(name) as archive:
        for entry in archive.namelist():
            target = Path(folder) / entry
            # ruleid: python.path.compared-unresolved
            if target.is_relative_to(folder):
                target.write_bytes(archive.read(entry))
