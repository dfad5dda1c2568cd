import jwt
from jose import jwt as jose_jwt


def read(token):
    # ruleid: python.jwt.signature-not-verified
    jwt.decode(token, verify=False)
    # ruleid: python.jwt.signature-not-verified
    jwt.decode(token, options={"verify_signature": False})
    # ruleid: python.jwt.signature-not-verified
    jwt.decode(token, KEY, algorithms=["HS256"], options={"verify_exp": True, "verify_signature": False})
    # ruleid: python.jwt.signature-not-verified
    jose_jwt.get_unverified_claims(token)
    # ok: python.jwt.signature-not-verified
    jwt.decode(token, KEY, algorithms=["HS256"])
    # ok: python.jwt.signature-not-verified
    jwt.decode(token, KEY, algorithms=["HS256"], options={"require": ["exp"]})
    # ruleid: python.jwt.none-algorithm
    jwt.decode(token, KEY, algorithms=["HS256", "none"])
    # ruleid: python.jwt.none-algorithm
    jwt.encode({"a": 1}, None, algorithm="none")
    # ruleid: python.jwt.none-algorithm
    jwt.encode({"a": 1}, KEY, "None")
    # ok: python.jwt.none-algorithm
    jwt.encode({"a": 1}, KEY, algorithm="HS256")
    # ruleid: python.jwt.expiry-not-verified
    jwt.decode(token, KEY, algorithms=["HS256"], options={"verify_exp": False})
    # ok: python.jwt.expiry-not-verified
    jwt.decode(token, KEY, algorithms=["HS256"], options={"verify_exp": True})
    # ruleid: python.jwt.mixed-algorithms
    jwt.decode(token, KEY, algorithms=["HS256", "RS256"])
    # ruleid: python.jwt.mixed-algorithms
    jose_jwt.decode(token, KEY, algorithms=["ES256", "HS512"])
    # ok: python.jwt.mixed-algorithms
    jwt.decode(token, KEY, algorithms=["RS256", "RS512"])


def key_of_issuer(token, keys):
    # ok: python.jwt.signature-not-verified
    claims = jwt.decode(token, options={"verify_signature": False})
    key = keys[claims["iss"]]
    return jwt.decode(token, key, algorithms=["RS256"])


def unverified_claims(token):
    # ok: python.jwt.signature-not-verified
    return jwt.decode(token, options={"verify_signature": False})


def algorithm_of_the_token(token):
    header = jwt.get_unverified_header(token)
    # ruleid: python.jwt.algorithm-of-the-token
    jwt.decode(token, KEY, algorithms=[header["alg"]])
    # ruleid: python.jwt.algorithm-of-the-token
    jwt.decode(token, KEY, algorithms=header.get("alg"))
    # ok: python.jwt.algorithm-of-the-token
    jwt.decode(token, KEYS[header["kid"]], algorithms=["RS256"])


def allowed_algorithm(token):
    algorithm = jwt.get_unverified_header(token)["alg"]
    if algorithm not in ("RS256", "ES256"):
        raise ValueError(algorithm)
    # ok: python.jwt.algorithm-of-the-token
    jwt.decode(token, KEY, algorithms=[algorithm])
