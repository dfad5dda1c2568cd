import csv
import json
import logging
import re
import smtplib

import ldap
import ldap3
from bson import ObjectId
from django.http import HttpResponse
from fastapi import FastAPI
from flask import Flask, Response, make_response, request, session
from ldap3.utils.conv import escape_filter_chars
from pymongo import MongoClient

app = Flask(__name__)
api = FastAPI()
logger = logging.getLogger(__name__)
db = MongoClient().app
COLORS = {"r": "red"}


@app.route("/person")
def person():
    uid = request.args["uid"]
    connection = ldap.initialize("ldap://localhost")
    # ruleid: python.injection.tainted-ldap-query
    connection.search_s("dc=example", ldap.SCOPE_SUBTREE, "(uid=" + uid + ")")
    # ruleid: python.injection.tainted-ldap-query
    connection.search_s(f"ou={uid},dc=example", ldap.SCOPE_SUBTREE, "(objectClass=person)")
    # ok: python.injection.tainted-ldap-query
    connection.search_s("dc=example", ldap.SCOPE_SUBTREE, "(uid=" + ldap.filter.escape_filter_chars(uid) + ")")
    conn = ldap3.Connection("localhost")
    # ruleid: python.injection.tainted-ldap-query
    conn.search("dc=example", f"(&(objectClass=person)(uid={uid}))")
    # ruleid: python.injection.tainted-ldap-query
    conn.search(search_base="dc=example", search_filter="(uid=%s)" % uid)
    # ok: python.injection.tainted-ldap-query
    conn.search("dc=example", f"(uid={escape_filter_chars(uid)})")
    # ok: python.injection.tainted-ldap-query
    re.search("x", uid)
    return "ok"


def find_person(connection, uid):
    # ruleid: python.injection.parameter-in-ldap-query
    connection.search_s("dc=example", ldap.SCOPE_SUBTREE, f"(uid={uid})")
    # ok: python.injection.parameter-in-ldap-query
    connection.search_s("dc=example", ldap.SCOPE_SUBTREE, "(uid=fixed)")
    # ruleid: python.injection.anonymous-ldap-bind
    connection.simple_bind_s("cn=root", "")
    # ok: python.injection.anonymous-ldap-bind
    connection.simple_bind_s("cn=root", password)


@app.route("/login", methods=["POST"])
def login():
    body = request.get_json()
    # ruleid: python.injection.tainted-nosql-query
    user = db.users.find_one({"name": body["name"], "password": body["password"]})
    # ruleid: python.injection.tainted-nosql-query
    user = db.users.find_one(request.json)
    # ok: python.injection.tainted-nosql-query
    user = db.users.find_one({"name": str(body["name"])})
    # ok: python.injection.tainted-nosql-query
    user = db.users.find_one({"_id": ObjectId(body["id"])})
    # ok: python.injection.tainted-nosql-query
    user = db.users.find_one({"name": request.form["name"]})
    # ok: python.injection.tainted-nosql-query
    user = db.users.find_one({"name": "fixed"})
    # ruleid: python.injection.tainted-nosql-code
    user = db.users.find_one({"$where": "this.name == '" + request.args["name"] + "'"})
    # ok: python.injection.tainted-nosql-code
    user = db.users.find_one({"$where": "this.a == this.b"})
    # ruleid: python.injection.tainted-nosql-code
    users = db.users.find().where("this.name == '" + request.args["name"] + "'")
    # ok: python.injection.tainted-nosql-code
    query = statement.where(User.name.in_(request.args["name"]))
    return str(user)


@api.post("/find")
async def find(query: dict, name: str):
    # ruleid: python.injection.tainted-nosql-query
    await db.users.find_one(query)
    # ok: python.injection.tainted-nosql-query
    await db.users.find_one({"name": name})


@app.route("/header")
def header():
    response = make_response("ok")
    # ruleid: python.injection.tainted-header
    response.headers["X-Name"] = request.args["name"]
    # ruleid: python.injection.tainted-header
    response.headers.add("X-Name", "a" + request.args["name"])
    # ruleid: python.injection.tainted-header
    response.headers[request.args["key"]] = "x"
    # ok: python.injection.tainted-header
    response.headers["X-Name"] = request.args["name"].replace("\n", "")
    # ok: python.injection.tainted-header
    response.headers["X-Number"] = str(int(request.args["n"]))
    # ok: python.injection.tainted-header
    response.headers["X-Color"] = COLORS[request.args["c"]]
    return response


def download(request):
    response = HttpResponse("x")
    # ruleid: python.injection.tainted-header
    response["Content-Disposition"] = "attachment; filename=" + request.GET["name"]
    # ok: python.injection.tainted-header
    response["Content-Disposition"] = "attachment; filename=a.txt"
    return response


@app.route("/log")
def log():
    name = request.args["name"]
    # ruleid: python.injection.tainted-log-entry
    logger.info("login of " + name)
    # ruleid: python.injection.tainted-log-entry
    logging.warning("login of %s", name)
    # ruleid: python.injection.tainted-log-entry
    app.logger.error(f"login of {name}")
    # ok: python.injection.tainted-log-entry
    logger.info("login of %r", name)
    # ok: python.injection.tainted-log-entry
    logger.info("login of %s", name.replace("\n", " ").replace("\r", " "))
    # ok: python.injection.tainted-log-entry
    logger.info("login")
    return "ok"


@app.route("/grep")
def grep():
    # ruleid: python.injection.tainted-regular-expression
    re.findall(request.args["pattern"], TEXT)
    # ruleid: python.injection.tainted-regular-expression
    re.compile("^" + request.args["pattern"])
    # ok: python.injection.tainted-regular-expression
    re.findall(re.escape(request.args["pattern"]), TEXT)
    # ok: python.injection.tainted-regular-expression
    re.findall("^[a-z]+$", request.args["text"])
    return "ok"


@app.route("/mail", methods=["POST"])
def mail():
    server = smtplib.SMTP("localhost")
    # ruleid: python.injection.tainted-mail
    server.sendmail("a@example.org", "b@example.org", "Subject: " + request.form["subject"] + "\n\nhi")
    # ok: python.injection.tainted-mail
    server.sendmail("a@example.org", "b@example.org", "Subject: hi\n\nhi")
    return "ok"


@app.route("/remember", methods=["POST"])
def remember():
    # ruleid: python.injection.tainted-session-value
    session["user"] = request.form["user"]
    # ruleid: python.injection.tainted-session-value
    session[request.form["key"]] = "yes"
    # ok: python.injection.tainted-session-value
    session["count"] = int(request.form["count"])
    # ok: python.injection.tainted-session-value
    session["color"] = COLORS[request.form["color"]]
    # ok: python.injection.tainted-session-value
    session["user"] = "guest"
    return "ok"


def remember_view(request):
    # ruleid: python.injection.tainted-session-value
    request.session["role"] = request.POST["role"]
    form = LoginForm(request.POST)
    if form.is_valid():
        # ok: python.injection.tainted-session-value
        request.session["user_id"] = User.objects.get(name="x").pk


@app.route("/profile", methods=["POST"])
def profile():
    user = current_user()
    for key, value in request.form.items():
        # ruleid: python.injection.tainted-attribute
        setattr(user, key, value)
    # ruleid: python.injection.tainted-attribute
    user.__dict__.update(request.json)
    # ok: python.injection.tainted-attribute
    setattr(user, "name", request.form["name"])
    for key in request.form:
        if key in ("name", "mail"):
            # ok: python.injection.tainted-attribute
            setattr(user, key, request.form[key])
    return "ok"


@app.route("/export")
def export():
    writer = csv.writer(FILE)
    # ruleid: python.injection.tainted-csv-cell
    writer.writerow([request.args["name"], 1])
    # ok: python.injection.tainted-csv-cell
    writer.writerow(["name", int(request.args["n"])])
    return "ok"


@app.route("/ask", methods=["POST"])
def ask():
    style = request.form["style"]
    # ruleid: python.injection.tainted-prompt
    client.chat.completions.create(messages=[{"role": "system", "content": "Answer like " + style}], model="m")
    # ok: python.injection.tainted-prompt
    client.chat.completions.create(messages=[{"role": "system", "content": "x"}, {"role": "user", "content": style}])
    # ruleid: python.injection.tainted-prompt
    return client.messages.create(system=f"Answer like {style}", messages=[])
