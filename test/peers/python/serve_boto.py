"""boto3 against a served tree: serve_boto.py S3_URL BUCKET FOLDER. Everything that it lists and reads is held against the folder.

The address is asked in path style and in virtual-host style, unsigned and signed with keys that nobody knows.
"""
import os
import socket
import sys
import tempfile
from urllib.parse import urlsplit

import boto3
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.client import Config
from botocore.exceptions import ClientError

from verdicts import Verdicts

url, bucket, folder = sys.argv[1:]
MIB = 1024 * 1024

# names below localhost are this machine; not every resolver says so
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: resolve("127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **more)


def keys_below(folder):
    found = []
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [os.path.relpath(os.path.join(at, name), folder) for name in names]
    return sorted(found, key=lambda key: key.encode())


def content(key):
    with open(os.path.join(folder, key), "rb") as file:
        return file.read()


def client_of(style, signed):
    at = url.replace("127.0.0.1", "localhost")
    config = Config(s3={"addressing_style": style}, retries={"max_attempts": 1}, **({} if signed else {"signature_version": UNSIGNED}))
    keys = {"aws_access_key_id": "nobody", "aws_secret_access_key": "knows", "aws_session_token": "this"} if signed else {}
    return boto3.client("s3", endpoint_url=at, region_name="eu-central-1", config=config, **keys)


def listed(client, operation="list_objects_v2", size=None, **request):
    """Keys and common prefixes over all pages."""
    keys, prefixes = [], []
    for page in client.get_paginator(operation).paginate(Bucket=bucket, PaginationConfig={"PageSize": size} if size else {}, **request):
        keys += [(one["Key"], one["Size"]) for one in page.get("Contents", [])]
        prefixes += [one["Prefix"] for one in page.get("CommonPrefixes", [])]
    return [key for key, _ in keys], prefixes, dict(keys)


def folded(keys, prefix, delimiter):
    ends = [(key, key.find(delimiter, len(prefix))) for key in keys if key.startswith(prefix)]
    order = lambda word: word.encode()
    return sorted((key for key, at in ends if at < 0), key=order), sorted({key[: at + len(delimiter)] for key, at in ends if at >= 0}, key=order)


def check_listings(verdicts, client, everything):
    """Everything: pages of few keys, folded, after any key. The answer to a question depends on neither address nor signature, so that the others ask once."""
    wanted = keys_below(folder)
    odd = [key for key in wanted if key.startswith("odd/")]
    if not everything:
        keys, _, sizes = listed(client, size=20, Prefix="odd/")
        verdicts.check("list_objects_v2", "every odd key in the order of its bytes, pages of 20", keys == odd, keys[:5])
        verdicts.check("list_objects_v2", "sizes", all(sizes[key] == os.path.getsize(os.path.join(folder, key)) for key in keys))
        keys, _, _ = listed(client, StartAfter=odd[7], Prefix="odd/")
        verdicts.check("list_objects_v2", f"after {odd[7]!r}", keys == [key for key in odd if key.encode() > odd[7].encode()], keys[:3])
        keys, prefixes, _ = listed(client, "list_objects", 3, Prefix="odd/a", Delimiter="+")
        names = [one["Name"] for one in client.list_buckets()["Buckets"]]
        verdicts.check("list_buckets", "the only one", names == [bucket], names)
        verdicts.check("list_objects", "folded", (keys, prefixes) == folded(wanted, "odd/a", "+"), (keys, prefixes))
        verdicts.check("head_bucket", "is there", client.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200)
        return
    for operation in ("list_objects_v2", "list_objects"):
        for size in (None, 7):
            keys, _, sizes = listed(client, operation, size, Prefix="odd/") if size else listed(client, operation)
            verdicts.check(operation, f"every key in the order of its bytes, pages of {size}", keys == (odd if size else wanted), keys[:5])
            verdicts.check(operation, "sizes", all(sizes[key] == os.path.getsize(os.path.join(folder, key)) for key in keys))
        for prefix, delimiter in (("", "/"), ("odd/", "/"), ("plain", "/"), ("odd/a", "+"), ("odd/file ", "%"), ("nothing/", "/")):
            keys, prefixes, _ = listed(client, operation, 3, Prefix=prefix, Delimiter=delimiter)
            verdicts.check(operation, f"folded at {delimiter!r} behind {prefix!r}", (keys, prefixes) == folded(wanted, prefix, delimiter), (keys, prefixes))
    for after in (odd[0], odd[7], "odd/", "odd/file 100%", "zzz", "odd/a b"):
        keys, _, _ = listed(client, StartAfter=after, Prefix="odd/")
        verdicts.check("list_objects_v2", f"after {after!r}", keys == [key for key in odd if key.encode() > after.encode()], keys[:3])
    page = client.list_objects_v2(Bucket=bucket, MaxKeys=2, Prefix="odd/", EncodingType="url")
    verdicts.check("list_objects_v2", "two keys, more to come", (page["KeyCount"], page["MaxKeys"], page["IsTruncated"]) == (2, 2, True), page)
    verdicts.check("list_objects_v2", "no key", client.list_objects_v2(Bucket=bucket, MaxKeys=0)["KeyCount"] == 0)
    names = [one["Name"] for one in client.list_buckets()["Buckets"]]
    verdicts.check("list_buckets", "the only one", names == [bucket], names)
    verdicts.check("head_bucket", "is there", client.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200)


def check_objects(verdicts, client, everything):
    for key in keys_below(folder):
        if key.startswith("many/") or not everything and not key.startswith("odd/file "):
            continue
        wanted = content(key)
        head, got = client.head_object(Bucket=bucket, Key=key), client.get_object(Bucket=bucket, Key=key)
        same = got["Body"].read() == wanted and head["ContentLength"] == got["ContentLength"] == len(wanted) and head["ETag"] == got["ETag"]
        verdicts.check("get_object", key, same, head)
    key, wanted = "plain/big.bin", content("plain/big.bin")
    size = len(wanted)
    for text, first, end in ((f"bytes=0-{MIB - 1}", 0, MIB), ("bytes=5-5", 5, 6), (f"bytes={size - 3}-", size - 3, size), ("bytes=-10", size - 10, size), (f"bytes=100-{10 * size}", 100, size)):
        got = client.get_object(Bucket=bucket, Key=key, Range=text)
        ok = got["Body"].read() == wanted[first:end] and got["ContentRange"] == f"bytes {first}-{end - 1}/{size}" and got["ResponseMetadata"]["HTTPStatusCode"] == 206
        verdicts.check("get_object", text, ok, got.get("ContentRange"))
    etag = client.head_object(Bucket=bucket, Key=key)["ETag"]
    verdicts.check("get_object", "if it is this one", client.get_object(Bucket=bucket, Key=key, IfMatch=etag)["ContentLength"] == size)


def check_download(verdicts, client):
    """Over 8 MiB in parts, several at once, as the transfer manager does it."""
    with tempfile.TemporaryDirectory() as target:
        path = os.path.join(target, "big")
        for config in (TransferConfig(), TransferConfig(multipart_threshold=MIB, multipart_chunksize=MIB, max_concurrency=10)):
            client.download_file(bucket, "plain/big.bin", path, Config=config)
            with open(path, "rb") as file:
                verdicts.check("download_file", f"parts of {config.multipart_chunksize}", file.read() == content("plain/big.bin"))


def check_errors(verdicts, client, style):
    # another bucket in the path is not there; in the name it is another server's name
    elsewhere = (lambda path: path) if style == "path" else (lambda path: ("421", 421))
    here = {"Bucket": bucket, "Key": "plain/a.txt"}
    cases = [
        ("NoSuchKey", 404, lambda: client.get_object(Bucket=bucket, Key="plain/none")),
        ("NoSuchKey", 404, lambda: client.get_object(Bucket=bucket, Key=".emporium/journal")),
        ("404", 404, lambda: client.head_object(Bucket=bucket, Key="plain/none")),
        (*elsewhere(("NoSuchBucket", 404)), lambda: client.list_objects_v2(Bucket="another")),
        ("InvalidRange", 416, lambda: client.get_object(**here, Range="bytes=99-")),
        ("PreconditionFailed", 412, lambda: client.get_object(**here, IfMatch='"another"')),
        ("304", 304, lambda: client.get_object(**here, IfNoneMatch=client.head_object(**here)["ETag"])),
        ("InvalidArgument", 400, lambda: client.list_objects_v2(Bucket=bucket, ContinuationToken="?")),
        ("MethodNotAllowed", 405, lambda: client.put_object(**here, Body=b"x" * 100_000)),
        ("MethodNotAllowed", 405, lambda: client.delete_object(**here)),
        ("MethodNotAllowed", 405, lambda: client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "plain/a.txt"}]})),
        (*elsewhere(("MethodNotAllowed", 405)), lambda: client.create_bucket(Bucket="another", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})),
        ("MethodNotAllowed", 405, lambda: client.create_multipart_upload(**here)),
        ("MethodNotAllowed", 405, lambda: client.copy_object(**here, CopySource=f"{bucket}/plain/b")),
        ("NotImplemented", 501, lambda: client.get_bucket_policy(Bucket=bucket)),
        ("NotImplemented", 501, lambda: client.get_object_tagging(**here)),
        ("NotImplemented", 501, lambda: client.list_object_versions(Bucket=bucket)),
    ]
    for code, status, ask in cases:
        try:
            ask()
            verdicts.check("errors", code, False, "nothing was raised")
        except ClientError as error:
            got = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            verdicts.check("errors", code, got == (code, status), f"{got}, {(code, status)} wanted")


verdicts = Verdicts()
for style in ("path", "virtual"):
    for signed in (False, True):
        client = client_of(style, signed)
        asked = []
        client.meta.events.register("before-send.s3", lambda request, **_: asked.append(urlsplit(request.url).netloc))
        case = f"{style}, {'signed' if signed else 'unsigned'}"
        everything = (style == "virtual") == signed
        verdicts.guard(case, "check_listings", check_listings, verdicts, client, everything)
        verdicts.guard(case, "check_objects", check_objects, verdicts, client, style == "path" and not signed)
        verdicts.guard(case, "check_download", check_download, verdicts, client)
        verdicts.guard(case, "check_errors", check_errors, verdicts, client, style)
        verdicts.check(case, "asks so", any(host.startswith(f"{bucket}.") for host in asked) == (style == "virtual"), asked[:3])
verdicts.print()
