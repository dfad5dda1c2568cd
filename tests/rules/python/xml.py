import xml.dom.minidom
import xml.etree.ElementTree as ET
import xml.sax
import xml.sax.handler
from xml.sax import make_parser
from xml.sax.saxutils import quoteattr

import defusedxml.ElementTree
import elementpath
import lxml.etree
from flask import Flask, request
from lxml import etree

app = Flask(__name__)


def parsers():
    # ruleid: python.xml.external-entities
    first = etree.XMLParser(resolve_entities=True)
    # ruleid: python.xml.external-entities
    second = etree.XMLParser(no_network=False)
    # ruleid: python.xml.external-entities
    third = lxml.etree.XMLParser(load_dtd=True, no_network=True)
    # ok: python.xml.external-entities
    fourth = etree.XMLParser(resolve_entities=False, no_network=True)
    # ok: python.xml.external-entities
    fifth = etree.XMLParser()
    return first, second, third, fourth, fifth


@app.route("/lxml", methods=["POST"])
def with_lxml():
    # ruleid: python.xml.tainted-document
    document = etree.fromstring(request.data)
    # ruleid: python.xml.external-entities
    parser = etree.XMLParser(resolve_entities=True)
    # ruleid: python.xml.tainted-document
    document = etree.fromstring(request.data, parser)
    # ruleid: python.xml.tainted-document
    document = etree.parse(request.stream, parser=parser)
    strict = etree.XMLParser(resolve_entities=False)
    # ok: python.xml.tainted-document
    document = etree.fromstring(request.data, strict)
    # ok: python.xml.tainted-document
    document = defusedxml.ElementTree.fromstring(request.data)
    # ok: python.xml.tainted-document
    document = etree.fromstring("<a/>")
    return document.tag


@app.route("/sax", methods=["POST"])
def with_sax():
    parser = make_parser()
    # ruleid: python.xml.sax-external-entities
    parser.setFeature(xml.sax.handler.feature_external_ges, True)
    # ruleid: python.xml.tainted-document
    document = xml.dom.minidom.parseString(request.form["xml"], parser)
    return document.toxml()


@app.route("/sax2", methods=["POST"])
def with_safe_sax():
    parser = make_parser()
    # ok: python.xml.sax-external-entities
    parser.setFeature(xml.sax.handler.feature_external_ges, False)
    # ok: python.xml.tainted-document
    document = xml.dom.minidom.parseString(request.form["xml"], parser)
    return document.toxml()


@app.route("/bomb", methods=["POST"])
def bomb():
    # ruleid: python.xml.entity-expansion
    document = ET.fromstring(request.data)
    # ruleid: python.xml.entity-expansion
    document = xml.dom.minidom.parseString(request.data)
    # ok: python.xml.entity-expansion
    document = defusedxml.ElementTree.fromstring(request.data)
    # ok: python.xml.entity-expansion
    document = ET.parse("fixed.xml")
    return document.tag


@app.route("/user")
def user():
    name = request.args["name"]
    tree = etree.parse("users.xml")
    # ruleid: python.xml.tainted-xpath
    found = tree.xpath("//user[@name='" + name + "']")
    # ruleid: python.xml.tainted-xpath
    found = tree.xpath(f"//user[@name='{name}']/email")
    query = "//user[@name='%s']" % name
    # ruleid: python.xml.tainted-xpath
    found = etree.XPath(query)(tree)
    # ruleid: python.xml.tainted-xpath
    found = elementpath.select(tree, "".join(["//user[@name='", name, "']"]))
    root = ET.parse("users.xml").getroot()
    # ruleid: python.xml.tainted-xpath
    found = root.findall(f"./user[@name='{name}']")
    # ok: python.xml.tainted-xpath
    found = tree.xpath("//user[@name=$name]", name=name)
    # ok: python.xml.tainted-xpath
    found = tree.xpath("//user[@name=" + quoteattr(name) + "]")
    # ok: python.xml.tainted-xpath
    found = tree.xpath("//user[@name='" + name.replace("'", "&apos;") + "']")
    # ok: python.xml.tainted-xpath
    position = name.find("=")
    return str((found, position))


@app.route("/user2")
def checked_user():
    name = request.args["name"]
    if "'" in name:
        return "no", 400
    # ok: python.xml.tainted-xpath
    return str(etree.parse("users.xml").xpath(f"//user[@name='{name}']"))


@app.route("/style", methods=["POST"])
def style():
    # ruleid: python.xml.tainted-stylesheet, python.xml.tainted-document
    transform = etree.XSLT(etree.XML(request.data))
    # ok: python.xml.tainted-stylesheet
    transform = etree.XSLT(etree.parse("fixed.xsl"))
    return str(transform)


def find_book(tree, title):
    # ruleid: python.xml.parameter-in-xpath
    first = tree.xpath(f"//book[title='{title}']")
    # ok: python.xml.parameter-in-xpath
    second = tree.xpath("//book[title=$title]", title=title)
    # ok: python.xml.parameter-in-xpath
    third = tree.find("book")
    return first, second, third


def read_parts(node):
    # ruleid: python.xml.document-from-outside
    part = etree.fromstring(node)
    # ok: python.xml.document-from-outside, python.xml.tainted-document
    strict = etree.fromstring(node, etree.XMLParser(resolve_entities=False))
    return part, strict
