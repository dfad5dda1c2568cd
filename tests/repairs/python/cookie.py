from flask import Flask, make_response, request

app = Flask(__name__)


def cookies(response, options, secure):
    # ruleid: python.cookie.not-secure, python.cookie.readable-by-scripts
    response.set_cookie("session", "x", secure=True)
    # ruleid: python.cookie.not-secure
    response.set_cookie("session", "x", httponly=True, secure=True)
    # ruleid: python.cookie.readable-by-scripts
    response.set_cookie("session", "x", secure=True, httponly=True)
    # ruleid: python.cookie.readable-by-scripts
    response.set_cookie(key="session", value="x", secure=True, httponly=True)
    # ok: python.cookie.not-secure, python.cookie.readable-by-scripts
    response.set_cookie("session", "x", secure=True, httponly=True, samesite="Lax")
    # ok: python.cookie.not-secure, python.cookie.readable-by-scripts
    response.set_cookie("session", "x", **options)
    # ok: python.cookie.not-secure, python.cookie.readable-by-scripts
    response.set_cookie("session", "", max_age=0)
    # ok: python.cookie.not-secure
    response.set_cookie("session", "x", secure=app.is_secure, httponly=True)
    # ruleid: python.cookie.sent-across-sites
    response.set_cookie("session", "x", secure=True, httponly=True, samesite="Lax")
    # ok: python.cookie.sent-across-sites
    response.set_cookie("session", "x", secure=True, httponly=True, samesite="Strict")


# ruleid: python.cookie.insecure-defaults
SESSION_COOKIE_SECURE = True
# ruleid: python.cookie.insecure-defaults
app.config["SESSION_COOKIE_HTTPONLY"] = True
# ruleid: python.cookie.insecure-defaults
app.config.update(SESSION_COOKIE_SECURE=True, DEBUG=False)
# ok: python.cookie.insecure-defaults
app.config["SESSION_COOKIE_SECURE"] = True
# ok: python.cookie.insecure-defaults
app.config["SESSION_REFRESH"] = False


@app.route("/theme")
def theme():
    response = make_response("ok")
    # ruleid: python.cookie.tainted-cookie
    response.set_cookie("theme", request.args["theme"], secure=True, httponly=True)
    # ok: python.cookie.tainted-cookie
    response.set_cookie("theme", "dark", secure=True, httponly=True)
    # ok: python.cookie.tainted-cookie
    response.set_cookie("size", str(int(request.args["size"])), secure=True, httponly=True)
    return response
