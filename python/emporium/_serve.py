"""A server of the program's own for a ``with`` block."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from emporium._program import command
from emporium._run import Said, Word, end, flags, parsed, started
from emporium.errors import EmporiumError, Place, error_of

if TYPE_CHECKING:
    from cryoet_data_portal import Client

_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Server:
    """A running ``emporium serve``.

    ``url`` has the pages, ``page`` that of what is served. A standardised tree also has ``graphql_url``, for GraphQL clients, ``files_url``, its files over
    HTTP with ranges, and ``s3_url``, a read-only S3 endpoint with the bucket ``bucket``; they are None where no location is a tree. ``viewer_url`` is Neuroglancer.
    ``imported`` is what the catalogue has taken from the tree.
    """

    url: str
    page: str
    viewer_url: str
    graphql_url: str | None = None
    files_url: str | None = None
    s3_url: str | None = None
    bucket: str | None = None
    imported: Mapping[str, Any] | None = field(default=None, repr=False)

    def query(self, question: str, variables: Mapping[str, Any] | None = None, *, timeout: float = 60.0) -> Any:
        """The ``data`` of a GraphQL answer.

            server.query("{ datasets { id title runs { name } } }")["datasets"]

        :param timeout: seconds. :raises EmporiumError: CATALOG_ABSENT without a tree, GRAPHQL for a question that cannot be answered. :raises OSError: where the server does not answer.
        """
        body = json.dumps({"query": question, "variables": dict(variables or {})}).encode()
        headers = {"content-type": "application/json", "accept": "application/json"}
        request = urllib.request.Request(self._tree(), data=body, headers=headers)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy does not reach this machine's loopback
        try:
            with direct.open(request, timeout=timeout) as answer:
                document = json.load(answer)
        except urllib.error.HTTPError as error:
            document = json.loads(error.read() or b"{}")
        problems = document.get("errors")
        if problems or "data" not in document:
            said = "; ".join(str(each.get("message", each)) for each in problems or [{"message": "an answer without data"}])
            raise EmporiumError("GRAPHQL", said, Place(url=self.graphql_url))
        return document["data"]

    def client(self) -> Client:
        """An official client of the CryoET Data Portal (``pip install cryoet-data-portal``) that asks this server.

        Downloads of the client read ``BOTO_ENDPOINT_URL``; it is set in this process until the server ends.

        :raises ImportError: where the client is not installed. :raises EmporiumError: CATALOG_ABSENT where no location is a standardised tree.
        """
        url = self._tree()
        try:
            portal = import_module("cryoet_data_portal")
        except ImportError as error:
            raise ImportError(f"the official client is not installed: pip install cryoet-data-portal: {error}") from error
        os.environ["BOTO_ENDPOINT_URL"] = str(self.s3_url)
        client: Client = portal.Client(url)
        return client

    def _tree(self) -> str:
        if self.graphql_url is None:
            raise EmporiumError(
                "CATALOG_ABSENT", "no location is a standardised tree, which has a catalogue", Place(url=self.url), "serve the OUTPUT of emporium.ingest"
            )
        return self.graphql_url


@contextmanager
def serve(
    *locations: Word,
    port: int = 0,
    timeout: float | None = None,
    progress: bool = False,
    env: Mapping[str, str] | None = None,
    cwd: Word | None = None,
    program: Word | Sequence[str] | None = None,
    **options: Any,
) -> Iterator[Server]:
    """Serves volumes, folders, buckets and trees to this machine for as long as the ``with`` block lasts.

        with emporium.serve("portal/") as server:
            for run in cryoet_data_portal.Run.find(server.client()):
                print(run.name)

    The block begins once the server answers and the catalogue has all of the tree. The server ends with the block, also when an exception leaves it.

    :param locations: paths or URLs. :param port: of 127.0.0.1; 0 is any free one.
    :param timeout: seconds to wait for the server; None as long as it lives (the first time it creates a database and reads the whole tree).
    :param progress: pass on what the server writes to standard error. :param options: flags of the command with underscores for dashes: ``workspace="~/ws"``, ``import_=False``.
    :raises EmporiumError: what the server reports, such as a location that is not there. :raises TimeoutError: after ``timeout`` seconds.
    """
    words = [*command(program), "serve", "--json", "--port", str(port), *flags(options), *([] if progress else ["--quiet"])]
    words += ["--", *(os.fspath(location) for location in locations)]
    before = os.environ.get("BOTO_ENDPOINT_URL")
    with tempfile.TemporaryDirectory(prefix="emporium-serve-") as folder:
        answers = os.path.join(folder, "answer.json")
        with open(answers, "wb") as out:
            process, said = started(words, out, env, cwd, progress)
        try:
            answer = _first_answer(process, said, answers, timeout)
            yield Server(
                url=answer["url"],
                page=answer["page"],
                viewer_url=answer["viewer"],
                graphql_url=answer.get("graphql"),
                files_url=answer.get("files"),
                s3_url=answer.get("s3"),
                bucket=answer.get("bucket"),
                imported=answer.get("imported"),
            )
        finally:
            end(process)
            said.text()
            if before is None:
                os.environ.pop("BOTO_ENDPOINT_URL", None)
            else:
                os.environ["BOTO_ENDPOINT_URL"] = before


def _status(process: subprocess.Popen[bytes]) -> int:
    """That with which a server that has said what is wrong ends."""
    try:
        return process.wait(20)
    except subprocess.TimeoutExpired:
        return 1


def _first_answer(process: subprocess.Popen[bytes], said: Said, out: str, timeout: float | None) -> Mapping[str, Any]:
    """The document that the server prints once it is up to date."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        ended = process.poll()
        with open(out, encoding="utf-8") as file:
            text = file.read()
        if ended is not None:
            raise error_of(ended, parsed(text), said.text())
        if text.rstrip().endswith("}"):
            try:
                document: Mapping[str, Any] = json.loads(text)
            except ValueError:
                pass  # not all of it is there
            else:
                if "url" in document:
                    return document
                raise error_of(_status(process), document, said.text())
        if deadline is not None and time.monotonic() > deadline:
            raise TimeoutError(f"emporium serve did not answer within {timeout} seconds")
        time.sleep(_POLL_SECONDS)
