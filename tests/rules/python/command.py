import asyncio
import os
import shlex
import subprocess
import sys
from subprocess import Popen
from subprocess import check_output as run_and_read

import click
import paramiko
from aiohttp import web
from django.http import HttpResponse
from fastapi import FastAPI, Query
from flask import Flask, abort, request

app = Flask(__name__)
api = FastAPI()
ALLOWED = {"status", "start", "stop"}
COMMANDS = {"disk": "df -h", "memory": "free -m"}


@app.route("/ping")
def ping():
    host = request.args.get("host", "localhost")
    # ruleid: python.command.tainted-shell-command
    os.system("ping -c 1 " + host)
    # ruleid: python.command.tainted-shell-command
    output = subprocess.check_output(f"ping -c 1 {host}", shell=True)
    # ruleid: python.command.tainted-shell-command
    subprocess.run("ping -c 1 %s" % host, shell=True, check=False)
    # ruleid: python.command.tainted-shell-command
    subprocess.run(args="ping " + host, shell=True)
    # ruleid: python.command.tainted-shell-command
    run_and_read("ping {}".format(host), shell=1)
    # ruleid: python.command.tainted-shell-command
    subprocess.run(["sh", "-c", f"ping {host}"])
    # ruleid: python.command.tainted-shell-command
    subprocess.run(["/bin/bash", "-lc", "ping " + host])
    # ok: python.command.tainted-shell-command, python.command.tainted-program
    subprocess.run(["ping", "-c", "1", host], check=True)
    # ok: python.command.tainted-shell-command
    subprocess.run("ping -c 1 " + shlex.quote(host), shell=True)
    return output


@app.route("/count/<name>")
def count_lines(name):
    # ruleid: python.command.tainted-shell-command
    return os.popen(f"wc -l uploads/{name}").read()


@app.route("/page/<int:number>")
def page(number):
    # ok: python.command.tainted-shell-command
    return os.popen(f"sed -n {number}p book.txt").read()


@app.post("/service")
def service():
    action = request.form["action"]
    if action not in ALLOWED:
        abort(400)
    # ok: python.command.tainted-shell-command
    os.system(f"systemctl {action} app")
    return "done"


@app.post("/service2")
def service_without_leaving():
    action = request.form["action"]
    if action not in ALLOWED:
        app.logger.warning("odd action")
    # ruleid: python.command.tainted-shell-command
    os.system(f"systemctl {action} app")
    return "done"


@app.get("/report")
def report():
    kind = request.args["kind"]
    # ok: python.command.tainted-shell-command
    os.system(COMMANDS[kind])
    # ok: python.command.tainted-shell-command
    os.system(COMMANDS.get(kind, "true"))
    number = int(request.args["n"])
    # ok: python.command.tainted-shell-command
    os.system(f"head -n {number} log.txt")
    options = {"verbose": request.args["v"], "quiet": "-q"}
    options["fixed"] = "-f"
    # ruleid: python.command.tainted-shell-command
    os.system("report " + request.args.get("options"))
    return "ok"


@app.get("/keys")
def keys():
    parts = {}
    parts["user"] = request.args["user"]
    parts["tool"] = "id"
    # ok: python.command.tainted-shell-command
    os.system(parts["tool"])
    # ruleid: python.command.tainted-shell-command
    os.system(parts["user"])
    return ""


@api.get("/convert")
async def convert(source: str, width: int = 100, target: str = Query("png")):
    # ruleid: python.command.tainted-shell-command
    process = await asyncio.create_subprocess_shell(f"convert {source} out.png")
    # ok: python.command.tainted-shell-command
    await asyncio.create_subprocess_shell(f"convert in.png -resize {width} out.png")
    # ok: python.command.tainted-shell-command, python.command.tainted-program
    # ruleid: python.command.tainted-argument
    await asyncio.create_subprocess_exec("convert", source, "out.png")
    return process


def archive_view(request):
    folder = request.POST.get("folder")
    # ruleid: python.command.tainted-shell-command
    Popen("tar czf /tmp/a.tgz " + folder, shell=True)
    return HttpResponse("ok")


class BackupView(View):
    def post(self, request, *args, **kwargs):
        name = self.request.POST["name"]
        command = "mysqldump " + name
        # ruleid: python.command.tainted-shell-command
        subprocess.call(command, shell=True)
        return HttpResponse("ok")


async def resize(request):
    data = await request.post()
    # ruleid: python.command.tainted-shell-command
    os.system("mogrify -resize " + data["size"])
    return web.Response(text="ok")


def serve(connection):
    line = connection.recv(1024).decode()
    # ruleid: python.command.tainted-shell-command
    os.system(line)


@app.route("/run")
def run_any():
    program = request.args["program"]
    # ruleid: python.command.tainted-program
    subprocess.run([program, "--version"])
    # ruleid: python.command.tainted-program
    subprocess.Popen(shlex.split(request.args["line"]))
    arguments = []
    arguments.append("sh")
    arguments.append("-c")
    arguments.append(f"echo {program}")
    # ruleid: python.command.tainted-program
    subprocess.run(arguments, capture_output=True)
    clone = ["git", "clone"]
    clone.append(request.args["url"])
    # ok: python.command.tainted-program
    subprocess.run(clone)
    # ruleid: python.command.tainted-program
    os.execvp(program, [program])
    if program in ("ls", "pwd"):
        # ok: python.command.tainted-program
        subprocess.run([program])
    return ""


def compress(path, level: int):
    # ruleid: python.command.parameter-in-shell-command
    os.system("gzip -9 " + path)
    # ruleid: python.command.parameter-in-shell-command
    subprocess.call(f"gzip {path}", shell=True)
    # ok: python.command.parameter-in-shell-command
    subprocess.call(f"gzip -{level} fixed.txt", shell=True)
    # ok: python.command.parameter-in-shell-command
    subprocess.call(["gzip", path])
    # ok: python.command.parameter-in-shell-command
    subprocess.call("gzip " + shlex.quote(path), shell=True)


def main():
    # ruleid: python.command.parameter-in-shell-command
    os.system("ls " + sys.argv[1])
    name = input("Name: ")
    # ruleid: python.command.parameter-in-shell-command
    os.system(f"echo {name}")
    for line in open("commands.txt").readlines():
        # ruleid: python.command.parameter-in-shell-command
        os.system(line)
    with open("jobs.txt") as jobs:
        # ruleid: python.command.parameter-in-shell-command
        subprocess.run(jobs.read(), shell=True)
    # ok: python.command.parameter-in-shell-command
    os.system("clear")


@click.command()
@click.argument("target")
def deploy(target):
    # ruleid: python.command.parameter-in-shell-command
    subprocess.run(f"rsync -a . {target}", shell=True)


def shapes():
    # ruleid: python.command.wildcard-in-shell-command
    os.system("chown root:root /srv/data/*")
    # ruleid: python.command.wildcard-in-shell-command
    os.system("tar cf /backup.tar *")
    # ok: python.command.wildcard-in-shell-command
    os.system("ls *")
    # ok: python.command.wildcard-in-shell-command
    subprocess.run(["tar", "cf", "/backup.tar", "*"])


def remote(host, user):
    client = paramiko.SSHClient()
    # ruleid: python.command.tainted-remote-command
    client.exec_command("id " + user)
    # ok: python.command.tainted-remote-command
    client.exec_command("uptime")
    # ok: python.command.tainted-remote-command
    client.exec_command("id " + shlex.quote(user))
    # ok: python.command.tainted-remote-command
    client.exec_command("dd if=%s" % self._shell.quote(user))


@app.route("/clone")
def clone():
    url = request.args["url"]
    # ruleid: python.command.tainted-argument
    subprocess.run(["git", "clone", url], check=True)
    # ruleid: python.command.tainted-argument
    subprocess.check_output(["/usr/bin/curl", "-s", url])
    # ok: python.command.tainted-argument
    subprocess.run(["git", "clone", "--", url], check=True)
    # ok: python.command.tainted-argument
    subprocess.run(["git", "clone", "--branch=" + url, REPOSITORY])
    # ok: python.command.tainted-argument
    subprocess.run(["git", "log", f"--author={url}"])
    # ok: python.command.tainted-argument
    subprocess.run(["echo", url])
    depth = int(request.args["depth"])
    # ok: python.command.tainted-argument
    subprocess.run(["git", "fetch", "--depth", depth])


@app.route("/checked")
def checked_clone():
    url = request.args["url"]
    if url.startswith("-"):
        abort(400)
    # ok: python.command.tainted-argument
    subprocess.run(["git", "clone", url], check=True)


@app.route("/fetch")
async def fetch():
    # ruleid: python.command.tainted-argument
    await asyncio.create_subprocess_exec("wget", request.args["url"])
    # ok: python.command.tainted-argument
    await asyncio.create_subprocess_exec("wget", "--", request.args["url"])
