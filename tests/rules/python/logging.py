import logging

import requests

logger = logging.getLogger(__name__)


def record(user, password, api_key, settings):
    # ruleid: python.logging.secret-logged
    logger.info("login of %s with %s", user, password)
    # ruleid: python.logging.secret-logged
    logging.debug(f"key {api_key}")
    # ruleid: python.logging.secret-logged
    logger.error("failed: " + user.password)
    # ruleid: python.logging.secret-logged
    logger.warning("password {}".format(settings["password"]))
    # ok: python.logging.secret-logged
    logger.info("login of %s", user)
    # ok: python.logging.secret-logged
    logger.info("the password has %d letters", len(password))
    # ruleid: python.logging.secret-printed
    print(password)
    # ruleid: python.logging.secret-printed
    print(f"Your key: {api_key}")
    # ok: python.logging.secret-printed
    print("Enter the password")
    with open("users.txt", "a") as file:
        # ruleid: python.logging.secret-stored-in-clear
        file.write(f"{user}:{password}\n")
        # ok: python.logging.secret-stored-in-clear
        file.write(f"{user}\n")
        # ok: python.logging.secret-stored-in-clear
        file.write(hash_password(password))
    # ruleid: python.logging.secret-in-address
    requests.get(f"https://example.org/login?user={user}&password={password}", timeout=3)
    # ok: python.logging.secret-in-address
    requests.post("https://example.org/login", json={"password": password}, timeout=3)
