import ast
import builtins
import importlib
import json
import re
import sys

import jinja2
import openai
import requests
from bottle import request as bottle_request
from django.template import Template as DjangoTemplate
from fastapi import FastAPI
from flask import Flask, render_template, render_template_string, request
from jinja2 import Environment, Template
from mako.template import Template as MakoTemplate

app = Flask(__name__)
api = FastAPI()
OPERATIONS = {"add": lambda a, b: a + b}


@app.route("/calculate")
def calculate():
    expression = request.args.get("expression", "")
    # ruleid: python.code.tainted-eval
    result = eval(expression)
    # ruleid: python.code.tainted-eval
    result = eval(f"2 * ({expression})", {"__builtins__": {}})
    # ruleid: python.code.tainted-eval
    exec("value = " + expression)
    # ruleid: python.code.tainted-eval
    exec(compile(expression, "<web>", "exec"))
    # ruleid: python.code.tainted-eval
    builtins.eval(expression)
    # ok: python.code.tainted-eval
    result = ast.literal_eval(expression)
    # ok: python.code.tainted-eval
    result = eval("1 + 1")
    # ok: python.code.tainted-eval
    result = OPERATIONS[expression](1, 2)
    # ok: python.code.tainted-eval
    pattern = re.compile(expression)
    return str((result, pattern))


@app.post("/checked")
def checked():
    expression = request.form["expression"]
    if not re.fullmatch(r"[\d+*/ -]+", expression):
        return "no", 400
    # ok: python.code.tainted-eval
    return str(eval(expression))


@app.post("/literal")
def quoted():
    text = request.form["text"]
    if not text.startswith("'") or not text.endswith("'") or "'" in text[1:-1]:
        return "Only a string literal", 400
    # ok: python.code.tainted-eval
    return eval(text)


@app.post("/choice")
def choice():
    # ok: python.code.tainted-eval
    return str(eval("1 + 1" if request.form["x"] == "one" else "2 + 2"))


@api.post("/run")
async def run(payload: dict, times: int):
    # ruleid: python.code.tainted-eval
    exec(payload["code"])
    # ok: python.code.tainted-eval, python.code.parameter-in-eval
    return eval(f"{times} * 2")


class Formula(View):
    def post(self, request):
        body = json.loads(request.body)
        # ruleid: python.code.tainted-eval
        return JsonResponse({"value": eval(body["formula"])})


def lambda_handler(event, context):
    # ruleid: python.code.tainted-eval, python.code.parameter-in-eval
    return eval(event["queryStringParameters"]["expression"])


@app.route("/plugin")
def plugin():
    name = request.args["name"]
    # ruleid: python.code.tainted-import
    module = importlib.import_module(name)
    # ruleid: python.code.tainted-import
    module = __import__("plugins." + name)
    # ruleid: python.code.tainted-import
    getattr(module, name)()
    # ruleid: python.code.tainted-import
    globals()[name]()
    if name in ("csv", "json"):
        # ok: python.code.tainted-import
        module = importlib.import_module(name)
    # ok: python.code.tainted-import
    importlib.import_module("plugins.default")
    # ok: python.code.tainted-import
    getattr(module, "run")(name)
    # ok: python.code.tainted-import
    getattr(module, "do_%s" % name.lower())(module)
    # ok: python.code.tainted-import
    getattr(module, f"do_{name}")(module)
    return "ok"


@app.route("/hello")
def hello():
    name = request.args.get("name")
    # ruleid: python.code.tainted-template
    page = render_template_string("<p>Hello " + name + "</p>")
    # ruleid: python.code.tainted-template
    page = render_template_string(f"<p>Hello {name}</p>")
    # ruleid: python.code.tainted-template
    page = Template(name).render()
    # ruleid: python.code.tainted-template
    page = jinja2.Template("Hello %s" % name).render()
    # ruleid: python.code.tainted-template
    page = Environment().from_string(name).render()
    # ruleid: python.code.tainted-template
    page = MakoTemplate(name).render()
    # ruleid: python.code.tainted-template
    page = DjangoTemplate(name)
    # ok: python.code.tainted-template
    page = render_template_string("<p>Hello {{ name }}</p>", name=name)
    # ok: python.code.tainted-template
    page = Template("Hello {{ name }}").render(name=name)
    # ok: python.code.tainted-template
    page = render_template("hello.html", name=name)
    return page


def greeting_page(name, template):
    # ruleid: python.code.parameter-in-template
    page = Template("Dear " + name).render()
    # ruleid: python.code.parameter-in-template
    page = render_template_string("Dear {}".format(name))
    # ok: python.code.parameter-in-template
    page = Template("Dear {{ name }}").render(name=name)
    # ok: python.code.parameter-in-template
    page = Template(template).render(name=name)
    return page


@app.route("/format")
def formatted():
    # ruleid: python.code.tainted-format-string
    text = request.args["format"].format(user=current_user)
    # ok: python.code.tainted-format-string
    text = "{} {}".format(request.args["name"], current_user)
    return text


def compute(formula, scale: float):
    # ruleid: python.code.parameter-in-eval
    value = eval(formula)
    # ruleid: python.code.parameter-in-eval
    exec(f"value = {formula}")
    # ok: python.code.parameter-in-eval
    value = ast.literal_eval(formula)
    # ok: python.code.parameter-in-eval
    value = eval("1 + 1", {"scale": scale})
    return value


def main():
    # ruleid: python.code.parameter-in-eval
    print(eval(input("> ")))
    # ruleid: python.code.parameter-in-eval
    exec(open(sys.argv[1]).read())
    # ruleid: python.code.parameter-in-eval
    exec(requests.get("https://example.org/setup.py").text)
    # ok: python.code.parameter-in-eval
    print(ast.literal_eval(input("> ")))
    if sys.argv[1] in ("a", "b"):
        # ok: python.code.parameter-in-eval
        print(eval("1"))


def ask(question):
    client = openai.OpenAI()
    answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": question}])
    text = answer.choices[0].message.content
    # ruleid: python.code.model-output-executed, python.code.parameter-in-eval
    exec(text)
    # ruleid: python.code.model-output-executed
    os.system(text)
    # ok: python.code.model-output-executed
    data = json.loads(text)
    # ok: python.code.model-output-executed
    print(text)
    return data


def hidden():
    # ruleid: python.code.direction-of-text-changed
    left = "access ‮ user"
    # ok: python.code.direction-of-text-changed
    return "access user", left
