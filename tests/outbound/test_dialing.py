"""TLS keeps the name that was asked for, and other protocols dial through the same check."""

import asyncio
import datetime
import ipaddress
import socket
import ssl
import threading

import pytest
import websockets.asyncio.client
import websockets.asyncio.server
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from outbound.dialing import connect, resolve_name
from outbound.policy import parse_policy
from outbound.refusing import OutboundRefused
from tests.outbound.conftest import loopback, reply, saying


def certificate_for(name: str, folder) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for this name, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    whole, public = folder / "both.pem", folder / "cert.pem"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    kind = serialization.PrivateFormat.PKCS8
    whole.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()) + public.read_bytes()
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(whole)
    return server, ssl.create_default_context(cafile=str(public))


async def test_tls_asks_for_the_name_and_believes_only_its_certificate(client_for, tmp_path):
    tls, trust = certificate_for("feed.test", tmp_path)
    said = []
    tls.sni_callback = lambda connection, name, context: said.append(name)
    async with loopback(saying(index=reply(body=b"safe")), tls=tls) as server:
        names = {"other.test": ["127.0.0.1"]}
        client = client_for(["127.0.0.0/8"], names, trust=trust)
        assert (await client.fetch(server.url(scheme="https"))).body == b"safe"
        assert (said, server.asked[0].headers["host"]) == (["feed.test"], f"feed.test:{server.port}")
        for other, url in (
            (client, server.url(scheme="https", host="other.test")),
            (client_for(["127.0.0.0/8"]), server.url(scheme="https")),
        ):
            with pytest.raises(OutboundRefused) as refused:
                await other.fetch(url)
            assert refused.value.code == "certificate"


async def test_no_redirect_leaves_tls(client_for, tmp_path):
    tls, trust = certificate_for("feed.test", tmp_path)
    async with loopback(saying(index=reply(302, Location="http://feed.test/"))) as plain:
        away = saying(index=reply(302, Location=plain.url()))
        async with loopback(away, tls=tls) as server:
            with pytest.raises(OutboundRefused) as refused:
                await client_for(["feed.test"], trust=trust).fetch(server.url(scheme="https"))
    assert (refused.value.code, plain.connections) == ("downgrade", 0)


async def test_a_server_without_tls_is_named(client_for):
    async with loopback(saying(index=reply())) as server:
        with pytest.raises(OutboundRefused) as refused:
            await client_for(["feed.test"]).fetch(server.url(scheme="https"), limits=_hasty())
    assert refused.value.code in {"certificate", "too_slow"}


def _hasty():
    from outbound.client import Limits

    return Limits(seconds=2, connect_seconds=1)


async def test_a_websocket_dials_through_the_same_check():
    async def echo(connection):
        async for text in connection:
            await connection.send(text)

    async def resolve(host, port):
        return ["127.0.0.1"]

    async with websockets.asyncio.server.serve(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(OutboundRefused) as refused:
            await connect("chat.test", port, policy=parse_policy(allow=[], ports=["1-65535"]), resolve=resolve)
        assert refused.value.code == "address_refused"
        policy = parse_policy(allow=[f"chat.test:{port}"], ports=[])
        opened = await connect("chat.test", port, policy=policy, resolve=resolve)
        url = f"ws://chat.test:{port}/"
        async with websockets.asyncio.client.connect(url, sock=opened, proxy=None) as connection:
            await connection.send("hello")
            assert await connection.recv() == "hello"


async def test_nobody_waits_for_ever_for_a_connection(unused_tcp_port):
    async def resolve(host, port):
        return ["127.0.0.1"]

    async def never(host, port):
        await asyncio.sleep(60)

    policy = parse_policy(allow=["chat.test"], ports=[])
    with pytest.raises(OutboundRefused) as refused:
        await connect("chat.test", unused_tcp_port, policy=policy, resolve=resolve)
    assert refused.value.code == "unreachable"
    with pytest.raises(OutboundRefused) as refused:
        await connect("chat.test", 443, policy=policy, resolve=never, seconds=0.1)
    assert refused.value.code == "too_slow"


async def test_names_that_nobody_answers_hold_up_no_other(monkeypatch):
    """The system's function is the outside here: it hangs as with a name server that is gone."""
    going, real = threading.Event(), socket.getaddrinfo

    def hangs(host, *args, **more):
        if host == "hangs.test":
            going.wait(60)
            raise OSError
        return real(host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    policy = parse_policy(allow=["hangs.test", "localhost"], ports=[])
    waiting = [asyncio.create_task(connect("hangs.test", 80, policy=policy, seconds=0.2)) for _ in range(64)]
    try:
        told = await asyncio.gather(*waiting, return_exceptions=True)
        assert {refused.code for refused in told} == {"too_slow"}
        with pytest.raises(OutboundRefused, match="Too many names"):
            await resolve_name("localhost", 80)
    finally:
        going.set()
    async with asyncio.timeout(20):
        while True:
            try:
                assert await resolve_name("localhost", 80)
                break
            except OutboundRefused:
                await asyncio.sleep(0.01)


async def test_the_system_is_asked_for_names():
    assert {ipaddress.ip_address(found).is_loopback for found in await resolve_name("localhost", 80)} == {True}
