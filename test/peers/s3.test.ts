import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { s3Store } from "../../src/stores/s3/store.js";
import type { Store } from "../../src/stores/store.js";
import { bytes, codeOf, collect, type Lack, readSuite, same, writeSuite } from "../conformance/store-suite.js";
import { type Moto, motoProgram, startMoto } from "./moto-kit.js";

/**
 * The conformance suite against an S3 server that other people wrote: moto (https://github.com/getmoto/moto). It is asked first which
 * rules of S3 it keeps; cases that rest on one that it does not keep are left out, and named.
 */
const credentials = { accessKeyId: "peers", secretAccessKey: "peers-secret" };
const bucket = "peer-bucket";

/** S3's least size of a part that is not the last. */
const PART_BYTES = 5 * 1024 * 1024;

if (!motoProgram) console.warn("skipped: no moto_server (node scripts/python-env.mjs peers makes it)");

const open = (prefix: string) => (url: string) => s3Store({ bucket, prefix, endpoint: url, region: "us-east-1", credentials });

/** Which rules the server keeps. Each question is asked with the store itself, on keys of its own. */
async function probe(url: string): Promise<Lack[]> {
  const store = open("probe")(url);
  const lacks: Lack[] = [];
  const one = new Uint8Array([1]);
  const two = new Uint8Array([2]);
  await store.write("once", one);
  if ((await codeOf(store.write("once", two, { ifAbsent: true }))) !== "STORE_CONFLICT") lacks.push("conditional put");
  else if ((await codeOf(store.write("once", two, { ifMatch: '"0"' }))) !== "STORE_CONFLICT") lacks.push("conditional put");
  const upload = await store.create("once", { ifAbsent: true });
  await upload.part(1, two);
  if ((await codeOf(upload.finish())) !== "STORE_CONFLICT") lacks.push("conditional finish");
  const begun = await store.create("begun");
  if ((await collect(store.openUploads("begun"))).length !== 1) lacks.push("open uploads");
  await begun.abort();
  const odd = await codeOf(store.write("new\nline", one));
  if (odd !== "none" || (await collect(store.list("new"))).map(({ key }) => key)[0] !== "new\nline")
    lacks.push("control characters");
  return lacks;
}

/** moto answers 500 where an object is replaced while it is read. It is asked again, as programs do that open a bucket by its address. */
function askedAgain(store: Store): Store {
  return {
    ...store,
    async read(...words) {
      for (let times = 0; ; times++) {
        try {
          return await store.read(...words);
        } catch (error) {
          if (times === 5 || !/answers 500/.test(String(error))) throw error;
        }
      }
    },
  };
}

async function startS3(): Promise<Moto> {
  const moto = await startMoto();
  await fetch(`${moto.url}/${bucket}`, { method: "PUT" });
  return moto;
}

const first = motoProgram ? await startS3() : undefined;
const lacks = first ? await probe(first.url) : [];
if (first)
  console.warn(
    lacks.length === 0 ? "moto keeps every rule asked for" : `moto lacks: ${lacks.join(", ")}; their cases are left out`,
  );

describe.skipIf(!first)("moto", () => {
  afterAll(() => first?.close());

  const harness = (prefix: string) => async () => {
    const store = askedAgain(open(prefix)(first!.url));
    return { store, put: async (key: string, body: Uint8Array) => void (await store.write(key, body)) };
  };
  readSuite("s3 on moto", harness("read"), { lacks });
  writeSuite("s3 on moto", harness("written/here"), { partBytes: PART_BYTES, lacks, listing: 1_100 });

  describe("and its own rules", () => {
    let url = "";
    beforeAll(() => {
      url = first!.url;
    });

    it("refuses parts that are too small, which the store reports", async () => {
      const upload = await open("small")(url).create("x");
      await upload.part(1, bytes(1000, 1));
      await upload.part(2, bytes(1000, 2));
      expect(await codeOf(upload.finish())).toBe("STORE_FAILED");
      await upload.abort();
    });

    it("a bucket that does not exist is told of", async () => {
      const store = s3Store({ bucket: "no-such-bucket", endpoint: url, region: "us-east-1", credentials });
      expect(await codeOf(store.write("x", bytes(1, 1)))).toBe("STORE_ABSENT");
      expect(await codeOf(store.read("x"))).toBe("STORE_ABSENT");
      expect(await codeOf(collect(store.list("")))).toBe("STORE_ABSENT");
    });

    it("an object made of parts has the etag that finish told", async () => {
      const store = open("etag")(url);
      const upload = await store.create("joined");
      await upload.part(1, bytes(PART_BYTES, 1));
      await upload.part(2, bytes(10, 2));
      const { etag } = await upload.finish();
      expect((await store.stat("joined"))?.etag).toBe(etag);
      expect(etag).toMatch(/^"[0-9a-f]{32}-2"$/);
      same(await store.read("joined", { offset: PART_BYTES, length: 10 }, { ifMatch: etag }), bytes(10, 2));
    });
  });
});
