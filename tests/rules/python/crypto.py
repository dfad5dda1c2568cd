import hashlib
import hmac
import os
import secrets

import bcrypt
import jwt
# ruleid: python.crypto.abandoned-library
from Crypto.Cipher import AES, ARC4, DES, PKCS1_OAEP, PKCS1_v1_5
# ruleid: python.crypto.abandoned-library
from Crypto.Protocol.KDF import PBKDF2
# ruleid: python.crypto.abandoned-library
from Crypto.PublicKey import RSA
# ok: python.crypto.abandoned-library
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC


def weak_hashes(data, file):
    # ruleid: python.crypto.weak-hash
    hashlib.md5(data)
    # ruleid: python.crypto.weak-hash
    hashlib.sha1(data).hexdigest()
    # ruleid: python.crypto.weak-hash
    hashlib.new("md5", data)
    # ruleid: python.crypto.weak-hash
    hashlib.new("SHA1")
    # ruleid: python.crypto.weak-hash
    hashes.Hash(hashes.MD5())
    # ruleid: python.crypto.weak-hash
    hmac.new(KEY, data, "md5")
    # ruleid: python.crypto.weak-hash
    hmac.new(KEY, data, digestmod=hashlib.md5)
    # ok: python.crypto.weak-hash
    hashlib.md5(data, usedforsecurity=False)
    # ok: python.crypto.weak-hash
    hashlib.new("md5", data, usedforsecurity=False)
    # ok: python.crypto.weak-hash
    hashlib.sha256(data)
    # ok: python.crypto.weak-hash
    hashlib.new("sha512", data)
    # ok: python.crypto.weak-hash
    hashlib.file_digest(file, "sha256")
    # ok: python.crypto.weak-hash
    hmac.new(KEY, data, "sha256")


def store(user, password, salt, cursor):
    # ruleid: python.crypto.password-hashed-fast, python.crypto.password-digested
    user.password = hashlib.sha256(password.encode()).hexdigest()
    # ruleid: python.crypto.password-hashed-fast, python.crypto.password-digested, python.crypto.weak-hash
    password_hash = hashlib.md5(user.password.encode("utf-8")).hexdigest()
    # ruleid: python.crypto.password-hashed-fast, python.crypto.password-digested
    is_right = user.stored == hashlib.sha512((password + salt).encode()).hexdigest()
    # ruleid: python.crypto.password-hashed-fast, python.crypto.password-digested
    User(name=user.name, password=hashlib.sha256(password.encode()).hexdigest())
    # ok: python.crypto.password-hashed-fast, python.crypto.password-digested
    fourth = hashlib.sha256(user.email.encode()).hexdigest()
    # ok: python.crypto.password-hashed-fast, python.crypto.password-digested
    fifth = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
    # ok: python.crypto.password-hashed-fast, python.crypto.password-digested
    sixth = bcrypt.hashpw(password.encode(), bcrypt.gensalt())
    return password_hash, is_right, fourth, fifth, sixth


def hash_for_ntlm(password):
    # ok: python.crypto.password-hashed-fast
    # ruleid: python.crypto.password-digested, python.crypto.weak-hash
    password_digest = hashlib.new("MD4", password.encode("utf-16-le")).digest()
    return password_digest


def hash_password(word, password):
    # ruleid: python.crypto.password-hashed-fast, python.crypto.password-digested
    return hashlib.sha256(password.encode()).hexdigest()


def answer_challenge(session, user, realm, password):
    # ok: python.crypto.password-hashed-fast
    # ruleid: python.crypto.password-digested, python.crypto.weak-hash
    proof = hashlib.md5(password.encode()).hexdigest()
    return session.post("/login", json={"user": user, "proof": proof})


def derive(password, salt):
    # ruleid: python.crypto.short-kdf
    hashlib.pbkdf2_hmac("sha256", password, salt, 1000)
    # ruleid: python.crypto.short-kdf
    PBKDF2HMAC(algorithm=hashes.SHA256(), length=32, salt=salt, iterations=10000)
    # ruleid: python.crypto.short-kdf
    PBKDF2(password, salt)
    # ruleid: python.crypto.short-kdf
    bcrypt.gensalt(4)
    # ok: python.crypto.short-kdf
    hashlib.pbkdf2_hmac("sha256", password, salt, 600_000)
    # ok: python.crypto.short-kdf
    PBKDF2HMAC(algorithm=hashes.SHA256(), length=32, salt=salt, iterations=480000)
    # ok: python.crypto.short-kdf
    bcrypt.gensalt()
    # ok: python.crypto.short-kdf
    hashlib.pbkdf2_hmac("sha256", password, salt, ROUNDS)
    # ruleid: python.crypto.constant-salt
    hashlib.pbkdf2_hmac("sha256", password, b"salt", 600_000)
    fixed = b"0123456789abcdef"
    # ruleid: python.crypto.constant-salt
    hashlib.scrypt(password, salt=fixed, n=16384, r=8, p=1)
    # ok: python.crypto.constant-salt
    hashlib.pbkdf2_hmac("sha256", password, os.urandom(16), 600_000)
    # ok: python.crypto.constant-salt
    hashlib.scrypt(password, salt=secrets.token_bytes(16), n=16384, r=8, p=1)


def ciphers(key, iv, data):
    # ruleid: python.crypto.broken-cipher
    DES.new(key, DES.MODE_CBC, iv)
    # ruleid: python.crypto.broken-cipher
    ARC4.new(key)
    # ruleid: python.crypto.broken-cipher
    Cipher(algorithms.Blowfish(key), modes.GCM(iv))
    # ok: python.crypto.broken-cipher
    Cipher(algorithms.AES(key), modes.GCM(iv))
    # ruleid: python.crypto.ecb-mode
    AES.new(key, AES.MODE_ECB)
    # ruleid: python.crypto.ecb-mode
    Cipher(algorithms.AES(key), modes.ECB())
    # ok: python.crypto.ecb-mode
    AES.new(key, AES.MODE_GCM)
    # ruleid: python.crypto.unauthenticated-mode
    Cipher(algorithms.AES(key), modes.CBC(iv))
    # ok: python.crypto.unauthenticated-mode
    Cipher(algorithms.AES(key), modes.GCM(iv))
    # ruleid: python.crypto.constant-iv, python.crypto.unauthenticated-mode
    Cipher(algorithms.AES(key), modes.CBC(b"0000000000000000"))
    # ruleid: python.crypto.constant-iv, python.crypto.unauthenticated-mode
    AES.new(key, AES.MODE_CBC, b"\x00" * 16)
    # ruleid: python.crypto.constant-iv
    AES.new(key, AES.MODE_GCM, nonce=b"123456789012")
    aead = AESGCM(key)
    # ruleid: python.crypto.constant-iv
    aead.encrypt(b"123456789012", data, None)
    # ok: python.crypto.constant-iv
    aead.encrypt(os.urandom(12), data, None)
    # ok: python.crypto.constant-iv
    AES.new(key, AES.MODE_GCM, nonce=os.urandom(12))
    # ok: python.crypto.constant-iv
    Cipher(algorithms.AES(key), modes.GCM(iv))


FIXED_IV = b"0123456789abcdef"


def more_constants(key, data, token):
    iv = b"0123456789abcdef"
    # ruleid: python.crypto.constant-iv, python.crypto.unauthenticated-mode
    AES.new(key, AES.MODE_CBC, iv)
    # ruleid: python.crypto.constant-iv, python.crypto.unauthenticated-mode
    AES.new(key, AES.MODE_CBC, FIXED_IV)
    # ruleid: python.crypto.constant-iv, python.crypto.unauthenticated-mode
    AES.new(key, AES.MODE_CBC, iv=bytes(16))
    secret = "a secret that everybody can read"
    # ruleid: python.crypto.constant-key
    AES.new(secret.encode(), AES.MODE_GCM)
    # ruleid: python.crypto.constant-key
    Fernet(b"Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmE=")
    # ruleid: python.crypto.constant-key
    jwt.encode({"a": 1}, "secret", algorithm="HS256")
    # ruleid: python.crypto.constant-key
    jwt.decode(token, secret, algorithms=["HS256"])
    # ok: python.crypto.constant-key
    jwt.encode({"a": 1}, os.environ["JWT_KEY"], algorithm="HS256")
    # ok: python.crypto.constant-key
    Fernet(load("key"))
    header = {"alg": "HS256"}
    claims = {"iss": "us"}
    # ok: python.crypto.constant-key
    jwt.encode(header, claims, load("key"))
    # ruleid: python.crypto.constant-key
    jwt.encode(claims, secret, ALGORITHM)
    none = ""
    # ok: python.crypto.constant-key
    jwt.decode(token, key=none, options={"verify_signature": verify})
    # ok: python.crypto.constant-key
    AES.new(key, AES.MODE_GCM)


def keys(public_key, data):
    # ruleid: python.crypto.short-key
    rsa.generate_private_key(public_exponent=65537, key_size=1024)
    # ruleid: python.crypto.short-key
    dsa.generate_private_key(1024)
    # ruleid: python.crypto.short-key
    RSA.generate(1024)
    # ruleid: python.crypto.short-key
    ec.generate_private_key(ec.SECT163K1)
    # ok: python.crypto.short-key
    rsa.generate_private_key(public_exponent=65537, key_size=4096)
    # ok: python.crypto.short-key
    RSA.generate(3072)
    # ok: python.crypto.short-key
    ec.generate_private_key(ec.SECP256R1())
    # ruleid: python.crypto.unsafe-padding
    PKCS1_v1_5.new(public_key)
    # ruleid: python.crypto.unsafe-padding
    public_key.encrypt(data, padding.PKCS1v15())
    # ok: python.crypto.unsafe-padding
    PKCS1_OAEP.new(public_key)
    # ok: python.crypto.unsafe-padding
    public_key.verify(data, data, padding.PKCS1v15(), hashes.SHA256())


def compare(message, signature, token, user):
    # ruleid: python.crypto.comparison-leaks-time
    if hmac.new(KEY, message, "sha256").hexdigest() == signature:
        return True
    expected = hmac.new(KEY, message, "sha256").hexdigest()
    # ruleid: python.crypto.comparison-leaks-time
    if signature != expected:
        return False
    # ok: python.crypto.comparison-leaks-time
    if signature == "":
        return False
    # ok: python.crypto.comparison-leaks-time
    if user.name == token:
        return False
    # ok: python.crypto.comparison-leaks-time
    return hmac.compare_digest(expected, signature)


def hash_password_for_soap(nonce, timestamp, password):
    # ok: python.crypto.password-hashed-fast
    # ruleid: python.crypto.password-digested
    digest = hashlib.sha512(nonce + timestamp + password).digest()
    # ok: python.crypto.password-hashed-fast
    # ruleid: python.crypto.password-digested
    return digest, hashlib.sha512(nonce + timestamp + hashlib.sha512(password).digest()).digest()


def hash_password_for_us(salt, password):
    # ruleid: python.crypto.password-hashed-fast, python.crypto.password-digested
    return hashlib.sha512(salt + password).digest()
