import datetime
import hashlib
import random
import secrets
import string
import time
import uuid
from random import SystemRandom, choice

import numpy as np


def make_password(length):
    # ruleid: python.random.predictable-secret
    return "".join(random.choice(string.ascii_letters) for _ in range(length))


def make_secure_password(length):
    # ok: python.random.predictable-secret
    return "".join(secrets.choice(string.ascii_letters) for _ in range(length))


def tokens(user, response, mysession, key):
    # ruleid: python.random.predictable-secret
    token = str(random.random())[2:]
    # ruleid: python.random.predictable-secret
    user.reset_token = random.getrandbits(128)
    # ruleid: python.random.predictable-secret
    otp = f"{random.randint(0, 999999):06}"
    # ruleid: python.random.predictable-secret
    session_id = hashlib.sha256(str(random.random()).encode()).hexdigest()
    # ruleid: python.random.predictable-secret
    password = choice(string.digits) + choice(string.ascii_letters)
    code = random.randrange(10**6)
    # ruleid: python.random.predictable-secret
    send(user, verification_code=code)
    # ruleid: python.random.predictable-secret
    response.set_cookie("remember", str(random.randbytes(32)))
    # ruleid: python.random.predictable-secret
    mysession[key] = str(np.random.randint(0, 2**31))
    # ruleid: python.random.predictable-secret
    salt = bytes(random.getrandbits(8) for _ in range(16))
    # ok: python.random.predictable-secret
    token = secrets.token_hex(16)
    # ok: python.random.predictable-secret
    otp = str(SystemRandom().randint(0, 999999))
    # ok: python.random.predictable-secret
    token = random.SystemRandom().getrandbits(64)
    # ok: python.random.predictable-secret
    delay = random.uniform(0, 1)
    # ok: python.random.predictable-secret
    index = random.randrange(len(user.items))
    # ok: python.random.predictable-secret
    user.color = random.choice(["red", "green"])
    return token, otp, session_id, password, salt, delay, index


def guessable(user):
    # ruleid: python.random.guessable-secret
    reset_token = hashlib.md5(str(time.time()).encode()).hexdigest()
    # ruleid: python.random.guessable-secret
    user.api_key = str(uuid.uuid1())
    # ok: python.random.guessable-secret
    user.api_key = str(uuid.uuid4())
    # ok: python.random.guessable-secret
    user.created = time.time()
    # ok: python.random.guessable-secret
    elapsed = time.time() - user.start
    return reset_token, elapsed


def seeds(number):
    # ruleid: python.random.seeded-generator
    random.seed(42)
    # ruleid: python.random.seeded-generator
    random.Random(1)
    # ok: python.random.seeded-generator
    random.seed()
    # ok: python.random.seeded-generator
    random.seed(number)


async def stored(database, token, lifetime):
    oldest = datetime.datetime.now() - lifetime
    # ok: python.random.guessable-secret
    access_token = await database.get_by_token(token, oldest)
    return access_token
