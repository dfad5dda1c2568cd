import html
import json
import re

import jinja2
import markupsafe
from aiohttp import web
from django.http import HttpResponse, JsonResponse
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from fastapi.responses import HTMLResponse
from flask import Flask, Response, jsonify, make_response, render_template, request
from mako.template import Template as MakoTemplate
from markupsafe import Markup

app = Flask(__name__)


@app.route("/hello")
def hello():
    name = request.args.get("name", "")
    # ruleid: python.xss.tainted-response, python.xss.indirect-response
    return "<h1>Hello " + name + "</h1>"


@app.route("/file")
def file_of_that_name():
    # ok: python.xss.tainted-response
    return open(request.args["name"]).read()


@app.route("/settings")
def settings_of_that_name():
    # ok: python.xss.tainted-response
    return yaml.safe_load(request.args["name"])


@app.route("/hello2")
def hello_formatted():
    # ruleid: python.xss.tainted-response, python.xss.indirect-response
    return f"<h1>Hello {request.args['name']}</h1>"


@app.route("/hello3")
def hello_percent():
    page = "<h1>Hello %s</h1>" % request.form.get("name")
    # ruleid: python.xss.tainted-response, python.xss.indirect-response
    return page, 200


@app.route("/hello4")
def hello_format():
    page = ""
    page += "<h1>Hello {}</h1>".format(request.cookies["name"])
    # ruleid: python.xss.tainted-response, python.xss.indirect-response
    return page


@app.route("/echo")
def echo():
    # ruleid: python.xss.tainted-response
    return request.args.get("text")


@app.route("/user/<name>")
def user(name):
    # ruleid: python.xss.tainted-response
    return make_response(name)


@app.route("/raw")
def raw():
    # ruleid: python.xss.tainted-response, python.xss.indirect-response
    return Response("<p>" + request.args["x"] + "</p>", mimetype="text/html")


@app.route("/escaped")
def escaped():
    name = markupsafe.escape(request.args.get("name", ""))
    # ok: python.xss.tainted-response, python.xss.indirect-response
    return f"<h1>Hello {name}</h1>"


@app.route("/escaped2")
def escaped_html():
    # ok: python.xss.tainted-response, python.xss.indirect-response
    return "<h1>" + html.escape(request.args["name"]) + "</h1>"


@app.route("/template")
def template():
    # ok: python.xss.tainted-response, python.xss.indirect-response
    return render_template("hello.html", name=request.args["name"])


@app.route("/json")
def as_json():
    # ok: python.xss.tainted-response, python.xss.indirect-response
    return {"name": request.args["name"]}


@app.route("/json2")
def as_json_response():
    # ok: python.xss.tainted-response, python.xss.indirect-response
    return jsonify(name=request.args["name"])


@app.route("/plain")
def plain():
    # ok: python.xss.tainted-response, python.xss.indirect-response
    return Response("Hello " + request.args["name"], mimetype="text/plain")


@app.route("/headers")
def with_headers():
    response = make_response(("ok", {"X-Name": request.args["name"]}))
    # ok: python.xss.tainted-response, python.xss.indirect-response
    return response


@app.route("/number")
def number():
    # ok: python.xss.tainted-response, python.xss.indirect-response
    return f"<b>{int(request.args['n'])}</b>"


@app.route("/service")
def from_service():
    # ok: python.xss.tainted-response, python.xss.indirect-response
    return service.find(request.args["id"])


@app.route("/indirect")
def indirect():
    label = translate(request.args["label"])
    # ruleid: python.xss.indirect-response
    return f"<label>{label}</label>"


@app.route("/choice")
def choice():
    color = request.args["color"]
    if color not in ("red", "green"):
        return "bad", 400
    # ok: python.xss.tainted-response, python.xss.indirect-response
    return f"<p style='color:{color}'>"


def search(request):
    term = request.GET.get("q")
    # ruleid: python.xss.tainted-response, python.xss.indirect-response
    return HttpResponse("Results for " + term)


def search_escaped(request):
    term = request.GET.get("q")
    # ok: python.xss.tainted-response, python.xss.indirect-response
    return HttpResponse("Results for " + escape(term))


def search_json(request):
    # ok: python.xss.tainted-response, python.xss.indirect-response
    return HttpResponse(json.dumps({"q": request.GET["q"]}), content_type="application/json")


def search_json_response(request):
    # ok: python.xss.tainted-response, python.xss.indirect-response
    return JsonResponse({"q": request.GET["q"]})


@api.get("/page", response_class=HTMLResponse)
async def page(title: str, number: int):
    # ruleid: python.xss.tainted-response, python.xss.indirect-response
    return HTMLResponse(f"<h1>{title}</h1>")


async def aiohttp_page(request):
    name = request.query.get("name")
    # ruleid: python.xss.tainted-response, python.xss.indirect-response
    return web.Response(text=f"<h1>{name}</h1>", content_type="text/html")


async def aiohttp_text(request):
    # ok: python.xss.tainted-response, python.xss.indirect-response
    return web.Response(text=request.query["name"])


class Page(tornado.web.RequestHandler):
    def get(self):
        # ruleid: python.xss.tainted-response, python.xss.indirect-response
        self.write("<p>" + self.get_argument("name") + "</p>")
        # ok: python.xss.tainted-response, python.xss.indirect-response
        self.write({"name": self.get_argument("name")})


class Plain(BaseHTTPRequestHandler):
    def do_GET(self):
        # ruleid: python.xss.tainted-response, python.xss.indirect-response
        self.wfile.write(f"<p>{self.path}</p>".encode())
        # ok: python.xss.tainted-response, python.xss.indirect-response
        self.wfile.write(b"<p>fixed</p>")


def comment(request):
    # ruleid: python.xss.tainted-markup
    text = mark_safe(request.POST["text"])
    # ruleid: python.xss.tainted-markup, python.xss.unescaped-markup
    text = Markup("<p>" + request.POST["text"] + "</p>")
    # ok: python.xss.tainted-markup, python.xss.unescaped-markup
    text = Markup("<p>{}</p>").format(request.POST["text"])
    # ok: python.xss.tainted-markup, python.xss.unescaped-markup
    text = format_html("<p>{}</p>", request.POST["text"])
    # ok: python.xss.tainted-markup
    text = mark_safe(escape(request.POST["text"]))
    return text


def badge(label, count: int):
    # ruleid: python.xss.unescaped-markup, python.xss.parameter-in-markup
    first = mark_safe(f"<b>{label}</b>")
    # ruleid: python.xss.unescaped-markup, python.xss.parameter-in-markup
    second = Markup("<b>%s</b>" % label)
    # ruleid: python.xss.parameter-in-markup
    third = mark_safe(label)
    # ok: python.xss.unescaped-markup, python.xss.parameter-in-markup
    fourth = mark_safe("<b>fixed</b>")
    # ok: python.xss.unescaped-markup, python.xss.parameter-in-markup
    fifth = format_html("<b>{}</b>", label)
    # ok: python.xss.parameter-in-markup, python.xss.unescaped-markup
    sixth = mark_safe("<b>" + escape(label) + "</b>")
    # ok: python.xss.parameter-in-markup, python.xss.unescaped-markup
    seventh = Markup(f"<b>{label}</b>").striptags()
    # ok: python.xss.parameter-in-markup, python.xss.unescaped-markup
    eighth = Markup(label).striptags()
    return first, second, third, fourth, fifth, sixth, seventh, eighth


def environments(options):
    # ruleid: python.xss.jinja-without-autoescape
    jinja2.Environment(loader=loader)
    # ruleid: python.xss.jinja-without-autoescape
    jinja2.Environment(loader=loader, autoescape=False)
    # ok: python.xss.jinja-without-autoescape
    jinja2.Environment(loader=loader, autoescape=True)
    # ok: python.xss.jinja-without-autoescape
    jinja2.Environment(loader=loader, autoescape=jinja2.select_autoescape())
    # ok: python.xss.jinja-without-autoescape
    jinja2.Environment(**options)
    # ruleid: python.xss.mako-without-escape
    MakoTemplate("hello ${name}")
    # ok: python.xss.mako-without-escape
    MakoTemplate("hello ${name}", default_filters=["h"])
    # ruleid: python.xss.autoescape-off
    app.jinja_env.autoescape = False
    # ok: python.xss.autoescape-off
    app.jinja_env.autoescape = True
    # ruleid: python.xss.autoescape-off
    return {"BACKEND": "x", "OPTIONS": {"autoescape": False}}


def clean(text):
    # ruleid: python.xss.own-html-filter
    text = re.sub("<script.*?>.*?</script>", "", text)
    # ruleid: python.xss.own-html-filter
    text = text.replace("<script>", "")
    # ok: python.xss.own-html-filter
    text = re.sub(r"\s+", " ", text)
    # ok: python.xss.own-html-filter
    return text.replace("<br>", "\n")
