"""Runs the parsers of yuriyzubov/image_harvest (a checkout that the caller has: it states no licence) against the offline portals.

    python original.py CHECKOUT http://127.0.0.1:PORT > records.json

Needs beautifulsoup4, requests and xmltodict. Nothing of that program is changed; it is led astray in two places:
- requests to https://HOST/PATH go to http://127.0.0.1:PORT/HOST/PATH, as `--portal-base` leads ours;
- in the place of Playwright's browser stands one that runs no script: it hands out the body of the page as it is sent.
Prints the document that it writes, and of each page that it read the SHA-256.
"""
import hashlib
import json
import os
import runpy
import sys
import tempfile
import types

import requests
import requests.adapters

checkout, base = sys.argv[1:]
pages = []


class ToStandIns(requests.adapters.HTTPAdapter):
    def send(self, request, **options):
        local = request.copy()
        local.url = base + "/" + request.url.split("#")[0].removeprefix("https://")
        response = super().send(local, **options)
        response.url, response.request = request.url, request
        told = response.headers.get("location", "").encode()
        page = {"method": request.method, "url": request.url.split("#")[0], "status": response.status_code}
        pages.append({**page, "sha256": hashlib.sha256(response.content + told).hexdigest()})
        return response


open_session = requests.Session.__init__


def session(self, *args, **named):
    open_session(self, *args, **named)
    self.trust_env = False
    self.mount("https://", ToStandIns())


requests.Session.__init__ = session


class Page:
    async def goto(self, url, **_):
        self.html = requests.get(url).text

    async def inner_html(self, tag):
        return self.html.split(f"<{tag}>", 1)[1].rsplit(f"</{tag}>", 1)[0]


class Browser:
    async def new_page(self):
        return Page()

    async def close(self):
        pass

    async def launch(self, **_):
        return self


class Playwright:
    chromium = Browser()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass


module = types.ModuleType("playwright.async_api")
module.async_playwright = Playwright
sys.modules["playwright"] = types.ModuleType("playwright")
sys.modules["playwright.async_api"] = module

parsers = os.path.abspath(os.path.join(checkout, "src", "parse_webpages"))
sys.path.insert(0, parsers)
printed, sys.stdout = sys.stdout, sys.stderr
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    os.mkdir("reference_metadata")
    runpy.run_path(os.path.join(parsers, "main_webmetadata.py"), run_name="__main__")
    with open("reference_metadata/web_metadata.json") as file:
        records = json.load(file)
    os.chdir("/")
json.dump({"pages": pages, "records": records}, printed, indent=1, ensure_ascii=False)
printed.write("\n")
