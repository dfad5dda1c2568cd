from urllib.parse import urlencode, urlparse, urlsplit

from aiohttp import web
from django.http import HttpResponseRedirect
from django.shortcuts import redirect as django_redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from fastapi.responses import RedirectResponse
from flask import Flask, abort, redirect, request, url_for

app = Flask(__name__)
HOME = "https://example.org/"


@app.route("/go")
def go():
    # ruleid: python.redirect.open-redirect, python.redirect.indirect-target
    return redirect(request.args.get("next"))


@app.route("/login", methods=["POST"])
def login():
    target = request.form.get("next") or url_for("index")
    # ruleid: python.redirect.open-redirect, python.redirect.indirect-target
    return redirect(target, code=303)


@app.route("/to/<path:target>")
def to(target):
    # ruleid: python.redirect.open-redirect, python.redirect.indirect-target
    return redirect("https://" + target)


@app.route("/fixed")
def fixed():
    # ok: python.redirect.open-redirect, python.redirect.indirect-target
    return redirect(url_for("index", page=request.args["page"]))


@app.route("/fixed2")
def fixed_host():
    # ok: python.redirect.open-redirect, python.redirect.indirect-target
    return redirect("https://example.org/search?q=" + request.args["q"])


@app.route("/fixed3")
def fixed_host_formatted():
    # ok: python.redirect.open-redirect, python.redirect.indirect-target
    return redirect(f"https://example.org/{request.args['q']}")


@app.route("/fixed4")
def own_path():
    # ok: python.redirect.open-redirect, python.redirect.indirect-target
    return redirect("/users/" + request.args["user"])


@app.route("/checked")
def checked_inline():
    target = request.args.get("next")
    # ok: python.redirect.open-redirect, python.redirect.indirect-target
    redirect(target if target and is_safe_url(target, request=request) else HOME)
    # ruleid: python.redirect.open-redirect, python.redirect.indirect-target
    return redirect(target if not is_safe_url(target) else HOME)


@app.route("/looked-up")
def looked_up():
    # ok: python.redirect.open-redirect
    # ruleid: python.redirect.indirect-target
    redirect(providers.login_address(request.args["provider"]))
    # ok: python.redirect.open-redirect
    # ruleid: python.redirect.indirect-target
    return redirect(request.referrer)


@app.route("/local")
def only_a_path():
    target = urlparse(request.args["next"])
    path = "/" + target.path.lstrip("/\\")
    # ok: python.redirect.open-redirect, python.redirect.indirect-target
    return redirect(path)


@app.route("/encoded")
def in_a_query():
    query = urlencode({"next": request.args.get("next")})
    # ok: python.redirect.open-redirect, python.redirect.indirect-target
    return redirect(f"{LOGIN}?{query}")


@app.route("/fixed5")
def base_constant():
    # ok: python.redirect.open-redirect, python.redirect.indirect-target
    return redirect(HOME + request.args["user"])


@app.route("/checked")
def checked():
    target = request.args["next"]
    parts = urlparse(target)
    if parts.netloc not in ("example.org",):
        abort(400)
    # ok: python.redirect.open-redirect, python.redirect.indirect-target
    return redirect(target)


@app.route("/checked2")
def checked_host():
    target = request.args["next"]
    if urlsplit(target).hostname != "example.org":
        return redirect("/")
    # ok: python.redirect.open-redirect, python.redirect.indirect-target
    return redirect(target)


@app.route("/listed")
def listed():
    target = request.args["next"]
    if target not in {"/a", "/b"}:
        target = "/a"
    if target in ("/a", "/b"):
        # ok: python.redirect.open-redirect, python.redirect.indirect-target
        return redirect(target)
    return "no"


def view(request):
    # ruleid: python.redirect.open-redirect, python.redirect.indirect-target
    return HttpResponseRedirect(request.GET["next"])


def view_of_adapter(request):
    adapter = get_adapter(request)
    # ok: python.redirect.open-redirect
    return HttpResponseRedirect(adapter.get_logout_redirect_url(request))


def view_shortcut(request):
    # ok: python.redirect.open-redirect
    # ruleid: python.redirect.indirect-target
    return django_redirect(request.META.get("HTTP_REFERER"))


def view_checked(request):
    target = request.GET.get("next")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/"
        return HttpResponseRedirect("/")
    # ok: python.redirect.open-redirect, python.redirect.indirect-target
    return HttpResponseRedirect(target)


def view_checked_inside(request):
    target = request.GET.get("next")
    if url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        # ok: python.redirect.open-redirect, python.redirect.indirect-target
        return HttpResponseRedirect(target)
    # ok: python.redirect.open-redirect, python.redirect.indirect-target
    return HttpResponseRedirect(reverse("index"))


@api.get("/go")
async def fastapi_go(url: str, code: int):
    # ruleid: python.redirect.open-redirect, python.redirect.indirect-target
    return RedirectResponse(url=url)


async def aiohttp_go(request):
    # ruleid: python.redirect.open-redirect, python.redirect.indirect-target
    raise web.HTTPFound(request.query["to"])


class Go(tornado.web.RequestHandler):
    def get(self):
        # ruleid: python.redirect.open-redirect, python.redirect.indirect-target
        self.redirect(self.get_argument("next", "/"))
        # ok: python.redirect.open-redirect, python.redirect.indirect-target
        self.redirect("/")
        # ok: python.redirect.open-redirect, python.redirect.indirect-target
        self.redirect("?".join([self._url, self.request.query]))


class Plain(BaseHTTPRequestHandler):
    def do_GET(self):
        # ruleid: python.redirect.open-redirect, python.redirect.indirect-target
        self.send_header("Location", self.headers["Referer"])
