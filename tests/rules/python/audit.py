import os
import subprocess


def shapes(parts):
    folder = compute()
    # ruleid: python.audit.built-shell-command
    os.system(f"ls {folder}")
    # ok: python.audit.built-shell-command
    os.system("ls /tmp")
    base = "ls"
    # ok: python.audit.built-shell-command
    os.system(base + " /tmp")
    # ruleid: python.audit.shell-true
    subprocess.run("ls /tmp", shell=True)
    # ok: python.audit.shell-true
    subprocess.run(["ls", "/tmp"], shell=False)
    # ok: python.audit.shell-true
    subprocess.run(["ls", "/tmp"])


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
