"""Webhooks go to servers of the world outside: every other address is refused, in whatever form it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.domain.errors import AddressRefused
from leaderboard.domain.outside import LONGEST_ADDRESS, Target, is_outside, parse_target, shortened
from tests.domain.examples import properties

INSIDE = """
127.0.0.1 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1
100.127.255.255 192.0.2.1 198.18.0.1 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:169.254.169.254 ::ffff:10.0.0.1 fe80::1 fe80::1%eth0 fec0::1
fc00::1 fd00:ec2::254 ff02::1 64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:1:: 2002:a9fe:a9fe::
2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:db8::1 100::1 localhost 0x7f000001 2130706433
192.0.0.8 192.0.0.192 192.88.99.1 168.63.129.16 ::ffff:168.63.129.16 2002:a83f:8110:: 3fff::1 3fff:fff::1
""".split()
OUTSIDE = """
1.1.1.1 8.8.8.8 172.15.255.255 172.32.0.1 100.63.255.255 100.128.0.1 169.253.255.255 223.255.255.254
191.255.255.255 192.0.1.0 192.88.98.255 192.88.100.0 168.63.129.15 168.63.129.17 3ffe:ffff::1 3fff:1000::1
2606:4700:4700::1111 2a00:1450:4001::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::
""".split()


@pytest.mark.parametrize("address", INSIDE)
def test_what_only_we_can_reach_is_inside(address):
    assert not is_outside(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_anybody_can_reach_is_outside(address):
    assert is_outside(address)


@properties
@given(st.ip_addresses(v=4))
def test_an_ipv6_address_that_carries_another_is_as_that_one(address):
    for carrier in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert is_outside(carrier) == is_outside(str(address))


@pytest.mark.parametrize(
    ("text", "target", "authority"),
    [
        ("https://hooks.example.com/a?b=c#d", ("https", "hooks.example.com", 443, "/a?b=c"), "hooks.example.com"),
        ("HTTPS://Hooks.Example.com:8443", ("https", "hooks.example.com", 8443, "/"), "hooks.example.com:8443"),
        ("https://[2606:4700::1111]/x", ("https", "2606:4700::1111", 443, "/x"), "[2606:4700::1111]"),
        ("https://0x7f000001/", ("https", "0x7f000001", 443, "/"), "0x7f000001"),  # what it stands for is looked up
    ],
)
def test_an_address_is_taken_apart(text, target, authority):
    found = parse_target(text, may_reach_inside=False)
    assert found == Target(*target)
    assert found.authority == authority


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "form"),
        ("hooks.example.com/a", "form"),
        ("https://", "form"),
        ("https:///a", "form"),
        ("https://a b/", "form"),
        ("https://exa\tmple.com/", "form"),
        ("https://example.com/\r\nX-Evil: 1", "form"),
        ("https://example.com\\@10.0.0.1/", "form"),
        ("https://ex%61mple.com/", "form"),
        ("https://[fe80::1%25eth0]/", "form"),
        ("https://[::1/", "form"),
        ("https://example.com:0/", "form"),
        ("https://example.com:65536/", "form"),
        ("https://example.com:https/", "form"),
        ("https://exämple.com/", "form"),
        ("https://user@example.com/", "user"),
        ("https://example.com@10.0.0.1/", "user"),
        ("http://example.com/", "scheme"),
        ("ftp://example.com/", "scheme"),
        ("file://example.com/etc/passwd", "scheme"),
        ("gopher://example.com/", "scheme"),
        (f"https://example.com/{'a' * (LONGEST_ADDRESS - 19)}", "long"),
    ],
)
def test_what_is_no_address_of_a_web_server_is_refused(text, because):
    with pytest.raises(AddressRefused) as refused:
        parse_target(text, may_reach_inside=False)
    assert refused.value.because == because


def test_http_goes_only_where_inside_may_be_reached_and_the_longest_address_is_taken():
    assert parse_target("http://intern:8000/x", may_reach_inside=True) == Target("http", "intern", 8000, "/x")
    longest = f"https://example.com/{'a' * (LONGEST_ADDRESS - 20)}"
    assert len(longest) == LONGEST_ADDRESS
    assert parse_target(longest, may_reach_inside=False).host == "example.com"


def test_what_is_shown_of_an_address_lets_nobody_use_it():
    assert shortened("https://hooks.slack.com/services/T000/B000/secret") == "https://hooks.slack.com/…"
