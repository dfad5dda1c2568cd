import socket
import sys
import urllib.request
from urllib.parse import quote, urlparse

import aiohttp
import httpx
import requests
import urllib3
from fastapi import APIRouter
from flask import Flask, abort, request

app = Flask(__name__)
router = APIRouter()
API = "https://api.example.org"


@app.route("/fetch")
def fetch():
    url = request.args.get("url")
    # ruleid: python.ssrf.tainted-url, python.ssrf.tainted-url-path
    requests.get(url, timeout=5)
    # ruleid: python.ssrf.tainted-url, python.ssrf.tainted-url-path
    requests.post(url=url, data={"a": 1}, timeout=5)
    # ruleid: python.ssrf.tainted-url, python.ssrf.tainted-url-path
    urllib.request.urlopen(url)
    # ruleid: python.ssrf.tainted-url, python.ssrf.tainted-url-path
    httpx.get("https://" + url + "/status")
    # ruleid: python.ssrf.tainted-url, python.ssrf.tainted-url-path
    requests.get(f"http://{url}:8080/health", timeout=5)
    # ruleid: python.ssrf.tainted-url, python.ssrf.tainted-url-path
    urllib3.PoolManager().request("GET", url)
    # ruleid: python.ssrf.tainted-url-path
    requests.get(f"https://api.example.org/users/{url}", timeout=5)
    # ruleid: python.ssrf.tainted-url-path
    requests.get("https://api.example.org/users/" + url, timeout=5)
    # ok: python.ssrf.tainted-url, python.ssrf.tainted-url-path
    requests.get("https://api.example.org/users/" + quote(url, safe=""), timeout=5)
    # ok: python.ssrf.tainted-url, python.ssrf.tainted-url-path
    requests.get("https://api.example.org/search", params={"q": url}, timeout=5)
    # ok: python.ssrf.tainted-url, python.ssrf.tainted-url-path
    requests.post("https://api.example.org/search", json={"q": url}, timeout=5)
    return "ok"


@app.route("/checked")
def checked():
    url = request.args["url"]
    if urlparse(url).hostname not in {"example.org", "example.com"}:
        abort(400)
    # ok: python.ssrf.tainted-url, python.ssrf.tainted-url-path
    return requests.get(url, timeout=5).text


@app.route("/checked2")
def checked_parts():
    url = request.args["url"]
    parts = urlparse(url)
    if parts.scheme != "https" or parts.netloc != "example.org":
        return "no", 400
    # ok: python.ssrf.tainted-url, python.ssrf.tainted-url-path
    return requests.get(url, timeout=5).text


@app.route("/listed")
def listed():
    url = request.args["url"]
    if url not in ALLOWED_URLS:
        abort(400)
    # ok: python.ssrf.tainted-url, python.ssrf.tainted-url-path
    return requests.get(url, timeout=5).text


@router.post("/webhook")
async def webhook(callback_url: str, number: int):
    async with httpx.AsyncClient() as client:
        # ruleid: python.ssrf.tainted-url, python.ssrf.tainted-url-path
        await client.post(callback_url, json={})
        # ok: python.ssrf.tainted-url, python.ssrf.tainted-url-path
        await client.get(f"{API}/items/{number}")
    async with aiohttp.ClientSession() as session:
        # ruleid: python.ssrf.tainted-url, python.ssrf.tainted-url-path
        async with session.get(callback_url) as response:
            return await response.text()


def proxy(request):
    # ruleid: python.ssrf.tainted-url, python.ssrf.tainted-url-path
    return urllib.request.urlopen(request.GET["target"]).read()


def lookup(request):
    session = request.session
    # ok: python.ssrf.tainted-url, python.ssrf.tainted-url-path
    return session.get(request.GET["key"])


def probe(host, port: int):
    # ruleid: python.ssrf.parameter-in-host
    requests.get(f"http://{host}/", timeout=5)
    # ruleid: python.ssrf.parameter-in-host
    socket.create_connection((host, 80))
    # ok: python.ssrf.parameter-in-host
    requests.get(f"https://example.org/{host}", timeout=5)


def main():
    # ruleid: python.ssrf.parameter-in-host
    requests.get(sys.argv[1], timeout=5)
    # ok: python.ssrf.parameter-in-host
    requests.get("https://example.org", timeout=5)
