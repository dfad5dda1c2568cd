import os

import jwt
import psycopg2
from cryptography.fernet import Fernet
from flask import Flask

app = Flask(__name__)

# ruleid: python.secrets.hardcoded-password
DB_PASSWORD = "S3cur3-and-long"
# ruleid: python.secrets.hardcoded-password
api_key = "9f8a7b6c5d4e3f2a1b0c"
# ruleid: python.secrets.hardcoded-password
SETTINGS = {"user": "app", "password": "hunter2hunter2"}
# ruleid: python.secrets.weak-hardcoded-password
password = "admin"
# ok: python.secrets.hardcoded-password, python.secrets.weak-hardcoded-password
password = os.environ["PASSWORD"]
# ok: python.secrets.hardcoded-password, python.secrets.weak-hardcoded-password
password = ""
# ok: python.secrets.hardcoded-password, python.secrets.weak-hardcoded-password
PASSWORD_FIELD = "password"
# ok: python.secrets.hardcoded-password, python.secrets.weak-hardcoded-password
token = "access_token"
# ok: python.secrets.hardcoded-password
api_key = "<your key here>"
# ok: python.secrets.hardcoded-password
api_key = "${API_KEY}"
# ok: python.secrets.hardcoded-password
password_help = "At least 12 characters1"
# ok: python.secrets.hardcoded-password
SECRET = "arn:aws:secretsmanager:eu-west-1:1:secret"
# ok: python.secrets.hardcoded-password
EOS_TOKEN = "<|endoftext|>"
# ruleid: python.secrets.framework-key, python.secrets.hardcoded-password
SECRET_KEY = "django-insecure-4j2k5h6"


def connect():
    # ruleid: python.secrets.hardcoded-password
    psycopg2.connect(host="db", user="app", password="pg-Passw0rd")
    # ok: python.secrets.hardcoded-password
    psycopg2.connect(host="db", user="app", password=os.getenv("DB_PASSWORD"))
    # ruleid: python.secrets.weak-hardcoded-password
    psycopg2.connect(host="db", user="app", password="root")


# ruleid: python.secrets.hardcoded-password
def login(user, password="letmein-please1"):
    # ruleid: python.secrets.compared-with-constant
    if password == "Tr0ub4dor":
        return True
    # ruleid: python.secrets.compared-with-constant
    if request.form["password"] == "opensesame":
        return True
    # ok: python.secrets.compared-with-constant
    if self.update_password == "always":
        return True
    # ok: python.secrets.compared-with-constant
    if password == "":
        return False
    # ok: python.secrets.compared-with-constant
    return check_password_hash(user.hash, password)


def keys(token):
    # ruleid: python.secrets.framework-key
    app.secret_key = "dev"
    # ruleid: python.secrets.framework-key, python.secrets.hardcoded-password
    app.config["SECRET_KEY"] = "you-will-never-guess1"
    # ruleid: python.secrets.framework-key
    app.secret_key = os.environ.get("KEY", "fallback")
    # ok: python.secrets.framework-key
    app.secret_key = os.environ["SECRET_KEY"]
    # ok: python.secrets.framework-key
    app.config["SECRET_KEY"] = os.urandom(32)
    # ruleid: python.secrets.literal-key
    jwt.encode({"user": 1}, "my-jwt-secret", algorithm="HS256")
    # ruleid: python.secrets.literal-key
    jwt.decode(token, "my-jwt-secret", algorithms=["HS256"])
    # ruleid: python.secrets.literal-key
    Fernet("Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmE=")
    # ok: python.secrets.literal-key
    jwt.encode({"user": 1}, KEY, algorithm="HS256")
    # ok: python.secrets.literal-key
    jwt.decode(token, "", options={"verify_signature": False})


# ruleid: python.secrets.password-in-address
ENGINE = create_engine("postgresql://app:Xk29dLq@db.internal:5432/app")
# ok: python.secrets.password-in-address
ENGINE = create_engine("postgresql://app@db.internal:5432/app")
# ok: python.secrets.password-in-address
ENGINE = create_engine(f"postgresql://app:{password}@db.internal/app")
# ok: python.secrets.password-in-address
ENGINE = create_engine("postgresql://user:password@localhost/app")
# ok: python.secrets.password-in-address
HELP = "--db='mysql://appuser:apppasswd@dbhost/app'"
