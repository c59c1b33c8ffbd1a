"""Which addresses are public, and what an operator may write into OUTBOUND_ALLOW and OUTBOUND_PORTS."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound.addresses import RESERVED_V4, is_public, plain_address
from outbound.policy import parse_policy
from outbound.refusing import OutboundRefused

INSIDE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:20::1", "2001:db8::1",
    "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
]  # fmt: skip
OUTSIDE = [
    "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "198.20.0.1",
    "223.255.255.255", "2001:200::1", "2606:4700:4700::1111", "2a00:1450:4001::200e", "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]  # fmt: skip


@pytest.mark.parametrize("text", INSIDE)
def test_nobody_reaches_an_address_that_is_not_public(text):
    assert not is_public(plain_address(text))


@pytest.mark.parametrize("text", OUTSIDE)
def test_anybody_reaches_the_internet(text):
    assert is_public(plain_address(text))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_the_same_however_it_is_wrapped(address):
    wrapped = [f"::ffff:{address}", str(ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) + int(address)))]
    assert {is_public(plain_address(text)) for text in wrapped} == {is_public(address)}


@given(st.one_of(*(st.ip_addresses(network=str(block)) for block in RESERVED_V4)))
def test_no_address_of_a_reserved_block_is_public(address):
    assert not is_public(address)


def refusal(policy, host, address, port):
    try:
        policy.check(host, plain_address(address), port)
    except OutboundRefused as refused:
        return refused.code
    return None


@pytest.mark.parametrize(
    ("entry", "host", "address", "port", "code"),
    [
        ("10.0.0.0/8", "x", "10.2.3.4", 1234, None),
        ("10.0.0.0/8", "x", "11.2.3.4", 443, None),
        ("10.0.0.0/8", "x", "192.168.0.1", 443, "address_refused"),
        ("10.1.2.3:8065", "x", "10.1.2.3", 8065, None),
        ("10.1.2.3:8065", "x", "10.1.2.3", 443, "address_refused"),
        ("10.1.2.0/24:8065", "x", "10.1.2.3", 8065, None),
        ("fd00::/8", "x", "fd00::7", 443, None),
        ("[fd00::/8]:8065", "x", "fd00::7", 8065, None),
        ("[fd00::/8]:8065", "x", "fd00::7", 8066, "address_refused"),
        ("[::1]", "x", "::1", 22, None),
        ("::1", "x", "::1", 22, None),
        ("chat.corp", "chat.corp", "10.0.0.9", 8065, None),
        ("Chat.Corp.:8065", "chat.corp", "10.0.0.9", 8065, None),
        ("chat.corp:8065", "chat.corp", "10.0.0.9", 22, "address_refused"),
        ("chat.corp", "evil.chat.corp", "10.0.0.9", 443, "address_refused"),
        ("10.0.0.0/8", "x", "::ffff:10.0.0.1", 443, None),
        ("8.8.8.8:22", "x", "8.8.8.8", 22, None),
        ("8.8.8.8:22", "x", "8.8.4.4", 22, "port_refused"),
    ],
    ids=lambda value: str(value) or "none",
)
def test_operator_allows_exactly_what_is_written(entry, host, address, port, code):
    assert refusal(parse_policy(allow=[entry], ports=["80", "443", "8000-8999"]), host, address, port) == code


def test_nobody_reaches_a_port_that_is_not_listed():
    policy = parse_policy(allow=[], ports=["80", "443", "8000-8999"])
    assert [refusal(policy, "x", "8.8.8.8", port) for port in (80, 443, 8000, 8999)] == [None] * 4
    assert {refusal(policy, "x", "8.8.8.8", port) for port in (22, 25, 6379, 7999, 9000)} == {"port_refused"}


@pytest.mark.parametrize(
    ("allow", "ports"),
    [
        (["10.0.0.1/8"], []),
        (["10.0.0.256"], []),
        (["10.1"], []),
        (["host:0"], []),
        (["host:66000"], []),
        (["host:http"], []),
        (["[::1"], []),
        (["not a host"], []),
        ([""], []),
        ([], ["0"]),
        ([], ["9-8"]),
        ([], ["80-"]),
        ([], ["٣"]),
    ],
    ids=str,
)
def test_operator_is_told_which_entry_cannot_be_read(allow, ports):
    with pytest.raises(ValueError, match=r".") as error:
        parse_policy(allow=allow, ports=ports)
    assert repr((allow or ports)[0]) in str(error.value)
