import json
import os
import pickle
import random
import subprocess
import urllib.request
import xml.etree.ElementTree

import defusedxml.ElementTree
import requests


def shapes(parts):
    folder = compute()
    # ruleid: python.audit.built-shell-command, python.audit.process-started, python.audit.shell-used
    os.system(f"ls {folder}")
    # ok: python.audit.built-shell-command
    # ruleid: python.audit.shell-used
    os.system("ls /srv")
    base = "ls"
    # ok: python.audit.built-shell-command
    # ruleid: python.audit.shell-used
    os.system(base + " /srv")
    # ruleid: python.audit.shell-used
    subprocess.run("ls /srv", shell=True)
    # ok: python.audit.shell-used
    subprocess.run(["ls", "/srv"], shell=False)
    # ok: python.audit.shell-used
    subprocess.run(["ls", "/srv"])


def queries(table):
    # ruleid: python.audit.built-query
    query = f"SELECT * FROM {table} WHERE a = 1"
    # ruleid: python.audit.built-query
    query = "DELETE FROM %s" % table
    # ruleid: python.audit.built-query
    query = "INSERT INTO {} VALUES (1)".format(table)
    # ok: python.audit.built-query
    query = "SELECT a FROM b"
    # ok: python.audit.built-query
    text = f"Select a flavour {table}"
    # ruleid: python.audit.django-raw-sql
    Book.objects.extra(where=["a = 1"])
    # ok: python.audit.django-raw-sql
    Book.objects.filter(a=1)
    return query, text


def more(path, code, command, url):
    # ruleid: python.audit.assert-decides
    assert path
    # ok: python.audit.assert-decides
    if not path:
        raise ValueError(path)
    # ruleid: python.audit.error-ignored
    try:
        work()
    except Exception:
        pass
    # ok: python.audit.error-ignored
    try:
        work()
    except ValueError:
        pass
    # ruleid: python.audit.pickle-used
    pickle.load(path)
    # ok: python.audit.pickle-used
    json.load(path)
    # ruleid: python.audit.code-evaluated
    eval(code)
    # ok: python.audit.code-evaluated
    eval("1 + 1")
    # ruleid: python.audit.xml-parser
    xml.etree.ElementTree.parse(path)
    # ok: python.audit.xml-parser
    defusedxml.ElementTree.parse(path)
    # ruleid: python.audit.random-used
    random.random()
    # ok: python.audit.random-used
    random.SystemRandom().random()
    # ruleid: python.audit.request-without-timeout
    requests.get("https://example.org")
    # ok: python.audit.request-without-timeout
    requests.get("https://example.org", timeout=3)
    # ruleid: python.audit.address-opened
    urllib.request.urlopen(url)
    # ok: python.audit.address-opened
    urllib.request.urlopen("https://example.org")
    # ruleid: python.audit.process-started
    os.execvp(command, [command])
    # ok: python.audit.process-started
    os.execvp("ls", ["ls"])
    # ruleid: python.audit.markup-declared-safe
    mark_safe(path)
    # ok: python.audit.markup-declared-safe
    mark_safe("<b>x</b>")


def listen(sock):
    # ruleid: python.audit.all-interfaces-address
    address = "0.0.0.0"
    # ok: python.audit.all-interfaces-address
    address = "127.0.0.1"
    # ruleid: python.audit.temporary-folder
    folder = "/tmp/work"
    # ok: python.audit.temporary-folder
    folder = "/srv/tmp/work"
    # ruleid: python.audit.credential-in-code
    token = "abc"
    # ok: python.audit.credential-in-code
    name = "abc"
    # ok: python.audit.credential-in-code
    token = ""
    return address, folder, token, name
