import os

from django.contrib.auth.hashers import make_password
from rest_framework.permissions import AllowAny, IsAuthenticated

# ruleid: python.django.debug-on
DEBUG = True
# ok: python.django.debug-on
DEBUG = os.environ.get("DEBUG") == "1"
# ok: python.django.debug-on
DEBUG = False
if os.environ.get("LOCAL"):
    # ok: python.django.debug-on
    DEBUG = True
# ruleid: python.django.any-host
ALLOWED_HOSTS = ["*"]
# ok: python.django.any-host
ALLOWED_HOSTS = ["example.org"]
# ruleid: python.django.protection-off
SECURE_SSL_REDIRECT = True
# ok: python.django.protection-off
SECURE_SSL_REDIRECT = True
# ruleid: python.django.passwords-not-checked
AUTH_PASSWORD_VALIDATORS = []
# ok: python.django.passwords-not-checked
AUTH_PASSWORD_VALIDATORS = [{"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"}]
# ruleid: python.django.weak-password-hasher
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# ok: python.django.weak-password-hasher
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]


class Orders(APIView):
    # ruleid: python.django.open-api-view
    permission_classes = [AllowAny]


class MyOrders(APIView):
    # ok: python.django.open-api-view
    permission_classes = [IsAuthenticated]


class OrderForm(ModelForm):
    class Meta:
        # ruleid: python.django.all-fields
        fields = "__all__"


class ItemForm(ModelForm):
    class Meta:
        # ok: python.django.all-fields
        fields = ["name"]


def store(password):
    # ruleid: python.django.weak-password-hasher
    first = make_password(password, hasher="unsalted_md5")
    # ok: python.django.weak-password-hasher
    second = make_password(password)
    return first, second
