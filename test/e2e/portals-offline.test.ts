import { connect } from "node:net";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EMPIAR_FILES, EMPIAR_ID } from "../../examples/portals/empiar.mjs";
import { EPFL_FILES } from "../../examples/portals/epfl.mjs";
import { IDR_FILES } from "../../examples/portals/idr.mjs";
import { type OfflinePortals, startOfflinePortals } from "../../examples/portals/server.mjs";
import { systemClock } from "../../src/core/clock.js";
import { seededRandom } from "../../src/core/random.js";
import { readDm } from "../../src/formats/dm/image.js";
import { findTag, isGroup, tagText } from "../../src/formats/dm/tags.js";
import { readTiffHeader } from "../../src/formats/tiff/header.js";
import { parseImageJ } from "../../src/formats/tiff/image-j.js";
import { parseBases } from "../../src/portals/bases.js";
import { portalClient } from "../../src/portals/client.js";
import { describe as describePortal, PORTAL_NAMES, recognise } from "../../src/portals/registry.js";
import { openObject } from "../../src/stores/store.js";
import { openLocation } from "../../src/stores/url.js";

let portals: OfflinePortals;
beforeAll(async () => {
  portals = await startOfflinePortals();
});
afterAll(() => portals.close());

async function open(path: string) {
  const { store, key } = await openLocation(`${portals.url}/${path.split("/").map(encodeURIComponent).join("/")}`);
  return openObject(store, key);
}

describe("the offline portals' files", () => {
  it("EPFL's volume: 1065 pages, each directory behind its pixels", async () => {
    const source = await open(`documents.epfl.ch/${EPFL_FILES[0]}`);
    const header = await readTiffHeader(source);
    expect(header).toMatchObject({
      pages: 1065,
      shape: [1065, 1536, 2048],
      uniform: true,
      first: { width: 2048, height: 1536, dtype: "uint8", compression: 1 },
    });
    expect(header.first.offset).toBe(3_145_736);
    expect(await source.size()).toBeGreaterThan(1065 * 1536 * 2048);
  });

  it("IDR's stack: one directory, 184 planes by ImageJ's word", async () => {
    const source = await open(`ftp.ebi.ac.uk/pub/databases/IDR/${IDR_FILES[9]}`);
    const header = await readTiffHeader(source);
    expect(header.first).toMatchObject({ width: 1121, height: 775, dtype: "uint8" });
    expect(parseImageJ(header.description)).toMatchObject({ images: 184 });
    expect(await source.size()).toBe(4096 + 1121 * 775 * 184);
  });

  it("EMPIAR's slice: tags before and behind the pixels", async () => {
    const file = await readDm(await open(`ftp.ebi.ac.uk/empiar/world_availability/${EMPIAR_ID}/${EMPIAR_FILES[3]}`));
    expect(file.images).toMatchObject([
      {
        title: "3VBSED_slice_0003",
        pixel: "uint8",
        lengths: [5500, 5496],
        axes: [{ scale: 0.007998250424861908, origin: 0, units: "µm" }, {}],
      },
    ]);
    const tags = findTag(file.root, "ImageList", "", "ImageTags");
    if (!isGroup(tags)) throw new Error("no tags");
    expect(findTag(tags, "Microscope Info", "Indicated Magnification")).toBe(2159);
    expect(tagText(findTag(tags, "DataBar", "Acquisition Time"))).toBe("22:27:16");
  });
});

describe("the offline web server", () => {
  it("gives any range as the same bytes of the whole", async () => {
    const url = `${portals.url}/ftp.ebi.ac.uk/empiar/world_availability/${EMPIAR_ID}/${EMPIAR_ID}.xml`;
    const whole = new Uint8Array(await (await fetch(url)).arrayBuffer());
    const random = seededRandom(7);
    for (let n = 0; n < 20; n++) {
      const from = Math.floor(random() * whole.length);
      const to = Math.floor(from + random() * 200);
      const reply = await fetch(url, { headers: { range: `bytes=${from}-${to}` } });
      expect(reply.status).toBe(206);
      expect(new Uint8Array(await reply.arrayBuffer())).toEqual(whole.slice(from, to + 1));
    }
    expect((await fetch(url, { headers: { range: `bytes=${whole.length}-` } })).status).toBe(416);
    expect((await fetch(url, { headers: { range: "bytes=0-9", "if-range": '"other"' } })).status).toBe(200);
  });

  it("gives sparse files whose pieces meet: what is read in parts is what is read at once", async () => {
    const url = `${portals.url}/documents.epfl.ch/${EPFL_FILES[0]!.split("/").map(encodeURIComponent).join("/")}`;
    const read = async (from: number, to: number) =>
      new Uint8Array(await (await fetch(url, { headers: { range: `bytes=${from}-${to - 1}` } })).arrayBuffer());
    const start = 3_145_736 - 100;
    const once = await read(start, start + 6000);
    const parts = [];
    for (let at = start; at < start + 6000; at += 37) parts.push(...(await read(at, Math.min(at + 37, start + 6000))));
    expect(new Uint8Array(parts)).toEqual(once);
    expect(once.some((byte) => byte !== 0)).toBe(true);
  });

  it("stands for one portal without a host in the path", async () => {
    const reply = await fetch(`${portals.url}/empiar/api/entry/EMPIAR-${EMPIAR_ID}/`);
    expect(Object.keys((await reply.json()) as object)).toEqual([`EMPIAR-${EMPIAR_ID}`]);
    expect((await fetch(`${portals.url}/none`)).status).toBe(404);
  });

  it("says 429 past its requests a second", async () => {
    const strict = await startOfflinePortals({ perSecond: 4 });
    try {
      const url = `${strict.url}/www.epfl.ch/labs/cvlab/data/data-em/`;
      const replies = await Promise.all(Array.from({ length: 6 }, () => fetch(url)));
      expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 429, 429]);
      expect(replies.find(({ status }) => status === 429)!.headers.get("retry-after")).toBe("1");
    } finally {
      await strict.close();
    }
  });
});

describe("a host's pace", () => {
  it("is kept on the real clock: nobody is told to slow down", async () => {
    const strict = await startOfflinePortals({ perSecond: 4 });
    const client = portalClient({ bases: parseBases(strict.bases, PORTAL_NAMES) });
    try {
      const typed = recognise("https://idr.openmicroscopy.org/webclient/?show=dataset-10740");
      for await (const record of describePortal(typed, client, { compat: false, clock: systemClock }))
        expect(record.warnings).toEqual([]);
      expect(strict.requests.length).toBeGreaterThan(12);
      expect(strict.requests.filter(({ status }) => status === 429)).toEqual([]);
    } finally {
      await client.close();
      await strict.close();
    }
  });
});

/** One session: sends a command, gives the last line of its reply, and the bytes of a transfer. */
async function ftpSession(url: string) {
  const { hostname, port } = new URL(url);
  const control = connect(Number(port), hostname);
  control.on("error", () => {});
  const lines = createInterface({ input: control })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) return "closed";
      if (/^\d{3} /.test(value)) return value;
    }
  };
  const send = async (line: string) => {
    control.write(`${line}\r\n`);
    return answer();
  };
  return {
    greeting: await answer(),
    send,
    async transfer(line: string): Promise<[reply: string, bytes: Buffer]> {
      const at = Number(/\|\|\|(\d+)\|/.exec(await send("EPSV"))![1]);
      const data = connect(at, hostname);
      const pieces: Buffer[] = [];
      data.on("data", (piece) => pieces.push(piece));
      data.on("error", () => {});
      const closed = new Promise((done) => data.once("close", done));
      const opening = await send(line);
      if (!opening.startsWith("150")) {
        data.destroy();
        return [opening, Buffer.alloc(0)];
      }
      await closed;
      return [await answer(), Buffer.concat(pieces)];
    },
    close: () => control.destroy(),
  };
}

const XML = `/empiar/world_availability/${EMPIAR_ID}/${EMPIAR_ID}.xml`;

describe("the offline FTP server", () => {
  it("lists, tells sizes and times, and sends from an offset", async () => {
    const session = await ftpSession(portals.ftpUrl);
    expect(session.greeting).toMatch(/^220 /);
    expect(
      [await session.send("USER anonymous"), await session.send("PASS a@b"), await session.send("TYPE I")].map((line) =>
        line.slice(0, 3),
      ),
    ).toEqual(["331", "230", "200"]);
    const size = Number((await session.send(`SIZE ${XML}`)).slice(4));
    expect(await session.send(`MDTM ${XML}`)).toBe("213 20240115120000");
    const [done, bytes] = await session.transfer(`RETR ${XML}`);
    expect([done.slice(0, 3), bytes.length]).toEqual(["226", size]);
    expect(await session.send("REST 100")).toMatch(/^350 /);
    expect((await session.transfer(`RETR ${XML}`))[1]).toEqual(bytes.subarray(100));
    const [, listing] = await session.transfer(`MLSD /empiar/world_availability/${EMPIAR_ID}`);
    expect(listing.toString()).toBe(
      `type=file;size=${size};modify=20240115120000; ${EMPIAR_ID}.xml\r\ntype=dir;modify=20240115120000; data\r\n`,
    );
    const [, unix] = await session.transfer(`LIST /empiar/world_availability/${EMPIAR_ID}/data`);
    expect(unix.toString().split("\r\n")).toHaveLength(17);
    expect((await session.transfer("RETR /none"))[0]).toMatch(/^550 /);
    expect(await session.send("QUIT")).toMatch(/^221 /);
    session.close();
  });

  it("can refuse restarts and machine listings, drop connections, and be full", async () => {
    const poor = await startOfflinePortals({
      ftp: { restart: false, machineListing: false, dropAfterBytes: 500, connectionsMax: 1 },
    });
    const session = await ftpSession(poor.ftpUrl);
    try {
      expect(await session.send("REST 100")).toMatch(/^502 /);
      expect((await session.transfer("MLSD /"))[0]).toMatch(/^500 /);
      const second = await ftpSession(poor.ftpUrl);
      expect(second.greeting).toMatch(/^421 /);
      second.close();
      const [reply, bytes] = await session.transfer(`RETR ${XML}`);
      expect([reply, bytes.length]).toEqual(["closed", 500]);
    } finally {
      session.close();
      await poor.close();
    }
  });
});
