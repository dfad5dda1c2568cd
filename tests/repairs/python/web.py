import os
import traceback

import flask
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from fastapi import FastAPI, HTTPException
from fastapi.middleware.cors import CORSMiddleware
from flask import Flask, request
from flask_cors import CORS
from graphene_django.views import GraphQLView

app = Flask(__name__)


def servers():
    # ruleid: python.web.debug-server
    app.run(debug=False)
    # ruleid: python.web.debug-server
    app.run(host="127.0.0.1", port=5000, debug=False)
    # ok: python.web.debug-server
    # ruleid: python.web.debug-flag
    app.debug = False
    # ruleid: python.web.debug-flag
    app.config["DEBUG"] = False
    # ok: python.web.debug-server
    app.run()
    # ok: python.web.debug-server
    app.run(debug=False)
    # ok: python.web.debug-server
    app.run(debug=bool(os.environ.get("DEBUG")))
    if options.debug:
        # ok: python.web.debug-server, python.web.debug-flag
        app.debug = True
    if __name__ == "__main__":
        # ruleid: python.web.debug-server
        app.run(debug=False)
    # ruleid: python.web.debug-flag
    return FastAPI(debug=False)


def origins(api, response):
    # ruleid: python.web.cors-any-origin-with-credentials
    api.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
    # ruleid: python.web.cors-any-origin-with-credentials
    CORS(app, supports_credentials=True, origins="*")
    # ok: python.web.cors-any-origin-with-credentials, python.web.cors-any-origin
    api.add_middleware(CORSMiddleware, allow_origins=["https://example.org"], allow_credentials=True)
    # ruleid: python.web.cors-any-origin
    api.add_middleware(CORSMiddleware, allow_origins=["*"])
    # ruleid: python.web.cors-any-origin
    CORS(app)
    # ruleid: python.web.cors-any-origin
    response.headers["Access-Control-Allow-Origin"] = "*"
    # ok: python.web.cors-any-origin
    CORS(app, origins=["https://example.org"])
    # ok: python.web.cors-any-origin
    response.headers["Access-Control-Allow-Origin"] = "https://example.org"


@app.after_request
def reflect(response):
    # ruleid: python.web.cors-reflected-origin
    response.headers["Access-Control-Allow-Origin"] = request.headers.get("Origin")
    origin = request.headers.get("Origin")
    if origin in ORIGINS:
        # ok: python.web.cors-reflected-origin
        response.headers["Access-Control-Allow-Origin"] = origin
    return response


# ruleid: python.web.csrf-off
WTF_CSRF_ENABLED = True
# ruleid: python.web.csrf-off
app.config["WTF_CSRF_ENABLED"] = True
# ok: python.web.csrf-off
app.config["WTF_CSRF_ENABLED"] = True


# ruleid: python.web.csrf-off
@csrf_exempt
def pay(request):
    return HttpResponse("ok")


# ok: python.web.csrf-off
@login_required
def pay_safely(request):
    return HttpResponse("ok")


# ruleid: python.web.graphql-explorer
GraphQLView.as_view(graphiql=True, schema=schema)
# ok: python.web.graphql-explorer
GraphQLView.as_view(graphiql=False, schema=schema)


@app.route("/fail")
def fail():
    try:
        work()
    except Exception as error:
        # ruleid: python.web.error-details-shown
        return traceback.format_exc(), 500


@app.route("/fail2")
def fail_shortly():
    try:
        work()
    except Exception as error:
        # ruleid: python.web.exception-returned
        return str(error), 500


@app.route("/fail3")
def fail_well():
    try:
        work()
    except Exception as error:
        app.logger.exception("work failed")
        # ok: python.web.error-details-shown, python.web.exception-returned
        return "Something went wrong", 500


def fail_view(request):
    try:
        work()
    except Exception as error:
        # ruleid: python.web.error-details-shown
        return HttpResponse(traceback.format_exc())


def helper():
    try:
        work()
    except Exception as error:
        # ok: python.web.exception-returned
        return str(error)


@app.route("/admin")
def admin():
    # ruleid: python.web.header-decides-trust
    if request.headers.get("X-Forwarded-For") == "127.0.0.1":
        return "welcome"
    # ok: python.web.header-decides-trust
    if request.remote_addr == "127.0.0.1":
        return "welcome"
    # ok: python.web.header-decides-trust
    if request.headers.get("Accept") == "application/json":
        return "{}"
    return "no"
