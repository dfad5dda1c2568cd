import base64
import hmac
import io
import json
import marshal
import pickle
import shelve
import sys

import dill
import joblib
import jsonpickle
import numpy as np
import pandas as pd
import requests
import torch
import yaml
from flask import Flask, request
from ruamel.yaml import YAML
from transformers import AutoModel
from yaml import load as read_yaml

app = Flask(__name__)


@app.route("/load", methods=["POST"])
def load_session():
    # ruleid: python.deserialization.tainted-pickle
    session = pickle.loads(request.data)
    # ruleid: python.deserialization.tainted-pickle
    session = pickle.loads(base64.b64decode(request.cookies["session"]))
    # ruleid: python.deserialization.tainted-pickle
    session = pickle.load(io.BytesIO(request.get_data()))
    # ruleid: python.deserialization.tainted-pickle
    session = dill.loads(request.form["x"].encode())
    # ruleid: python.deserialization.tainted-pickle
    session = marshal.loads(request.data)
    # ruleid: python.deserialization.tainted-pickle
    session = pickle.load(request.files["model"])
    # ruleid: python.deserialization.tainted-pickle, python.deserialization.unsafe-jsonpickle
    session = jsonpickle.decode(request.data)
    # ruleid: python.deserialization.tainted-pickle, python.deserialization.unsafe-yaml-load
    session = yaml.safe_load(request.data)
    # ok: python.deserialization.tainted-pickle, python.deserialization.unsafe-yaml-load
    session = yaml.safe_load(request.data)
    # ok: python.deserialization.tainted-pickle
    session = json.loads(request.data)
    # ok: python.deserialization.tainted-pickle
    session = pickle.loads(b"\x80\x04N.")
    return str(session)


@app.route("/signed", methods=["POST"])
def signed():
    body = request.get_data()
    digest = hmac.new(KEY, body, "sha256").hexdigest()
    if not hmac.compare_digest(digest, request.headers["X-Signature"]):
        return "no", 403
    # ok: python.deserialization.tainted-pickle
    return str(pickle.loads(body))


def serve(sock):
    # ruleid: python.deserialization.tainted-pickle, python.deserialization.pickle-of-outside-data
    return pickle.loads(sock.recv(4096))


def load_model(path, data):
    with open(path, "rb") as file:
        # ruleid: python.deserialization.pickle-of-outside-data
        pickle.load(file)
    # ruleid: python.deserialization.pickle-of-outside-data
    joblib.load(path)
    # ruleid: python.deserialization.pickle-of-outside-data
    pd.read_pickle(path)
    # ruleid: python.deserialization.pickle-of-outside-data
    pickle.loads(data)
    # ruleid: python.deserialization.pickle-of-outside-data
    shelve.open(path)
    # ok: python.deserialization.pickle-of-outside-data
    return json.loads(data)


def copied(thing):
    blob = pickle.dumps(thing)
    # ok: python.deserialization.pickle-of-outside-data
    return pickle.loads(b"N.")


def fetch():
    # ruleid: python.deserialization.pickle-of-outside-data
    pickle.loads(requests.get("https://example.org/model.pkl", timeout=5).content)
    # ruleid: python.deserialization.pickle-of-outside-data
    pickle.loads(redis_client.get("key"))
    # ruleid: python.deserialization.pickle-of-outside-data
    pickle.load(open(sys.argv[1], "rb"))


def configured(stream):
    # ruleid: python.deserialization.unsafe-yaml-load
    first = yaml.safe_load(stream)
    # ruleid: python.deserialization.unsafe-yaml-load
    second = yaml.safe_load(stream)
    # ruleid: python.deserialization.unsafe-yaml-load
    third = read_yaml(stream)
    # ruleid: python.deserialization.unsafe-yaml-load
    fourth = yaml.safe_load(stream)
    # ruleid: python.deserialization.unsafe-yaml-load
    fifth = yaml.safe_load(stream)
    # ok: python.deserialization.unsafe-yaml-load
    sixth = yaml.safe_load(stream)
    # ok: python.deserialization.unsafe-yaml-load
    seventh = yaml.load(stream, Loader=yaml.SafeLoader)
    # ok: python.deserialization.unsafe-yaml-load
    eighth = yaml.load(stream, yaml.CSafeLoader)
    # ok: python.deserialization.unsafe-yaml-load
    ninth = yaml.load(stream, Loader=StrictLoader)
    # ok: python.deserialization.unsafe-yaml-load
    tenth = yaml.load("a: 1")
    # ruleid: python.deserialization.unsafe-ruamel-load
    eleventh = YAML(typ="unsafe").load(stream)
    # ok: python.deserialization.unsafe-ruamel-load
    twelfth = YAML(typ="safe").load(stream)
    return first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth, eleventh, twelfth


def arrays(path):
    # ruleid: python.deserialization.pickled-array, python.deserialization.pickle-of-outside-data
    first = np.load(path, allow_pickle=True)
    # ok: python.deserialization.pickled-array, python.deserialization.pickle-of-outside-data
    second = np.load(path)
    # ok: python.deserialization.pickled-array
    third = np.load(path, allow_pickle=False)
    return first, second, third


def models():
    # ruleid: python.deserialization.unsafe-model-load
    first = torch.load("model.pt", map_location="cpu")
    # ok: python.deserialization.unsafe-model-load
    second = torch.load("model.pt", weights_only=True)
    # ruleid: python.deserialization.unsafe-model-load
    third = AutoModel.from_pretrained("x/y", trust_remote_code=True)
    # ok: python.deserialization.unsafe-model-load
    fourth = AutoModel.from_pretrained("x/y")
    return first, second, third, fourth


def json_pickles(text):
    # ruleid: python.deserialization.unsafe-jsonpickle, python.deserialization.pickle-of-outside-data
    first = jsonpickle.decode(text)
    # ok: python.deserialization.unsafe-jsonpickle
    second = jsonpickle.encode(text)
    return first, second


def celery_settings(celery, socket):
    # ruleid: python.deserialization.pickle-over-network
    celery.conf.task_serializer = "pickle"
    # ruleid: python.deserialization.pickle-over-network
    celery.conf.accept_content = ["json", "pickle"]
    # ok: python.deserialization.pickle-over-network
    celery.conf.accept_content = ["json"]
    # ruleid: python.deserialization.pickle-over-network
    return socket.recv_pyobj()


def load_with_ruamel(text, typ="safe"):
    yaml = YAML(typ=typ)
    with open(text) as stream:
        # ok: python.deserialization.unsafe-yaml-load
        return yaml.load(stream)
