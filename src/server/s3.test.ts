import {
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  S3Client,
} from "@aws-sdk/client-s3";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EmporiumError } from "../core/errors.js";
import { makeLog } from "../core/log.js";
import { compareKeys } from "../stores/keys.js";
import { memoryStore } from "../stores/memory/store.js";
import type { Store } from "../stores/store.js";
import { mounted } from "./handler.js";
import { type Listening, listen } from "./listen.js";
import { readOnlyS3 } from "./s3.js";

const text = (word: string) => new TextEncoder().encode(word);

async function storeOf(keys: readonly string[]): Promise<Store> {
  const store = memoryStore({ now: () => Date.UTC(2026, 0, 2) });
  for (const key of keys) await store.write(key, text(key));
  return store;
}

/** The answers of all pages: keys and common prefixes in the order in which they came. */
async function pages(client: S3Client, request: { Prefix?: string; Delimiter?: string; MaxKeys?: number; StartAfter?: string }) {
  const keys: string[] = [];
  const prefixes: string[] = [];
  let count = 0;
  for (let token: string | undefined; ; ) {
    const reply = await client.send(
      new ListObjectsV2Command({ Bucket: "portal", EncodingType: "url", ContinuationToken: token, ...request }),
    );
    const plain = (word: string | undefined) => decodeURIComponent(word ?? "");
    keys.push(...(reply.Contents ?? []).map(({ Key }) => plain(Key)));
    prefixes.push(...(reply.CommonPrefixes ?? []).map(({ Prefix }) => plain(Prefix)));
    expect(reply.KeyCount).toBe((reply.Contents?.length ?? 0) + (reply.CommonPrefixes?.length ?? 0));
    expect(++count).toBeLessThan(200);
    token = reply.NextContinuationToken;
    expect(token !== undefined).toBe(reply.IsTruncated);
    if (token === undefined) return { keys, prefixes };
  }
}

describe("S3 for readers", () => {
  let server: Listening;
  let client: S3Client;
  let store: Store;
  const keys = [
    "10001/RUN1/run_metadata.json",
    "10001/RUN10/run_metadata.json",
    "10001/RUN1.txt",
    "10001/a b+c ü&<.txt",
    "10001/t.zarr/.zattrs",
    "10001/t.zarr/0/.zarray",
    "10001/t.zarr/0/0/0/0",
    ".emporium/journal",
    "10001/.git/.zattrs",
    "only/.hidden/x",
  ];
  const seen = keys.slice(0, 7).sort(compareKeys);

  beforeAll(async () => {
    store = await storeOf(keys);
    await store.write("10001/big.bin", new Uint8Array(3_000_000).fill(7));
    seen.push("10001/big.bin");
    seen.sort(compareKeys);
    server = await listen(mounted({ "/s3/": readOnlyS3({ ...store }, { bucket: "portal" }) }));
    client = new S3Client({
      endpoint: `${server.url}/s3`,
      region: "us-east-1",
      forcePathStyle: true,
      signer: { sign: async (request) => request },
      credentials: { accessKeyId: "", secretAccessKey: "" },
    });
  });
  afterAll(async () => {
    client.destroy();
    await server.close();
  });

  it("lists all keys in pages of any size, in the order of their bytes", async () => {
    for (const MaxKeys of [1, 2, 3, 1000]) expect((await pages(client, { MaxKeys })).keys).toEqual(seen);
    const first = await client.send(new ListObjectsV2Command({ Bucket: "portal", MaxKeys: 1 }));
    expect(first.Contents![0]).toMatchObject({ Key: seen[0], Size: seen[0]!.length, StorageClass: "STANDARD" });
  });

  it("takes a prefix as it is, in the middle of a name too", async () => {
    expect((await pages(client, { Prefix: "10001/RUN1" })).keys).toEqual(seen.filter((key) => key.startsWith("10001/RUN1")));
    expect((await pages(client, { Prefix: "10001/RUN1/" })).keys).toEqual(["10001/RUN1/run_metadata.json"]);
    for (const Prefix of ["x", "10001/nothing/", "../", "/etc", "a//b"])
      expect((await pages(client, { Prefix })).keys).toEqual([]);
  });

  it("folds what is behind a delimiter, and shows no folder that holds hidden things only", async () => {
    expect(await pages(client, { Delimiter: "/", MaxKeys: 1 })).toEqual({ keys: [], prefixes: ["10001/"] });
    expect(await pages(client, { Delimiter: "/", Prefix: "10001/", MaxKeys: 2 })).toEqual({
      keys: ["10001/RUN1.txt", "10001/a b+c ü&<.txt", "10001/big.bin"],
      prefixes: ["10001/RUN1/", "10001/RUN10/", "10001/t.zarr/"],
    });
  });

  it("is what sorting and folding all keys gives, for any tree", async () => {
    const name = fc.stringMatching(/^[a-c_. -]{1,3}$/).filter((word) => !/^\.|[. ]$|^ /.test(word));
    const key = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { minLength: 1, maxLength: 12 }),
        fc.stringMatching(/^[a-c/_]{0,4}$/),
        fc.constantFrom(undefined, "/", "_", "b"),
        fc.integer({ min: 1, max: 4 }),
        async (all, Prefix, Delimiter, MaxKeys) => {
          const alone = all.filter((one) => !all.some((other) => other.startsWith(`${one}/`)));
          const own = await storeOf(alone);
          const asking = readOnlyS3(own, { bucket: "portal" });
          const found: string[] = [];
          for (let token = ""; ; ) {
            const query = new URLSearchParams({ "list-type": "2", prefix: Prefix, "max-keys": String(MaxKeys) });
            if (Delimiter !== undefined) query.set("delimiter", Delimiter);
            if (token !== "") query.set("continuation-token", token);
            const reply = await (await asking(new Request(`http://localhost/portal?${query}`), "portal")).text();
            found.push(...[...reply.matchAll(/<(?:Key|CommonPrefixes><Prefix)>([^<]*)</g)].map((match) => match[1]!));
            token = /<NextContinuationToken>([^<]*)</.exec(reply)?.[1] ?? "";
            if (token === "") break;
          }
          const folded = alone
            .filter((one) => one.startsWith(Prefix))
            .map((one) => {
              const at = Delimiter === undefined ? -1 : one.indexOf(Delimiter, Prefix.length);
              return at < 0 ? one : one.slice(0, at + 1);
            });
          expect(found.sort(compareKeys)).toEqual([...new Set(folded)].sort(compareKeys));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("gives objects whole, in part and as headers", async () => {
    const whole = await client.send(new GetObjectCommand({ Bucket: "portal", Key: "10001/a b+c ü&<.txt" }));
    expect(await whole.Body!.transformToString()).toBe("10001/a b+c ü&<.txt");
    const part = await client.send(new GetObjectCommand({ Bucket: "portal", Key: "10001/big.bin", Range: "bytes=2999990-" }));
    expect(part).toMatchObject({ ContentRange: "bytes 2999990-2999999/3000000", ContentLength: 10 });
    const head = await client.send(new HeadObjectCommand({ Bucket: "portal", Key: "10001/big.bin" }));
    expect(head.ContentLength).toBe(3_000_000);
    expect(head.ETag).toMatch(/^"/);
    expect(head.LastModified).toBeInstanceOf(Date);
    await client.send(new HeadBucketCommand({ Bucket: "portal" }));
    expect((await client.send(new ListBucketsCommand({}))).Buckets).toMatchObject([{ Name: "portal" }]);
  });

  it("knows the first form of listings", async () => {
    const reply = await client.send(new ListObjectsCommand({ Bucket: "portal", MaxKeys: 2 }));
    expect(reply.Contents!.map(({ Key }) => Key)).toEqual(seen.slice(0, 2));
    const next = await client.send(new ListObjectsCommand({ Bucket: "portal", Marker: reply.NextMarker }));
    expect(next.Contents!.map(({ Key }) => Key)).toEqual(seen.slice(2));
  });

  it("says what is wrong in S3's words", async () => {
    const codeOf = (reply: Promise<unknown>) =>
      reply.then(
        () => "done",
        (error: { name: string }) => error.name,
      );
    expect(await codeOf(client.send(new GetObjectCommand({ Bucket: "portal", Key: "no" })))).toBe("NoSuchKey");
    expect(await codeOf(client.send(new GetObjectCommand({ Bucket: "portal", Key: ".emporium/journal" })))).toBe("NoSuchKey");
    expect(await codeOf(client.send(new ListObjectsV2Command({ Bucket: "other" })))).toBe("NoSuchBucket");
    expect(await codeOf(client.send(new HeadObjectCommand({ Bucket: "portal", Key: "no" })))).toBe("NotFound");
    expect(
      await codeOf(client.send(new GetObjectCommand({ Bucket: "portal", Key: "10001/RUN1.txt", Range: "bytes=999-" }))),
    ).toBe("InvalidRange");
    const ask = async (query: string, method = "GET") => {
      const reply = await readOnlyS3(store, { bucket: "portal" })(
        new Request(`http://localhost/portal?${query}`, { method }),
        "portal",
      );
      return `${reply.status} ${/<Code>(\w+)</.exec(await reply.text())?.[1]}`;
    };
    expect(await ask("list-type=2&max-keys=x")).toBe("400 InvalidArgument");
    expect(await ask("list-type=2&continuation-token=%21")).toBe("400 InvalidArgument");
    expect(await ask("list-type=2&encoding-type=x")).toBe("400 InvalidArgument");
    for (const other of ["policy", "versions", "attributes", "uploadId=1"]) expect(await ask(other)).toBe("501 NotImplemented");
    expect(await ask("", "PUT")).toBe("405 MethodNotAllowed");
  });

  it("answers for a bucket by headers alone where these are asked for", async () => {
    const reply = await readOnlyS3(store, { bucket: "portal" })(
      new Request("http://localhost/portal", { method: "HEAD" }),
      "portal",
    );
    expect([reply.status, await reply.text(), reply.headers.get("x-amz-bucket-region")]).toEqual([200, "", "us-east-1"]);
  });

  it.each([
    ["STORE_DENIED", "403 AccessDenied"],
    ["STORE_UNAVAILABLE", "503 SlowDown"],
    ["NAME_UNSAFE", "200 undefined"],
  ] as const)("lists nothing where the store cannot be read, says so, and logs it: %s", async (code, said) => {
    const fails = () => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new EmporiumError(code, "a path of this machine")) }),
    });
    const lines: string[] = [];
    const log = makeLog((level, message) => lines.push(`${level} ${message}`));
    const asking = readOnlyS3({ ...store, list: fails, children: fails }, { bucket: "portal", log });
    const reply = await asking(new Request("http://localhost/portal?list-type=2"), "portal");
    const text = await reply.text();
    expect(`${reply.status} ${/<Code>(\w+)</.exec(text)?.[1]}`).toBe(said);
    expect(text).not.toContain("a path of this machine");
    expect(lines).toEqual(code === "NAME_UNSAFE" ? [] : ["warn a path of this machine"]);
  });

  it("knows its bucket in the name of the server too, and there alone", async () => {
    const asking = readOnlyS3(store, { bucket: "portal", hosts: ["localhost", "portal.example.org"] });
    const ask = async (host: string, path: string, query = "") => {
      const reply = await asking(new Request(`http://localhost/s3/${path}${query}`, { headers: { host } }), path);
      return `${reply.status} ${(await reply.text()).slice(0, 200)}`;
    };
    expect(await ask("portal.localhost:8080", "10001/RUN1.txt")).toBe("200 10001/RUN1.txt");
    expect(await ask("PORTAL.portal.example.org", "10001/RUN1.txt")).toBe("200 10001/RUN1.txt");
    expect(await ask("portal.localhost", "", "?list-type=2&prefix=10001/RUN1.")).toContain(
      "<Name>portal</Name><Prefix>10001/RUN1.",
    );
    // a server may be called as its bucket is
    expect(await ask("portal.example.org", "portal/10001/RUN1.txt")).toBe("200 10001/RUN1.txt");
    expect(await ask("portal.evil.test", "10001/RUN1.txt")).toMatch(/^404 .*NoSuchBucket/s);
  });

  it("spells out what XML would lose of a name", async () => {
    const odd = await storeOf(["a\rb", "c\u0001d", "e\ttf", "g\nh", "<&>"]);
    const reply = await readOnlyS3(odd, { bucket: "portal" })(new Request("http://localhost/portal?list-type=2"), "portal");
    const names = [...(await reply.text()).matchAll(/<Key>([^<]*)</g)].map(([, key]) => key);
    expect(names.sort()).toEqual(["&lt;&amp;&gt;", "a&#xd;b", "c&#x1;d", "e\ttf", "g\nh"]);
  });
});
