"""Which addresses belong to the public internet: the special-purpose registries of IANA, and what hides inside others.

Asked by outbound.policy for every address of a name. Pure. Python's own `is_global` is not used: before 3.11.10 it
calls several reserved blocks global, and it does not look inside NAT64.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

RESERVED_V4: Final = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # "this network"; Linux takes 0.0.0.0 for loopback
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata is 100.100.100.200
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's wire server: a public number that only machines inside reach
        "169.254.0.0/16",  # link-local; the metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # IETF; Oracle's metadata is 192.0.0.192
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
GLOBAL_V6: Final = IPv6Network("2000::/3")
"""All that has been given out of IPv6; loopback, unique local, link-local and multicast lie outside."""
RESERVED_V6: Final = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # IETF protocols, Teredo (2001::/32) among them
        "2001:db8::/32",
        "2002::/16",  # 6to4: carries any IPv4 address
        "3fff::/20",
    )
)
NAT64: Final = IPv6Network("64:ff9b::/96")
"""How a machine without IPv4 reaches the IPv4 internet (RFC 6052): the last 32 bits say where to."""


def plain_address(text: str) -> Address:
    """The address that a connection would reach: without a zone, and IPv4 where IPv6 only wraps it.

    Raises:
        ValueError: it is no address.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could reach this address as well; give it a `plain_address`."""
    if isinstance(address, IPv4Address):
        return not any(address in block for block in RESERVED_V4)
    return address in GLOBAL_V6 and not any(address in block for block in RESERVED_V6)
