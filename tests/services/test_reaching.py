"""A webhook goes to exactly the address that was checked, and to nobody who does not prove to be the host."""

import socket
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from leaderboard.domain.errors import AddressRefused
from leaderboard.domain.outside import parse_target
from leaderboard.services.reaching import Answer, checked_addresses, post
from tests.services.receivers import receiving

HOST = "hooks.example.com"


@pytest.fixture
def certificate(tmp_path):
    """A file with the key and the certificate of HOST, which certifies itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*plain) + built.public_bytes(serialization.Encoding.PEM))
    return str(path)


@pytest.fixture
def names(monkeypatch):
    """`names(address, …)`: what a name is found to stand for, each time another, and then no more."""
    real = socket.getaddrinfo

    def stand_for(*found):
        left = list(found)

        def getaddrinfo(host, port, *args, **named):
            if host.replace(".", "").isdigit() or ":" in host:  # what connecting asks of an address
                return real(host, port, *args, **named)
            addresses = left.pop(0)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return stand_for


def sent_to(address, *, may_reach_inside=True):
    return post(address, b"{}", {"X-Test": "1"}, may_reach_inside=may_reach_inside)


def test_a_host_that_proves_itself_is_reached_by_the_address_that_was_checked(certificate, names, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    names(["127.0.0.1"])  # asked for once: whoever answers another time gains nothing
    with receiving(certificate) as receiver:
        receiver.says = [(202, {"Retry-After": "7"}, b"fine")]
        assert sent_to(receiver.address(host=HOST)) == Answer(202, "fine", "7")
        ((_, headers, body),) = receiver.received
    assert (headers["Host"], headers["X-Test"], body) == (f"{HOST}:{receiver.port}", "1", b"{}")


@pytest.mark.parametrize(("host", "is_trusted"), [(HOST, False), ("other.example.com", True)])
def test_a_host_that_does_not_prove_itself_is_told_nothing(certificate, names, monkeypatch, host, is_trusted):
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", certificate)
    names(["127.0.0.1"])
    with receiving(certificate) as receiver:
        answer = sent_to(receiver.address(host=host))
        assert receiver.received == []
    assert answer.status is None
    assert answer.told.startswith("The server's certificate is not valid: ")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_no_form_of_our_own_address_is_reached(host):
    with receiving() as receiver:
        answer = sent_to(f"https://{host}:{receiver.port}/", may_reach_inside=False)
        assert receiver.received == []
    assert "private network" in answer.told


@pytest.mark.parametrize("found", [["169.254.169.254"], ["8.8.8.8", "10.0.0.1"]])
def test_a_name_that_stands_for_an_address_inside_is_refused_each_time(names, found):
    names(["8.8.8.8"], found)
    target = parse_target(f"https://{HOST}/", may_reach_inside=False)
    assert checked_addresses(target, may_reach_inside=False) == ["8.8.8.8"]
    assert "private network" in sent_to(f"https://{HOST}/", may_reach_inside=False).told


def test_a_name_that_stands_for_nothing_is_told_in_a_sentence():
    with pytest.raises(AddressRefused) as refused:
        checked_addresses(parse_target("https://nothing.invalid/", may_reach_inside=False), may_reach_inside=False)
    assert refused.value.because == "unknown"


def test_the_next_address_of_a_name_is_tried_where_nobody_listens_at_the_first(names):
    with receiving() as receiver:
        names(["127.0.0.2", "127.0.0.1"])
        assert sent_to(receiver.address(host="hooks.example.com")).is_taken
        port = receiver.port
    assert sent_to(f"http://127.0.0.1:{port}/").told.startswith("The server cannot be reached: ")


def test_what_is_no_answer_of_a_web_server_is_told_in_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble():
            client, _ = server.accept()
            with client:
                client.recv(65_536)
                client.sendall(b"SSH-2.0-OpenSSH\r\n\x00\xff\r\n\r\n")

        thread = Thread(target=babble)
        thread.start()
        answer = sent_to(f"http://127.0.0.1:{server.getsockname()[1]}/")
        thread.join()
    assert answer.status is None
    assert answer.told.startswith("The server cannot be reached: ")
    assert "\n" not in answer.told
