import ftplib
import imaplib
import logging.config
import smtplib
import socket
import ssl
import telnetlib
import xmlrpc.server
from http.server import BaseHTTPRequestHandler, HTTPServer

import aiohttp
import grpc
import httpx
import paramiko
import requests
import urllib3
import uvicorn
from OpenSSL import SSL
from pysnmp.hlapi import CommunityData, UsmUserData
from requests import get


def certificates(url, session, config):
    # ruleid: python.transport.certificate-not-verified
    requests.get(url, verify=True)
    # ruleid: python.transport.certificate-not-verified
    get(url, timeout=3, verify=True)
    # ruleid: python.transport.certificate-not-verified
    httpx.Client(verify=True)
    # ruleid: python.transport.certificate-not-verified
    session.verify = True
    # ruleid: python.transport.certificate-not-verified
    session.post(url, json={}, verify=True)
    # ruleid: python.transport.certificate-not-verified
    aiohttp.TCPConnector(ssl=True)
    # ruleid: python.transport.certificate-not-verified
    urllib3.PoolManager(cert_reqs="CERT_NONE")
    # ruleid: python.transport.certificate-not-verified
    ssl._create_default_https_context = ssl._create_unverified_context
    context = ssl.create_default_context()
    # ruleid: python.transport.hostname-not-checked
    context.check_hostname = False
    # ruleid: python.transport.certificate-not-verified
    context.verify_mode = ssl.CERT_NONE
    # ok: python.transport.certificate-not-verified
    requests.get(url, verify=True)
    # ok: python.transport.certificate-not-verified
    requests.get(url, verify="ca.pem", timeout=3)
    # ok: python.transport.certificate-not-verified
    session.verify = "ca.pem"
    # ok: python.transport.certificate-not-verified
    context.verify_mode = ssl.CERT_REQUIRED
    # ok: python.transport.hostname-not-checked
    context.check_hostname = True
    # ok: python.transport.certificate-not-verified
    config.parse(verify=False)
    if url.startswith("https"):
        # ok: python.transport.certificate-check-optional
        # ruleid: python.transport.certificate-not-verified
        session.verify = True


def certificates_by_option(options, session):
    context = ssl.create_default_context()
    if options.insecure:
        # ok: python.transport.hostname-not-checked
        # ruleid: python.transport.certificate-check-optional
        context.check_hostname = False
        # ok: python.transport.certificate-not-verified
        # ruleid: python.transport.certificate-check-optional
        context.verify_mode = ssl.CERT_NONE
    if options.verify_certs:
        context.load_verify_locations(options.ca)
    else:
        # ok: python.transport.certificate-not-verified
        # ruleid: python.transport.certificate-check-optional
        session.verify = False
    # ok: python.transport.certificate-not-verified
    ssl._create_unverified_context(cafile=options.ca, cert_reqs=options.cert_reqs)
    # ruleid: python.transport.certificate-not-verified
    ssl._create_unverified_context(cafile=options.ca, cert_reqs=ssl.CERT_NONE)
    return context


def unverified_context():
    # ok: python.transport.certificate-not-verified
    # ruleid: python.transport.certificate-check-optional
    return ssl._create_unverified_context()


def protocols(sock, host):
    # ruleid: python.transport.old-protocol
    ssl.SSLContext(ssl.PROTOCOL_TLSv1)
    # ruleid: python.transport.old-protocol
    SSL.Context(SSL.SSLv3_METHOD)
    # ruleid: python.transport.old-protocol, python.transport.socket-wrapped-without-context
    ssl.wrap_socket(sock, ssl_version=ssl.PROTOCOL_SSLv3)
    # ok: python.transport.old-protocol, python.transport.socket-wrapped-without-context
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # ruleid: python.transport.old-protocol
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # ok: python.transport.old-protocol
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # ok: python.transport.old-protocol
    names = {"tls1": ssl.PROTOCOL_TLSv1, "tls": ssl.PROTOCOL_TLS_CLIENT}
    # ok: python.transport.old-protocol
    is_old = context.protocol == ssl.PROTOCOL_TLSv1
    # ok: python.transport.old-protocol
    # ruleid: python.transport.any-protocol
    ssl.SSLContext(ssl.PROTOCOL_SSLv23)
    # ok: python.transport.any-protocol
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # ruleid: python.transport.socket-wrapped-without-context
    ssl.wrap_socket(sock)
    # ruleid: python.transport.socket-wrapped-without-context
    ssl.SSLContext()
    # ok: python.transport.socket-wrapped-without-context
    ssl.create_default_context().wrap_socket(sock, server_hostname=host)
    # ruleid: python.transport.weak-cipher-suites
    context.set_ciphers("ALL:@SECLEVEL=0")
    # ruleid: python.transport.weak-cipher-suites
    context.set_ciphers("HIGH:RC4")
    # ok: python.transport.weak-cipher-suites
    context.set_ciphers("ECDHE+AESGCM:!aNULL:!MD5:!RC4")


def ssh():
    client = paramiko.SSHClient()
    # ruleid: python.transport.ssh-host-key-ignored
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    # ruleid: python.transport.ssh-host-key-ignored
    client.set_missing_host_key_policy(paramiko.RejectPolicy)
    # ok: python.transport.ssh-host-key-ignored
    client.set_missing_host_key_policy(paramiko.RejectPolicy())


def clear_text(user, password):
    # ruleid: python.transport.clear-text-protocol
    ftplib.FTP("ftp.example.org")
    # ruleid: python.transport.clear-text-protocol
    telnetlib.Telnet("example.org")
    # ruleid: python.transport.clear-text-protocol
    imaplib.IMAP4("example.org")
    # ok: python.transport.clear-text-protocol
    ftplib.FTP_TLS("ftp.example.org")
    # ok: python.transport.clear-text-protocol
    imaplib.IMAP4_SSL("example.org")
    # ruleid: python.transport.snmp-without-encryption
    CommunityData("public", mpModel=0)
    # ruleid: python.transport.snmp-without-encryption
    UsmUserData("user")
    # ok: python.transport.snmp-without-encryption
    UsmUserData("user", "authentication", "privacy")
    # ruleid: python.transport.clear-text-address
    requests.get("http://example.org/users", timeout=3)
    # ok: python.transport.clear-text-address
    requests.get("https://example.org/users", timeout=3)
    # ok: python.transport.clear-text-address
    requests.get("http://localhost:8000/users", timeout=3)
    # ruleid: python.transport.grpc-without-tls
    grpc.insecure_channel("orders:50051")
    # ok: python.transport.grpc-without-tls
    grpc.insecure_channel("localhost:50051")
    # ok: python.transport.grpc-without-tls
    grpc.secure_channel("orders:50051", grpc.ssl_channel_credentials())


def mail(user, password):
    server = smtplib.SMTP("mail.example.org")
    # ruleid: python.transport.clear-text-protocol
    server.login(user, password)


def mail_encrypted(user, password):
    server = smtplib.SMTP("mail.example.org")
    server.starttls()
    # ok: python.transport.clear-text-protocol
    server.login(user, password)


def servers(app, sock):
    # ruleid: python.transport.bind-all-interfaces
    sock.bind(("0.0.0.0", 80))
    # ruleid: python.transport.bind-all-interfaces
    sock.bind(("", 80))
    # ruleid: python.transport.bind-all-interfaces
    app.run(host="0.0.0.0", port=80)
    # ruleid: python.transport.bind-all-interfaces
    uvicorn.run(app, host="0.0.0.0")
    # ruleid: python.transport.bind-all-interfaces
    HTTPServer(("", 8000), BaseHTTPRequestHandler)
    # ok: python.transport.bind-all-interfaces
    sock.bind(("127.0.0.1", 80))
    # ok: python.transport.bind-all-interfaces
    app.run(host="127.0.0.1")
    # ok: python.transport.bind-all-interfaces
    app.run()
    # ruleid: python.transport.logging-server
    logging.config.listen(9999)
    # ok: python.transport.logging-server
    logging.config.listen(9999, verify=check)
    server = xmlrpc.server.SimpleXMLRPCServer(("localhost", 8000))
    # ruleid: python.transport.rpc-dotted-names
    server.register_instance(app, allow_dotted_names=True)
    # ok: python.transport.rpc-dotted-names
    server.register_instance(app)
