"""A real OpenID provider, of another make than our client: the npm package `oidc-provider`, on a free port."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from playwright._impl._driver import compute_driver_executable

from tests.cdn import CACHE

PACKAGE = "oidc-provider@9.13.3"
SCRIPT = Path(__file__).with_suffix(".mjs")
FORM = re.compile(r'<form[^>]* action="([^"]+)"')
PROMPT = re.compile(r'name="prompt" value="(\w+)"')


class CompanyProvider:
    """The provider at an address. Programs register themselves; people are whom a test says."""

    def __init__(self, address: str) -> None:
        self.address = address

    def knows(self, **people: Mapping[str, Any]) -> None:
        """Say whom the company has: claims by the name that they sign in with, which is their subject."""
        requests.put(f"{self.address}/people", json=people, timeout=5).raise_for_status()

    def register(self, ours: str) -> dict[str, Any]:
        """Register the program at an address, and return its settings."""
        asked = {
            "redirect_uris": [f"{ours}/sign-in/company/return"],
            "post_logout_redirect_uris": [f"{ours}/sign-in"],
        }
        answer = requests.post(f"{self.address}/reg", json=asked, timeout=5)
        answer.raise_for_status()
        given = answer.json()
        return {
            "OIDC_ISSUER": self.address,
            "OIDC_CLIENT_ID": given["client_id"],
            "OIDC_CLIENT_SECRET": given["client_secret"],
            "OIDC_SCOPES": "openid email groups",
            "PUBLIC_URL": ours,
        }

    def browser(self) -> "Browser":
        """Return a browser that has not signed in yet."""
        return Browser(self.address)


class Browser:
    """What a browser does at the provider, by hand."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.session = requests.Session()

    def sign_in(self, url: str, name: str, *, gives_up: bool = False) -> str:
        """Follow an address of the provider, sign in where it asks, agree, and return where it sends us back to."""
        answer = self._ask("GET", url)
        while answer.status_code == 200:
            target = urljoin(answer.url, unescape(FORM.search(answer.text)[1]))
            if gives_up:
                answer = self._ask("GET", f"{target}/abort")
                continue
            prompt = PROMPT.search(answer.text)[1]
            answer = self._ask("POST", target, {"prompt": prompt, "login": name, "password": "any"})
        return answer.headers["Location"]

    def _ask(self, method: str, url: str, form: Mapping[str, str] | None = None) -> requests.Response:
        """Follow redirects as long as they stay there."""
        answer = self.session.request(method, url, data=form, allow_redirects=False, timeout=5)
        while answer.is_redirect and urlsplit(there := urljoin(url, answer.headers["Location"])).netloc in self.address:
            answer = self.session.get(url := there, allow_redirects=False, timeout=5)
        return answer


@contextmanager
def company_provider() -> Iterator[CompanyProvider]:
    """Run the provider with the node that Playwright brings."""
    node, _ = compute_driver_executable()
    folder = _installed()
    script = folder / SCRIPT.name  # beside its packages, since that is where it finds them
    script.write_bytes(SCRIPT.read_bytes())
    process = subprocess.Popen([node, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        address = process.stdout.readline().decode().strip()
        assert address.startswith("http"), "the provider did not start; run it by hand to see why"
        yield CompanyProvider(address)
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def _installed() -> Path:
    """Return the folder in which npm has installed the package; several processes may ask at the same time."""
    folder = CACHE / PACKAGE
    if not folder.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        made = tempfile.mkdtemp(dir=CACHE)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", PACKAGE]
        subprocess.run([*command, "--prefix", made], check=True, cwd=made)
        try:
            Path(made).rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(made)
    return folder
