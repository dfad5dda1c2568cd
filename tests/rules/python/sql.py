import sqlite3
import sys

import pandas as pd
import psycopg2
from django.db import connection
from django.db.models.expressions import RawSQL
from fastapi import APIRouter
from flask import Flask, request
from psycopg2 import sql
from sqlalchemy import create_engine, select, text

app = Flask(__name__)
router = APIRouter()
engine = create_engine("sqlite://")
COLUMNS = "id, name"
SORTABLE = {"name": "name", "age": "age_years"}


@app.route("/user")
def user():
    name = request.args.get("name")
    db = sqlite3.connect("app.db")
    cursor = db.cursor()
    # ruleid: python.sql.tainted-query, python.sql.value-in-query-text
    cursor.execute("SELECT * FROM users WHERE name = '" + name + "'")
    # ruleid: python.sql.tainted-query, python.sql.value-in-query-text
    cursor.execute("SELECT * FROM users WHERE name = '%s'" % name)
    # ruleid: python.sql.tainted-query, python.sql.value-in-query-text
    cursor.execute(f"SELECT * FROM users WHERE name = '{name}'")
    # ruleid: python.sql.tainted-query, python.sql.value-in-query-text
    cursor.execute("SELECT * FROM users WHERE name = '{}'".format(name))
    query = "SELECT * FROM users WHERE name = '"
    query += name
    query += "'"
    # ruleid: python.sql.tainted-query
    cursor.execute(query)
    # ruleid: python.sql.tainted-query
    db.executescript(name)
    # ok: python.sql.tainted-query, python.sql.value-in-query-text
    cursor.execute("SELECT * FROM users WHERE name = ?", (name,))
    # ok: python.sql.tainted-query, python.sql.value-in-query-text
    cursor.execute("SELECT * FROM users WHERE name = %s", [name])
    # ok: python.sql.tainted-query, python.sql.value-in-query-text
    cursor.execute("SELECT * FROM users WHERE name = :name", {"name": name})
    # ok: python.sql.tainted-query, python.sql.value-in-query-text
    cursor.execute(f"SELECT {COLUMNS} FROM users WHERE name = ?", (name,))
    # ok: python.sql.tainted-query
    cursor.execute(f"SELECT * FROM users ORDER BY {SORTABLE[name]}")
    return cursor.fetchall()


@app.route("/sorted")
def sorted_users():
    column = request.args.get("column", "name")
    if column not in ("name", "age"):
        return "bad column", 400
    cursor = connection.cursor()
    # ok: python.sql.tainted-query
    cursor.execute(f"SELECT * FROM users ORDER BY {column}")
    limit = int(request.args.get("limit", 10))
    # ok: python.sql.tainted-query
    cursor.execute(f"SELECT * FROM users LIMIT {limit}")
    direction = "DESC" if request.args.get("desc") == "1" else "ASC"
    # ok: python.sql.tainted-query
    cursor.execute("SELECT * FROM users ORDER BY name " + direction)
    # ruleid: python.sql.tainted-query
    cursor.execute("SELECT * FROM users ORDER BY " + request.args["by"])
    names = request.args.getlist("name")
    marks = ", ".join("?" for _ in names)
    # ok: python.sql.tainted-query
    cursor.execute(f"SELECT * FROM users WHERE name IN ({marks})", names)
    return "ok"


@router.get("/items/")
def items(name: str, kind: str, manager: ItemManager, session):
    statement = page(statement=select(Item), filters=[name, kind], session=session)
    # ok: python.sql.tainted-query
    session.execute(statement).all()
    # ok: python.sql.tainted-query
    session.execute(Item.find(name=name).with_only_columns(Item.id).limit(1))
    # ok: python.sql.tainted-query
    session.execute(manager.everything())
    # ruleid: python.sql.tainted-query
    session.execute(Item.find(name=name).order_by(text(kind)))


@router.get("/items/{item_id}")
async def item(item_id: str, number: int, session):
    # ruleid: python.sql.tainted-query, python.sql.value-in-query-text
    await session.execute(text(f"SELECT * FROM items WHERE id = '{item_id}'"))
    # ok: python.sql.tainted-query
    # ruleid: python.sql.value-in-query-text
    await session.execute(text(f"SELECT * FROM items WHERE number = {number}"))
    # ok: python.sql.tainted-query, python.sql.value-in-query-text
    await session.execute(text("SELECT * FROM items WHERE id = :id"), {"id": item_id})
    # ok: python.sql.tainted-query
    return await session.execute(select(Item).where(Item.id == item_id))


def search(request):
    term = request.GET["term"]
    # ruleid: python.sql.tainted-query, python.sql.value-in-query-text
    people = Person.objects.raw("SELECT * FROM person WHERE name LIKE '%" + term + "%'")
    # ruleid: python.sql.tainted-query
    people = Person.objects.extra(where=["name = '%s'" % term])
    # ruleid: python.sql.tainted-query
    people = Person.objects.annotate(value=RawSQL("select col from t where other = '%s'" % term, []))
    # ok: python.sql.tainted-query
    people = Person.objects.raw("SELECT * FROM person WHERE name = %s", [term])
    # ok: python.sql.tainted-query
    people = Person.objects.filter(name__icontains=term)
    with connection.cursor() as cursor:
        # ruleid: python.sql.tainted-query, python.sql.value-in-query-text
        cursor.execute("UPDATE bar SET foo = 1 WHERE baz = " + term)
    person = Person.objects.get(pk=request.GET["id"])
    with connection.cursor() as cursor:
        # ok: python.sql.tainted-query
        cursor.execute(person.saved_query)
    return people


class Reports(tornado.web.RequestHandler):
    def get(self):
        year = self.get_argument("year")
        # ruleid: python.sql.tainted-query
        self.db.query("SELECT * FROM reports WHERE year = " + year)
        # ruleid: python.sql.tainted-query, python.sql.value-in-query-text
        pd.read_sql("SELECT * FROM reports WHERE year = " + year, self.engine)


async def asyncpg_handler(request):
    key = request.match_info["key"]
    # ruleid: python.sql.tainted-query, python.sql.value-in-query-text
    rows = await request.app["pool"].fetch_all("SELECT * FROM kv WHERE key = '" + key + "'")
    conn = request.app["conn"]
    # ruleid: python.sql.tainted-query
    await conn.fetch(f"SELECT * FROM kv WHERE key = {key!r}")
    # ok: python.sql.tainted-query
    await conn.fetch("SELECT * FROM kv WHERE key = $1", key)
    return rows


def composed(request):
    table = request.POST["table"]
    conn = psycopg2.connect("")
    # ok: python.sql.tainted-query
    conn.cursor().execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
    # ruleid: python.sql.tainted-query
    conn.cursor().execute(sql.SQL("SELECT * FROM " + table))


def find_user(connection, username):
    cursor = connection.cursor()
    # ruleid: python.sql.parameter-in-query, python.sql.value-in-query-text
    cursor.execute("SELECT * FROM users WHERE username = '%s'" % username)
    query = f"SELECT * FROM users WHERE username = '{username}'"
    # ruleid: python.sql.parameter-in-query
    cursor.execute(query)
    # ok: python.sql.parameter-in-query, python.sql.value-in-query-text
    cursor.execute("SELECT * FROM users WHERE username = %s", (username,))
    return cursor.fetchone()


def run(connection, statement):
    # ok: python.sql.parameter-in-query
    return connection.execute(statement)


def by_number(cursor, number: int):
    # ok: python.sql.parameter-in-query
    # ruleid: python.sql.value-in-query-text
    cursor.execute(f"DELETE FROM t WHERE n = {number} AND x")


def drop(cursor, table):
    if table not in TABLES:
        raise ValueError(table)
    # ok: python.sql.parameter-in-query
    cursor.execute(f"DROP TABLE {table}")


class Repository:
    def find(self, **criteria):
        clauses = " AND ".join(f"{k} = '{v}'" for k, v in criteria.items())
        # ruleid: python.sql.parameter-in-query
        return self.db.execute("SELECT * FROM t WHERE " + clauses)

    def page(self, limit: int = 10, order: str = "id"):
        # ruleid: python.sql.parameter-in-query
        return self.db.execute(f"SELECT * FROM t ORDER BY {order} LIMIT {limit}")


def main():
    db = sqlite3.connect("x.db")
    # ruleid: python.sql.parameter-in-query, python.sql.value-in-query-text
    db.execute("SELECT * FROM users WHERE id = " + sys.argv[1])
    name = input()
    # ruleid: python.sql.parameter-in-query, python.sql.value-in-query-text
    db.execute(f"INSERT INTO users VALUES ('{name}')")
    # ok: python.sql.parameter-in-query
    db.execute("INSERT INTO users VALUES (?)", (name,))
    row = compute()
    # ruleid: python.sql.value-in-query-text
    db.execute(f"INSERT INTO users (a, b) VALUES ({row.a}, {row.b})")
    # ok: python.sql.value-in-query-text
    db.execute(f"INSERT INTO users (a, b) VALUES ({PLACEHOLDERS})")
    # ok: python.sql.value-in-query-text
    db.execute(f"CREATE TABLE {row.name} (a INTEGER)")
