import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import type { ApiError } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import { openPlaces } from "../../src/server/places.js";
import { type Portal, servePortal } from "../../src/server/portal.js";
import { writeFiles, zarrFiles } from "../zarr-volume.js";

/** Ceilings of planes, over HTTP: what is too large, who asks for too many, who does not read; and figures of memory, for whom they are. */
let folder: string;
let portal: Portal;
let place: string;
const MIB = 2 ** 20;

/** All zeros, and on the disk no more than a header. */
function sparse(name: string, shape: Triple, dtype: "int8" | "float32"): void {
  const head = mrcHeaderBytes({
    kind: "tomogram",
    shape,
    dtype,
    voxelSizeAngstrom: [1, 1, 1],
    statistics: { min: 0, max: 0, mean: 0, rms: 0 },
    dateMs: 0,
  });
  const file = openSync(join(folder, name), "w");
  writeSync(file, head);
  ftruncateSync(file, head.length + shape[0] * shape[1] * shape[2] * (dtype === "int8" ? 1 : 4));
  closeSync(file);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "emporium-limits-"));
  sparse("sections.mrc", [64, 2048, 1536], "float32"); // of 12 MiB each: no socket takes one that nobody reads
  sparse("wide.mrc", [2, 4097, 4096], "float32");
  sparse("bytes.mrc", [4, 4097, 4096], "int8");
  writeFiles(join(folder, "v.zarr"), zarrFiles({ shape: [64, 128, 128], chunk: [32, 64, 64], dtype: "int16", value: (z) => z }));
  const places = await openPlaces([folder]);
  place = places[0]!.id;
  portal = await servePortal({ places, bucket: "b", version: "0", memoryBytes: 2048 * MIB });
});
afterAll(async () => {
  await portal?.close();
  rmSync(folder, { recursive: true, force: true });
});

const open: IncomingMessage[] = [];
afterEach(() => {
  for (const reply of open.splice(0)) reply.destroy();
});

const planeOf = (key: string, query: string) => `/api/v1/volumes/${printRef({ kind: "place", place, key })}/plane?${query}`;

/** The head of an answer, whose body nobody reads yet. @param from address of the client, on this machine */
function asked(path: string, from = "127.0.0.1", headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(portal.url);
    const one = request({ host: "127.0.0.1", port, path, localAddress: from, agent: new Agent(), headers }, (reply) => {
      open.push(reply);
      reply.on("error", () => {}); // it is cut off by this test
      resolve(reply);
    });
    one.on("error", reject).end();
  });
}

async function whole(reply: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const piece of reply) bytes += (piece as Buffer).length;
  return bytes;
}

describe("planes", () => {
  it("of more than 64 MiB are refused, with what to ask for instead; a part of them is given", async () => {
    for (const [key, query] of [
      ["wide.mrc", "axis=z&at=0"],
      ["bytes.mrc", "axis=z&at=1&slab=2"], // 16 MiB of bytes, means are float32
    ] as const) {
      const reply = await asked(planeOf(key, query));
      const error = JSON.parse(await text(reply)) as ApiError;
      expect([reply.statusCode, error.code, error.hint]).toEqual([400, "USAGE", expect.stringContaining("level")]);
      expect(error.message).toContain(String(64 * MIB));
    }
    expect(await whole(await asked(planeOf("bytes.mrc", "axis=z&at=1")))).toBe(4097 * 4096);
    expect(await whole(await asked(planeOf("wide.mrc", "axis=z&at=0&box=0,0,4096,4096")))).toBe(64 * MIB);
    expect(await whole(await asked(planeOf("wide.mrc", "axis=z&at=0&level=1")))).toBe(4 * 2049 * 2048);
  });

  const plane = (at: number) => planeOf("sections.mrc", `axis=z&at=${at % 64}`);
  const PLANE_BYTES = 2048 * 1536 * 4;

  it("a client has eight under way; its ninth waits until it has read one, and others do not wait", async () => {
    const first = await Promise.all(Array.from({ length: 8 }, (_, at) => asked(plane(at))));
    expect(first.map(({ statusCode }) => statusCode)).toEqual(Array(8).fill(200));
    let hasAnswer = false;
    const ninth = asked(plane(8)).then((reply) => {
      hasAnswer = true;
      return reply;
    });
    for (const at of [1, 2, 3]) {
      const other = await asked(plane(at), "127.0.0.2");
      expect([other.statusCode, await whole(other), hasAnswer]).toEqual([200, PLANE_BYTES, false]);
    }
    // who comes by a proxy on this machine is another client
    const handedOn = await asked(plane(9), "127.0.0.1", { "x-forwarded-for": "198.51.100.7" });
    expect([handedOn.statusCode, await whole(handedOn), hasAnswer]).toEqual([200, PLANE_BYTES, false]);
    expect(await whole(first[0]!)).toBe(PLANE_BYTES);
    expect([(await ninth).statusCode, await whole(await ninth)]).toEqual([200, PLANE_BYTES]);
  });

  it("a hundred chunks of a volume as Zarr, asked for at once, are all given: who reads Zarr takes a refusal for an error", async () => {
    const of = `/zarr/${printRef({ kind: "place", place, key: "bytes.mrc" })}/0`;
    const replies = await Promise.all(Array.from({ length: 100 }, (_, at) => asked(`${of}/0.${at % 65}.${at % 7}`)));
    expect(await Promise.all(replies.map(async (reply) => [reply.statusCode, await whole(reply)]))).toEqual(
      Array(100).fill([200, 64 ** 3]),
    );
  });

  it("beyond 32 of one client and 64 of all are refused with 503, and when to ask again; after that all is as before", async () => {
    /** One more than a client may ask for: 8 are answered, 24 wait, and one is refused when all others are there. */
    const refused = (from: string) =>
      new Promise<IncomingMessage>((resolve) => {
        const take = (reply: IncomingMessage) => void (reply.statusCode === 200 || resolve(reply));
        for (let at = 0; at < 33; at++) asked(plane(at), from).then(take, () => {});
      });
    const told = async (reply: IncomingMessage) => {
      const { code, hint } = JSON.parse(await text(reply)) as ApiError;
      return [reply.statusCode, reply.headers["retry-after"], code, hint];
    };
    const later = [503, "1", "STORE_THROTTLED", "ask again in a second"];
    expect(await told(await refused("127.0.0.2"))).toEqual(later);
    const other = await asked(plane(0), "127.0.0.3");
    expect([other.statusCode, await whole(other)]).toEqual([200, PLANE_BYTES]);
    expect(await told(await refused("127.0.0.3"))).toEqual(later);
    expect(await told(await asked(plane(0), "127.0.0.4"))).toEqual(later);
    expect((await fetch(`${portal.url}/api/v1/server`)).status).toBe(200);
    for (const reply of open.splice(0)) reply.destroy();
    await expect.poll(async () => (await fetch(`${portal.url}${plane(0)}`)).status, { timeout: 15_000 }).toBe(200);
  }, 60_000);
});

/** Not of loopback. */
const [outside] = Object.values(networkInterfaces()).flatMap((all) =>
  all!.filter(({ internal, family }) => !internal && family === "IPv4"),
);

describe("figures", () => {
  const figures = async (url: string) => {
    const found = (await (await fetch(`${url}/metrics`)).text()).matchAll(
      /^emporium_memory_(limit|used)_bytes\{use="(\w+)"\} (\d+)$/gm,
    );
    const read: Record<string, Record<string, number>> = { limit: {}, used: {} };
    for (const [, what, use, bytes] of found) read[what!]![use!] = Number(bytes);
    return read as { limit: Record<string, number>; used: Record<string, number> };
  };

  it("tell what --memory allows for each use, no more than that in all, and what is taken of it", async () => {
    const [chunks, blocks] = await openPlaces(["v.zarr", "sections.mrc"].map((key) => `${portal.url}/at/${place}/${key}`));
    const places = [chunks!, blocks!, ...(await openPlaces([folder]))];
    const small = await servePortal({ places, bucket: "b", version: "0", memoryBytes: 64 * MIB });
    try {
      const ask = (id: string, key: string, query: string) =>
        fetch(`${small.url}/api/v1/volumes/${printRef({ kind: "place", place: id, key })}/plane?${query}`);
      for (let at = 0; at < 128; at++) {
        const plane = new Int16Array(await (await ask(chunks!.id, chunks!.key!, `axis=y&at=${at}`)).arrayBuffer());
        expect([at, plane[0], plane[63 * 128]]).toEqual([at, 0, 63]);
      }
      for (const at of [0, 1, 2])
        expect((await ask(blocks!.id, blocks!.key!, `axis=z&at=${at}&box=0,0,1536,512`)).status).toBe(200);
      const { limit, used } = await figures(small.url);
      const sum = Object.values(limit).reduce((all, bytes) => all + bytes, 0);
      // indexes of shards have a sixteenth more than chunks
      expect(sum + limit.chunks! / 16).toBeLessThanOrEqual(64 * MIB);
      expect([used.chunks! > 0, used.blocks! > 0]).toEqual([true, true]);
      for (const [use, bytes] of Object.entries(used)) expect([use, bytes <= limit[use]!]).toEqual([use, true]);
      // a plane is as large as its share allows
      const refused = await ask(places[2]!.id, "wide.mrc", "axis=z&at=0");
      const { message } = (await refused.json()) as ApiError;
      expect([refused.status, message]).toEqual([400, expect.stringContaining(String(limit.planes))]);
    } finally {
      await small.close();
    }
  });

  it.skipIf(!outside)("are for programs on this machine alone, whatever name a client gives", async () => {
    const served = await servePortal({ places: [], bucket: "b", version: "0", host: "0.0.0.0" });
    try {
      const { port } = new URL(served.url);
      const from = async (host: string, headers: Record<string, string> = {}) => {
        const reply = await new Promise<IncomingMessage>((resolve, reject) =>
          request({ host, port, path: "/metrics", headers }, resolve).on("error", reject).end(),
        );
        return [reply.statusCode, (await text(reply)).slice(0, 80).trim()];
      };
      expect((await from("127.0.0.1"))[0]).toBe(200);
      const says = "403 metrics are served to programs on this machine only, at 127.0.0.1";
      expect(await from(outside!.address)).toEqual([403, says]);
      for (const name of ["localhost", "127.0.0.1", `127.0.0.1:${port}`, "[::1]"])
        expect(await from(outside!.address, { host: name, "x-client-address": "127.0.0.1" })).toEqual([403, says]);
      expect((await from("127.0.0.1", { "x-forwarded-for": "198.51.100.7" }))[0]).toBe(403);
    } finally {
      await served.close();
    }
  });

  it("are not there where others reach the server by --url: its proxy need not say for whom it asks", async () => {
    const served = await servePortal({ places: [], bucket: "b", version: "0", url: "https://lab.example.org/em" });
    try {
      for (const path of ["/metrics", "/em/metrics"]) {
        const reply = await fetch(`${served.url}${path}`);
        expect([path, reply.status, await reply.text()]).toEqual([path, 403, expect.stringContaining("--url")]);
      }
      expect((await fetch(`${served.url}/em/healthz`)).status).toBe(200);
    } finally {
      await served.close();
    }
  });
});
