import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { Agent, createServer, request, type Server } from "node:http";
import { type AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import type { ApiError, Listing } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import type { ServedCatalogue } from "../../src/server/api/context.js";
import { openPlaces } from "../../src/server/places.js";
import { type Portal, servePortal } from "../../src/server/portal.js";
import { HOSTILE } from "../conformance/store-suite.js";
import { namesBelow } from "../names-below.js";
import { servedCatalogue } from "../peers/serve-kit.js";
import { ESCAPES, PRIVATE } from "./hostile-names.js";

/**
 * Names that lead elsewhere, in every place of an address, a catalogue's row, a document or a file that takes a name: nothing outside of a place is read, and
 * nobody is connected to but whom the command line names.
 */
const SECRET = "nobody may read this";
const FIXTURES = fileURLToPath(new URL("../fixtures/hdf5", import.meta.url));

let folder: string;
let portal: Portal;
let web: Server;
let webPort: number;
/** The address that every row of the catalogue has. */
let address = "s3://portal/map.mrc";
const connections: string[] = [];
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const connect = Socket.prototype.connect;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "emporium-names-"));
  const put = (key: string, body: string | Uint8Array) => {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), body);
  };
  put("secret.txt", SECRET);
  put("map.mrc", mrc()); // beside the tree: what leads here can be read as a volume
  put("tree/1/dataset_metadata.json", "{}");
  put("tree/map.mrc", mrc());
  put("tree/run/b.txt", "inside");
  for (const key of [".emporium/journal", ".git/config", "run/.env", "run/.x.tag.part"]) put(`tree/${key}`, SECRET);
  symlinkSync(join(folder, "secret.txt"), join(folder, "tree/link.txt"));
  symlinkSync(join(folder, "map.mrc"), join(folder, "tree/link.mrc"));
  symlinkSync(folder, join(folder, "tree/out"));
  web = createServer((asked, response) => {
    const at = /^\/data\/to\/(\d+)/.exec(asked.url!)?.[1];
    if (at !== undefined) response.writeHead(302, { location: NUMERIC[Number(at)]! }).end();
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  webPort = (web.address() as AddressInfo).port;
  const [tree, alone, hdf5] = await openPlaces([join(folder, "tree"), join(folder, "tree/map.mrc"), FIXTURES]);
  const [remote] = await openPlaces([`http://127.0.0.1:${webPort}/data/`]).catch(() => []);
  const { httpStore } = await import("../../src/stores/http/store.js");
  const url = `http://127.0.0.1:${webPort}/data`;
  const place = remote ?? { id: "web", name: "web", kind: "web" as const, location: { ...tree!.location, url, path: undefined } };
  const places = [tree!, alone!, hdf5!, { ...place, id: "web", store: httpStore(url) }];
  const pool = { query: async () => ({ rows: [ROW(address)] }) } as unknown as ServedCatalogue["pool"];
  const catalogue = servedCatalogue(tree!, { api: {} as ServedCatalogue["api"], pool });
  // answers that commands have kept, as broken as they may be
  put("workspace/runs/20261122T140200-00000a/events.ndjson", "{}\n");
  put("workspace/reports/2026-11-20T14-02-31.jsonl", "{}\n");
  for (const kind of ["harvest/compared", "curate/labels", "curate/matches"]) put(`workspace/${kind}/x.json`, "{}");
  portal = await servePortal({ places, catalogue, bucket: "portal", version: "0", workspace: join(folder, "workspace") });
  Socket.prototype.connect = function (this: Socket, ...given: unknown[]) {
    const [options] = (Array.isArray(given[0]) ? given[0] : given) as [{ host?: string; port?: number; path?: string }];
    connections.push(options.path ?? `${options.host ?? "localhost"}:${options.port}`);
    return connect.apply(this, given as Parameters<typeof connect>);
  } as typeof connect;
});
afterAll(async () => {
  Socket.prototype.connect = connect;
  agent.destroy();
  await portal?.close();
  web?.closeAllConnections();
  await new Promise((resolve) => web?.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** Of any table that is asked. */
const ROW = (path: string) => ({
  ...{ id: 1, run_id: 1, run_name: "run", size_x: 4, size_y: 3, size_z: 2, voxel_spacing: 1, alignment_id: null },
  ...{ s3_omezarr_dir: path, s3_mrc_file: path, s3_frame_path: path, s3_path: path, prefix: "s3://portal" },
  ...{ neuroglancer_config: null, annotation_id: 1, object_name: "object", object_count: 1, is_visualization_default: true },
  ...{ shape_type: "Point", format: "ndjson" },
});

/** 2 × 3 × 4 of int8, all of them 83. */
function mrc(): Uint8Array {
  const statistics = { min: 83, max: 83, mean: 83, rms: 0 };
  const facts = {
    kind: "tomogram",
    shape: [2, 3, 4],
    dtype: "int8",
    voxelSizeAngstrom: [1, 1, 1],
    statistics,
    dateMs: 0,
  } as const;
  return new Uint8Array(
    Buffer.concat([mrcHeaderBytes({ ...facts, shape: [2, 3, 4], voxelSizeAngstrom: [1, 1, 1] }), Buffer.alloc(24, 83)]),
  );
}

const ref = (key: string, place = "tree") => Buffer.from(`${place}:${key}`, "utf8").toString("base64url");

/** What every parameter of a path or a query is where another one is tried. One that is new needs a value here. */
const USUAL: Readonly<Record<string, string>> = {
  ...{ place: "tree", ref: ref("map.mrc"), id: "1", file: "1.bin", mesh: "1.mesh" },
  ...{ key: "map.mrc", exact: "false", prefix: "run/", after: "a" },
  ...{ limit: "5", axis: "z", at: "0", level: "0", box: "0,0,1,1", slab: "1", as: "native", low: "0", high: "1", v: "x" },
  ...{ of: "runs", where: "{}", facet: "name", like: "x", q: "x", p: "1,1,1", z: "1", on: "1", c: "0,1", with: "1" },
  ...{ set: "x", labels: "x", rule: "exact", drive: "d", species: "s", label: "l", status: "matched", row: "0", by: "species" },
  ...{ x: "0", y: "0", layer: "1", index: "0", pointer: "/a", field: "nx", line: "1", word: "1" },
  ...{ topics: "jobs", t: "0", side: "10", severity: "fail", check: "x", change: "new", group: "check", offset: "0" },
  ...{ project: "x", microscope: "x", description: "x", start: "2018-11-07", end: "2018-11-07" },
  ...{ ids: "1", only: '[["tomograms"]]', run: "1" },
};

/** What their parameters hold goes to a database alone, as `server.test.ts` tries: here there is none. */
const DATABASE = new Set(["/facets", "/search"]);

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
}

/** Every address of the API with one name in each of its places, and in references. */
function apiAddresses(paths: Readonly<Record<string, { get: { parameters: readonly Parameter[] } }>>, name: string): string[] {
  const asked = Object.entries(paths).filter(([path]) => !DATABASE.has(path));
  return asked.flatMap(([path, { get }]) =>
    get.parameters.flatMap((tried) => {
      const values = tried.name === "ref" ? [name, ref(name), ref(name, "map-mrc"), ref("map.mrc", name)] : [name];
      return values.map((value) => {
        const at = (one: Parameter) => encodeURIComponent(one === tried ? value : USUAL[one.name]!);
        const query = get.parameters.filter((one) => one.in === "query" && (one === tried || one.required));
        const whole = path.replace(/\{(\w+)\}/g, (_, word) => at(get.parameters.find((one) => one.name === word)!));
        return `/api/v1${whole}?${query.map((one) => `${one.name}=${at(one)}`).join("&")}`;
      });
    }),
  );
}

/** Where names stand in paths, as they are and encoded; references of volumes as Zarr. */
function otherAddresses(name: string): string[] {
  const mounts = ["/files/", "/at/tree/", "/at/map-mrc/", "/at/", "/s3/portal/", "/s3/", "/viewer/", "/assets/", "/zarr/"];
  const plain = /^[\x21-\x7e]*$/.test(name) && !/[?#]/.test(name) ? [name] : [];
  return [
    ...mounts.flatMap((mount) => [...plain, encodeURIComponent(name)].map((one) => `${mount}${one}`)),
    ...["prefix", "start-after"].map((word) => `/s3/portal?list-type=2&${word}=${encodeURIComponent(name)}`),
    ...[".zgroup", ".zattrs", "0/.zarray", "0/0.0.0"].flatMap((end) => [
      `/zarr/${ref(name)}/${end}`,
      `/zarr/${ref(name, "map-mrc")}/${end}`,
    ]),
  ];
}

interface Heard {
  readonly status: number;
  readonly text: string;
}

/** Asks for a path as it stands: a URL would have its dots removed. */
function ask(path: string): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(portal.url);
    const asked = request({ hostname, port, path, agent }, (reply) => {
      const pieces: Buffer[] = [];
      reply.on("data", (piece: Buffer) => pieces.push(piece));
      reply.on("end", () => resolve({ status: reply.statusCode!, text: Buffer.concat(pieces).toString("latin1") }));
      reply.on("error", reject);
    });
    asked.on("error", reject).end();
  });
}

/** The names, and what they are if somebody decodes them once more. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
const OUTSIDE = ["link.mrc", "out/map.mrc", "../map.mrc"];
const NAMES = [...new Set([...ESCAPES, ...PRIVATE, ...OUTSIDE].flatMap((name) => [name, decoded(name)]))];
/** Redirections drop credentials, and other addresses need a resolver. */
const NUMERIC = PRIVATE.filter((url) => !/@|\.test|[^\x20-\x7e]/.test(url));

describe("A24", () => {
  const paths = async () =>
    (JSON.parse((await ask("/api/v1/openapi.json")).text) as { paths: Parameters<typeof apiAddresses>[0] }).paths;

  it("every parameter of every route is tried", async () => {
    const names = Object.values(await paths()).flatMap(({ get }) => get.parameters.map(({ name }) => name));
    expect([...new Set(names)].filter((name) => !Object.hasOwn(USUAL, name))).toEqual([]);
    expect(names.length).toBeGreaterThan(30);
  });

  it(`${NAMES.length} names lead to nothing outside of a place, at every address, and to no connection`, async () => {
    const known = await paths();
    const before = namesBelow(folder);
    connections.length = 0;
    for (const name of NAMES) {
      const heard = await Promise.all(
        [...apiAddresses(known, name), ...otherAddresses(name)].map(async (path) => [path, await ask(path)] as const),
      );
      for (const [path, { status, text }] of heard) {
        expect([200, 206, 307, 308, 400, 403, 404, 409, 414, 422, 431], `${path.slice(0, 300)}: ${text.slice(0, 300)}`).toContain(
          status,
        );
        for (const word of [SECRET, "root:", folder])
          expect(text.includes(word), `${path.slice(0, 300)}: ${text.slice(0, 300)}`).toBe(false);
        if (/link\.mrc|out\/map|\.\.\/map/.test(name) && status === 200)
          expect([path, text.includes("S".repeat(12))]).toEqual([path, false]);
      }
    }
    const own = [portal.url, `http://127.0.0.1:${webPort}`].map((url) => new URL(url).host);
    expect(connections.filter((one) => !own.includes(one))).toEqual([]);
    expect(namesBelow(folder)).toEqual(before);
  }, 240_000);

  it("rows of a catalogue lead to files of their tree alone", async () => {
    const routes = [
      "volumes/tomogram:1",
      "volumes/tomogram:1/plane?axis=z&at=0",
      "overlays/tomogram:1",
      "overlays/tomogram:1/1.bin",
    ];
    const asked = [...routes, "neuroglancer/tomogram/1", "volumes/annotationfile:1", "volumes/frame:1"].map(
      (path) => `/api/v1/${path}`,
    );
    connections.length = 0;
    for (const [i, name] of NAMES.filter((one) => one !== "").entries()) {
      for (address of [[`s3://portal/${name}`, `https://127.0.0.1:${webPort}/${name}`, name][i % 3]!]) {
        const paths = [...asked, "/zarr/tomogram:1/.zattrs", "/zarr/tomogram:1/0/0.0.0"];
        for (const [path, { status, text }] of await Promise.all(paths.map(async (one) => [one, await ask(one)] as const))) {
          const wanted = /overlays\/tomogram:1$/.test(path) ? [200, 400, 403, 404, 422] : [400, 403, 404, 422];
          if (!(path.includes("neuroglancer") && status === 200)) expect(wanted, `${path} ${address}: ${text}`).toContain(status);
          for (const word of [SECRET, "root:", folder])
            expect([path, address, text.includes(word)]).toEqual([path, address, false]);
        }
      }
    }
    expect(connections.filter((one) => one !== new URL(portal.url).host)).toEqual([]);
    address = "s3://portal/map.mrc";
    expect((await ask(asked[1]!)).text).toBe("S".repeat(12));
  });

  it(`a web server that redirects to ${NUMERIC.length} private addresses is not followed`, async () => {
    connections.length = 0;
    for (const [i] of NUMERIC.entries()) {
      const one = ref(`to/${i}/v.mrc`, "web");
      const key = encodeURIComponent(`to/${i}/v.mrc`);
      const paths = [
        ...[`volumes/${one}`, `volumes/${one}/plane?axis=z&at=0`, `overlays/${one}`, `neuroglancer/at/${one}`].map(
          (word) => `/api/v1/${word}`,
        ),
        ...[`facts?key=${key}`, `list?prefix=${key}`].map((word) => `/api/v1/places/web/${word}`),
        ...[`/at/web/to/${i}/v.mrc`, `/zarr/${one}/.zattrs`],
      ];
      for (const [path, { status, text }] of await Promise.all(paths.map(async (word) => [word, await ask(word)] as const))) {
        expect([path, NUMERIC[i], text.slice(0, 300), status]).toEqual([path, NUMERIC[i], expect.any(String), 403]);
      }
    }
    const own = [portal.url, `http://127.0.0.1:${webPort}`].map((url) => new URL(url).host);
    expect(connections.filter((one) => !own.includes(one))).toEqual([]);
  });

  it("an HDF5 file leads to no other file", async () => {
    for (const dataset of ["external", "link", "virtual"]) {
      const { status, text } = await ask(`/api/v1/volumes/${ref(`elsewhere.h5#/${dataset}`, "hdf5")}/plane?axis=z&at=0`);
      expect([dataset, status, (JSON.parse(text) as ApiError).code]).toEqual([dataset, 422, "FORMAT_UNSUPPORTED"]);
    }
  });

  it("names that a laboratory brings are listed and read as they are", async () => {
    const kept = HOSTILE.filter((name) => !/^\.|\.part$/.test(name) && !/[\\\0]/.test(name));
    mkdirSync(join(folder, "tree/odd"));
    const written = kept.filter((name) => {
      try {
        writeFileSync(join(folder, "tree/odd", `${name}`), mrc(), { flag: "wx" });
        return true;
      } catch {
        return false; // the disk does not tell it from another one, or it is too long
      }
    });
    const { entries } = JSON.parse(
      Buffer.from((await ask("/api/v1/places/tree/list?prefix=odd/&limit=1000")).text, "latin1").toString(),
    ) as Listing;
    expect(entries.map(({ name }) => name).sort()).toEqual([...written].sort());
    expect(written.length).toBeGreaterThan(20);
    for (const name of written) {
      const key = `odd/${name}`;
      const plane = await ask(`/api/v1/volumes/${printRef({ kind: "place", place: "tree", key })}/plane?axis=z&at=0`);
      expect([name, plane.text]).toEqual([name, "S".repeat(12)]);
      const file = await ask(`/at/tree/odd/${encodeURIComponent(name)}`);
      expect([name, file.text.length]).toEqual([name, 1048]);
    }
  });
});
