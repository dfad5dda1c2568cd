"""Which popular package was most likely meant by a name that nobody knows. Pure.

A model invents package names that sound right, and others wait for that (slopsquatting). Whether
a name exists cannot be known here; whether it is a slip of a well-known one can. The lists are
facts from the registries' download counts (``scripts/popular_packages.py`` makes them): the names
that are meant, and real packages that only look like one of them, which accuse nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from rapidfuzz import process
from rapidfuzz.distance import OSA

from indexer.model import Import
from indexer.resolve.infer import Inference
from indexer.resolve.javascript_modules import ENDINGS
from indexer.resolve.outline import Repository

PYPI, NPM = "PyPI", "npm"
# Shorter names are one letter apart by nature.
_LEAST_LETTERS = 6
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_SEPARATORS = re.compile(r"[-_.]+")
_DECLARING = ("requirements.txt", "pyproject.toml", "setup.py", "setup.cfg", "package.json")
# What is imported by another name than it is installed by.
_IMPORTED_AS = """
absl:absl-py allauth:django-allauth apiclient:google-api-python-client attr:attrs
bs4:beautifulsoup4 bson:pymongo cairo:pycairo compressor:django-compressor
corsheaders:django-cors-headers crispy_forms:django-crispy-forms Crypto:pycryptodome
Cryptodome:pycryptodomex cups:pycups cv2:opencv-python dateutil:python-dateutil
debug_toolbar:django-debug-toolbar decouple:python-decouple django_filters:django-filter
dns:dnspython docx:python-docx dotenv:python-dotenv engineio:python-engineio
environ:django-environ faiss:faiss-cpu fasttext:fasttext fitz:PyMuPDF flask_cors:Flask-Cors
flask_sqlalchemy:Flask-SQLAlchemy gi:PyGObject git:GitPython github:PyGithub gitlab:python-gitlab
google:protobuf gridfs:pymongo grpc:grpcio hcl2:python-hcl2 igraph:python-igraph
import_export:django-import-export jenkins:python-jenkins jks:pyjks jose:python-jose jwt:PyJWT
kafka:kafka-python keystoneclient:python-keystoneclient ldap:python-ldap
levenshtein:python-Levenshtein magic:python-magic markdown:Markdown memcache:python-memcached
mpl_toolkits:matplotlib multipart:python-multipart MySQLdb:mysqlclient nacl:PyNaCl
nmap:python-nmap novaclient:python-novaclient OpenGL:PyOpenGL OpenSSL:pyOpenSSL
opentelemetry:opentelemetry-api osgeo:GDAL pcap:pypcap PIL:Pillow pkg_resources:setuptools
pptx:python-pptx psycopg2:psycopg2-binary pwn:pwntools pymysql:PyMySQL pythoncom:pywin32
pywintypes:pywin32 rest_framework:djangorestframework ruamel:ruamel.yaml serial:pyserial
shapefile:pyshp skimage:scikit-image sklearn:scikit-learn slugify:python-slugify
snowflake:snowflake-connector-python socketio:python-socketio socks:PySocks
speech_recognition:SpeechRecognition sqlalchemy:SQLAlchemy stdnum:python-stdnum
storages:django-storages telegram:python-telegram-bot tlsh:python-tlsh tree_sitter:tree-sitter
usb:pyusb vlc:python-vlc websocket:websocket-client win32api:pywin32 win32con:pywin32
win32gui:pywin32 wx:wxPython xdist:pytest-xdist Xlib:python-xlib xlib:python-xlib yaml:PyYAML
yaml_include:pyyaml-include zmq:pyzmq
"""


def canonical(name: str) -> str:
    """Spell a name as all spellings of it are: small letters, one kind of separator."""
    return _SEPARATORS.sub("-", name).lower()


@dataclass(frozen=True, slots=True)
class Popular:
    """The names of one registry; ``look_alikes`` are real and only near to a popular one."""

    names: frozenset[str]
    look_alikes: frozenset[str]
    squashed: dict[str, str]
    sorted_words: dict[str, str]

    def nearest(self, name: str) -> str | None:
        """Return the one popular name that ``name`` is a slip of; nothing if it is none.

        A slip is one letter too many, too few, exchanged or swapped, words in another order, or
        written together. About 0.2 ms.
        """
        if not name[:1].isalnum():
            # `_pytest` is a part of something that is known by another name.
            return None
        name = canonical(name)
        if name in self.names or name in self.look_alikes or len(name) < _LEAST_LETTERS - 1:
            return None
        other = self.squashed.get(name.replace("-", "")) or self.sorted_words.get(_sorted(name))
        if other is not None:
            return other
        # Two slips are no slip any more.
        found = [
            each
            for each, _, _ in process.extract(
                name, self.names, scorer=OSA.distance, score_cutoff=1, limit=4
            )
            if _is_slip(name, each)
        ]
        return found[0] if len(found) == 1 else None


@cache
def popular(ecosystem: str) -> Popular:
    """Read the popular names of ``PyPI`` or ``npm``; of the former also those of its modules."""
    text = (files("copilot_ls.checks") / "popular" / f"{ecosystem.lower()}.txt").read_text("utf-8")
    lines = [line for line in text.split("\n") if not line.startswith("#")]
    names, look_alikes = "\n".join(lines).split("\n\n", maxsplit=1)
    modules = {canonical(module) for module in _modules()} if ecosystem == PYPI else set()
    return index(names.split(), {*look_alikes.split(), *modules})


def index(names: Iterable[str], look_alikes: Iterable[str]) -> Popular:
    """Make names, as ``canonical`` spells them and the most popular first, quick to search."""
    squashed: dict[str, str] = {}
    sorted_words: dict[str, str] = {}
    names = [*names]
    for name in names:
        if len(name) >= _LEAST_LETTERS:
            squashed.setdefault(name.replace("-", ""), name)
        if "-" in name:
            sorted_words.setdefault(_sorted(name), name)
    return Popular(frozenset(names), frozenset(look_alikes), squashed, sorted_words)


@lru_cache(maxsize=8_192)
def nearest_popular(ecosystem: str, name: str) -> str | None:
    """Return the popular package that ``name`` is a slip of; see :meth:`Popular.nearest`."""
    return popular(ecosystem).nearest(name)


def nearest_to_import(ecosystem: str, name: str) -> str | None:
    """Return the popular package that the name of what is imported is a slip of.

    A module cannot have the hyphens of its package: `cfnlint` is what `cfn-lint` installs, unless
    the modules of a package are known to be called otherwise.
    """
    meant = nearest_popular(ecosystem, name)
    if meant is None or ecosystem != PYPI or _squashed(name) != _squashed(meant):
        return meant
    return meant if meant in map(canonical, _modules().values()) else None


def misspelt_package(inference: Inference, entry: Import) -> tuple[str, str] | None:
    """The package that is imported and the popular one that was meant, if it is such a slip.

    Unlike an absent package, this can be told where no environment says what is installed: only
    what the repository imports elsewhere, declares or has itself is no slip.
    """
    is_script = entry.path.endswith(ENDINGS)
    name = re.split(r"/" if is_script else r"\.", entry.module)[0]
    if entry.level or not name or name[0] in "@.":
        return None
    meant = nearest_to_import(NPM if is_script else PYPI, name)
    repository = inference.repository
    if meant is None or repository.paths_with_stem(name) or repository.has_package(name):
        return None
    if not is_script and inference.names.modules(Import(entry.path, name, entry.line)):
        return None
    if any(each.path != entry.path for each in repository.imports_from(name)):
        return None
    return None if is_declared(repository, name) else (name, meant)


def is_declared(repository: Repository, module: str) -> bool:
    """Whether a file at the top of the repository names the package of a module."""
    text = "\n".join(repository.text_of(path) or "" for path in _DECLARING)
    names = {canonical(module), canonical(distribution_of(module))}
    return any(canonical(each.rstrip(".-")) in names for each in _NAME.findall(text))


def distribution_of(module: str) -> str:
    """Return by which name a module's package is installed, as far as that is well known."""
    return _modules().get(module, module)


@cache
def _modules() -> dict[str, str]:
    pairs = (pair.partition(":") for pair in _IMPORTED_AS.split())
    return {module: package for module, _, package in pairs}


def _squashed(name: str) -> str:
    return canonical(name).replace("-", "")


def _sorted(name: str) -> str:
    return " ".join(sorted(name.split("-")))


def _is_slip(name: str, popular_name: str) -> bool:
    if name[0] != popular_name[0]:
        return False
    # Another number is another version, and meant: jinja2, python3-saml.
    if re.findall(r"\d", name) != re.findall(r"\d", popular_name):
        return False
    if len(popular_name) >= _LEAST_LETTERS:
        return True
    # In a short name, only what fingers do counts: letters that are swapped or doubled.
    is_swapped = sorted(name) == sorted(popular_name)
    is_doubled = len(name) > len(popular_name) and _single(name) == _single(popular_name)
    return len(popular_name) == _LEAST_LETTERS - 1 and (is_swapped or is_doubled)


def _single(name: str) -> str:
    return re.sub(r"(.)\1+", r"\1", name)
