import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import { formatError, isEmporiumError, toErrorRecord } from "../../src/core/errors.js";
import type { Listing, ServerFacts } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import { openPlaces, type Place } from "../../src/server/places.js";
import { type Portal, servePortal } from "../../src/server/portal.js";
import { inspect } from "../../src/stations/harvest/records/inspect.js";
import { asAnotherUser } from "../another-user.js";
import { servedCatalogue, treePlace } from "../peers/serve-kit.js";
import { emporium } from "./cli-host.js";
import { type PortalDatabase, type PortalRows, portalDatabase, randomRows } from "./graphql-kit.js";

/** What is served of locations as they are: what each is taken for, what is in its folders, and what cannot be named or written. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "emporium places ü-"));
  put("secret.txt", "nobody may read this");
  put("mixed/map.mrc", mrc([3, 4, 5]));
  put("mixed/sub/deep/a.txt", "a");
  put("mixed/junk.rec", "junk");
  put("mixed/empty.mrc", "");
  put("mixed/OLD.txt~", "x");
  put("mixed/A.txt", "x");
  put("mixed/a.txt", "x");
  put("mixed/.git/config", "x");
  put("mixed/n5/attributes.json", JSON.stringify(N5));
  put("mixed/seg/info", JSON.stringify(PRECOMPUTED));
  put("mixed/v.zarr/.zarray", JSON.stringify(ZARRAY));
  symlinkSync(join(folder, "secret.txt"), join(folder, "mixed/link.txt"));
  put("tree/10001/dataset_metadata.json", "{}");
  put("tree/10001/TS_1/run_metadata.json", "{}");
  put(`tree/${ZARR}/.zarray`, JSON.stringify(ZARRAY));
  put(`tree/${MRC}`, mrc([2, 2, 2]));
  for (let i = 0; i < 80; i++) put(`tree/many/file ${i}.txt`, "x");
  mkdirSync(join(folder, "empty"));
  mkdirSync(join(folder, "shut"), { mode: 0o000 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ZARR = "10001/TS_1/Reconstructions/VoxelSpacing1.000/Tomograms/100/TS_1.zarr";
const MRC = "10001/TS_1/Reconstructions/VoxelSpacing1.000/Tomograms/101/TS_1.mrc";
const ZARRAY = {
  zarr_format: 2,
  shape: [2, 3, 4],
  chunks: [2, 3, 4],
  dtype: "<f4",
  compressor: null,
  fill_value: 0,
  order: "C",
  filters: null,
};
const N5 = { dimensions: [4, 3, 2], blockSize: [4, 3, 2], dataType: "uint8", compression: { type: "raw" } };
const SCALE = {
  key: "1",
  size: [4, 3, 2],
  resolution: [1, 1, 1],
  chunk_sizes: [[4, 3, 2]],
  encoding: "raw",
  voxel_offset: [0, 0, 0],
};
const PRECOMPUTED = { type: "image", data_type: "uint8", num_channels: 1, scales: [SCALE] };

function put(key: string, body: string | Uint8Array): void {
  mkdirSync(join(folder, key, ".."), { recursive: true });
  writeFileSync(join(folder, key), body);
}

/** float32, little-endian, 10 Å. @param shape `[z, y, x]` */
function mrc([nz, ny, nx]: [number, number, number]): Uint8Array {
  const bytes = Buffer.alloc(1024 + nx * ny * nz * 4);
  for (const [at, value] of [nx, ny, nz, 2, 0, 0, 0, nx, ny, nz].entries()) bytes.writeInt32LE(value, at * 4);
  for (const [at, value] of [nx * 10, ny * 10, nz * 10, 90, 90, 90].entries()) bytes.writeFloatLE(value, 40 + at * 4);
  for (const [at, value] of [1, 2, 3].entries()) bytes.writeInt32LE(value, 64 + at * 4);
  bytes.write("MAP ", 208, "latin1");
  bytes.set([0x44, 0x44, 0, 0], 212);
  return bytes;
}

/** As `npm run build` leaves them. */
const PAGES = fileURLToPath(new URL("../../dist/web", import.meta.url));

const at = (...names: string[]) => join(folder, ...names);

async function served<T>(places: readonly Place[], work: (portal: Portal) => Promise<T>): Promise<T> {
  const portal = await servePortal({ places, bucket: "portal", version: "0" });
  try {
    return await work(portal);
  } finally {
    await portal.close();
  }
}
const json = async <T>(url: string) => (await (await fetch(url)).json()) as T;

interface Described {
  get: { summary?: string; parameters: object[] };
}

describe("locations", () => {
  it("are taken for what they are, and open the page that shows them", async () => {
    const words = ["mixed/map.mrc", "mixed", "tree", "mixed/v.zarr", "mixed/n5", "mixed/seg", "mixed"].map((name) => at(name));
    const places = await openPlaces(words);
    expect(places.map(({ id, name, kind, key }) => ({ id, name, kind, key }))).toEqual([
      { id: "map-mrc", name: "map.mrc", kind: "file", key: "map.mrc" },
      { id: "mixed", name: "mixed", kind: "folder", key: undefined },
      { id: "tree", name: "tree", kind: "tree", key: undefined },
      { id: "v-zarr", name: "v.zarr", kind: "file", key: "v.zarr" },
      { id: "n5", name: "n5", kind: "file", key: "n5" },
      { id: "seg", name: "seg", kind: "file", key: "seg" },
      { id: "mixed-2", name: "mixed", kind: "folder", key: undefined },
    ]);
    for (const [chosen, start] of [
      [[0], "/view/at/map-mrc/map.mrc"],
      [[1], "/browse/mixed"],
      [[2], "/"],
      [[3], "/view/at/v-zarr/v.zarr"],
      [[0, 1], "/"],
      [[], "/"],
    ] as const) {
      const facts = await served(
        chosen.map((index) => places[index]!),
        ({ url }) => json<ServerFacts>(`${url}/api/v1/server`),
      );
      expect([facts.start, facts.catalogue, facts.writing]).toEqual([start, undefined, false]);
    }
  });

  it("of web servers and buckets are taken for what they are", async () => {
    await served(await openPlaces([at("mixed"), at("tree")]), async ({ url, s3 }) => {
      const places = await openPlaces([`${url}/at/mixed/map.mrc`, `${url}/at/mixed/v.zarr`]);
      expect(places.map(({ kind, key }) => [kind, key])).toEqual([
        ["file", "map.mrc"],
        ["file", "v.zarr"],
      ]);
      const before = { ...process.env };
      Object.assign(process.env, { AWS_ENDPOINT_URL_S3: s3, AWS_REGION: "us-east-1" });
      try {
        const [tree, folderOfRun] = await openPlaces(["s3://portal", "s3://portal/10001/TS_1"], { anonymous: true });
        expect([tree!.kind, tree!.id, folderOfRun!.kind]).toEqual(["tree", "portal", "bucket"]);
        await served([folderOfRun!], async (again) => {
          const { entries } = await json<Listing>(`${again.url}/api/v1/places/ts-1/list`);
          expect(entries.map(({ key, kind }) => [key, kind])).toEqual([
            ["Reconstructions/", "folder"],
            ["run_metadata.json", "file"],
          ]);
        });
      } finally {
        process.env = before;
      }
    });
  });

  it("A31: that cannot be shown have their sentence and their command", async () => {
    const wrong: Server = createServer((_, response) => {
      response.writeHead(403, { "content-type": "application/xml" });
      response.end("<Error><Code>InvalidAccessKeyId</Code><Message>no such key</Message></Error>");
    });
    await new Promise<void>((resolve) => wrong.listen(0, "127.0.0.1", resolve));
    const before = { ...process.env };
    const port = (wrong.address() as AddressInfo).port;
    const keys = { AWS_ACCESS_KEY_ID: "AKIAWRONG", AWS_SECRET_ACCESS_KEY: "canary-of-nobody", AWS_REGION: "us-east-1" };
    Object.assign(process.env, keys, { AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` });
    try {
      const shut = await asAnotherUser([folder, at("shut")], () => told(at("shut")));
      expect(shut).toMatch(/^error\[STORE_DENIED\]: .*shut cannot be listed: permission denied/);
      expect(shut).toContain(`hint: ls -ld '${at("shut")}' shows who may read it`);
      const denied = await told("s3://lab/data");
      expect(denied).toMatch(/^error\[STORE_DENIED\]: .*s3:\/\/lab/);
      expect(denied).toContain("AWS_PROFILE=NAME emporium serve s3://lab/data");
      expect(denied).not.toContain("AKIAWRONG");
      expect(await told(at("gone"))).toMatch(/^error\[STORE_ABSENT\]: .*gone cannot be read: no such file or folder/);
      const copy = await told("ftp://host/folder");
      expect(copy).toMatch(/emporium harvest download ftp:\/\/host\/folder --dest DIR$/m);
      expect((await emporium(["harvest", "download", "--help"])).out).toMatch(/^ +--dest DIR /m);
    } finally {
      process.env = before;
      await new Promise((resolve) => wrong.close(resolve));
    }
    // an empty folder is served: the page says that there is nothing, `serve` which command makes something
    await served(await openPlaces([at("empty")]), async ({ url }) => {
      expect(await json(`${url}/api/v1/places/empty/list`)).toEqual({ place: "empty", prefix: "", entries: [] });
    });
  });

  it("A31: a web folder without a list says which command opens a file of it; a Zarr in it is served all the same", async () => {
    // as nginx without autoindex: folders are refused, files are given; below `written` somebody wrote a page
    const plain: Server = createServer(({ url: path = "/", method }, response) => {
      const file = at("mixed", path);
      if (path.startsWith("/written")) response.writeHead(200, { "content-type": "text/html" }).end("<h1>Our data</h1>");
      else if (path.endsWith("/")) response.writeHead(403).end();
      else if (!existsSync(file)) response.writeHead(404).end();
      else if (statSync(file).isDirectory()) response.writeHead(301, { location: `${path}/` }).end();
      else {
        const body = readFileSync(file);
        response.writeHead(200, { "content-length": body.length }).end(method === "HEAD" ? undefined : body);
      }
    });
    await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`;
    try {
      expect(await told(`${url}/data/`)).toMatch(/^error\[STORE_DENIED\]/);
      for (const name of ["data", "written"])
        expect(await told(`${url}/${name}/`)).toContain(`emporium serve ${url}/${name}/FILE.mrc`);
      await served(await openPlaces([`${url}/v.zarr`]), async (portal) => {
        const ref = printRef({ kind: "place", place: "v-zarr", key: "v.zarr" });
        expect(await json(`${portal.url}/api/v1/volumes/${ref}`)).toMatchObject({ shape: [2, 3, 4] });
      });
    } finally {
      await new Promise((resolve) => plain.close(resolve));
    }
  });

  const told = (word: string) =>
    openPlaces([word]).then(
      () => "opened",
      (error: unknown) => (isEmporiumError(error) ? formatError(toErrorRecord(error)) : String(error)),
    );
});

describe("folders of a place", () => {
  const list = (url: string, place: string, query = "") => json<Listing>(`${url}/api/v1/places/${place}/list${query}`);

  it("list what is in them: volumes as one, formats by names, what is odd, nothing that is hidden", async () => {
    await served(await openPlaces([at("mixed"), at("mixed/map.mrc")]), async ({ url }) => {
      const { entries, next } = await list(url, "mixed");
      expect(next).toBeUndefined();
      const ref = (key: string) => printRef({ kind: "place", place: "mixed", key });
      expect(entries.map(({ modifiedAt: _, ...entry }) => entry)).toEqual([
        { name: "A.txt", key: "A.txt", kind: "file", format: "text", sizeBytes: 1, marks: ["case-twin"] },
        { name: "OLD.txt~", key: "OLD.txt~", kind: "file", sizeBytes: 1, marks: ["backup"] },
        { name: "a.txt", key: "a.txt", kind: "file", format: "text", sizeBytes: 1, marks: ["case-twin"] },
        { name: "empty.mrc", key: "empty.mrc", kind: "file", format: "MRC", sizeBytes: 0, marks: ["empty"] },
        { name: "junk.rec", key: "junk.rec", kind: "file", format: "MRC", sizeBytes: 4, ref: ref("junk.rec") },
        expect.objectContaining({ name: "link.txt", kind: "file" }),
        { name: "map.mrc", key: "map.mrc", kind: "file", format: "MRC", sizeBytes: 1264, ref: ref("map.mrc") },
        { name: "n5", key: "n5", kind: "volume", format: "N5", ref: ref("n5") },
        { name: "seg", key: "seg", kind: "volume", format: "precomputed", ref: ref("seg") },
        { name: "sub", key: "sub/", kind: "folder" },
        { name: "v.zarr", key: "v.zarr", kind: "volume", format: "Zarr", ref: ref("v.zarr") },
      ]);
      expect((await list(url, "mixed", "?prefix=sub/")).entries).toEqual([{ name: "deep", key: "sub/deep/", kind: "folder" }]);
      expect(await list(url, "mixed", "?prefix=v.zarr")).toMatchObject({ prefix: "v.zarr/", ref: ref("v.zarr") });
      // a place that is one file has nothing beside it
      expect((await list(url, "map-mrc")).entries.map(({ key }) => key)).toEqual(["map.mrc"]);
    });
  });

  it("are listed in parts of any size", async () => {
    await served(await openPlaces([at("mixed")]), async ({ url }) => {
      const whole = (await list(url, "mixed")).entries.map(({ key }) => key);
      for (const limit of [1, 3, 10, 11]) {
        const keys: string[] = [];
        let after: string | undefined = "";
        while (after !== undefined) {
          const part: Listing = await list(url, "mixed", `?limit=${limit}${after && `&after=${encodeURIComponent(after)}`}`);
          expect(part.entries.length).toBeLessThanOrEqual(limit);
          keys.push(...part.entries.map(({ key }) => key));
          after = part.next;
        }
        expect(keys, String(limit)).toEqual(whole);
      }
      expect((await fetch(`${url}/api/v1/places/mixed/list?limit=0`)).status).toBe(400);
    });
  });

  it("are missed when they vanish while they are served, and are back when they come back", async () => {
    put("moved/sub/map.mrc", mrc([2, 2, 2]));
    await served(await openPlaces([at("moved")]), async ({ url }) => {
      const ref = printRef({ kind: "place", place: "moved", key: "sub/map.mrc" });
      const asked = ["places/moved/list", "places/moved/list?prefix=sub/", `volumes/${ref}`, `volumes/${ref}/plane?axis=z&at=0`];
      const answers = async () =>
        Promise.all(
          asked.map(async (path) => {
            const reply = await fetch(`${url}/api/v1/${path}`);
            return [reply.status, reply.status === 200 || ((await reply.json()) as { hint?: string }).hint !== undefined];
          }),
        );
      expect(await answers()).toEqual(asked.map(() => [200, true]));
      renameSync(at("moved"), at("elsewhere"));
      expect(await answers()).toEqual(asked.map(() => [404, true]));
      renameSync(at("elsewhere"), at("moved"));
      expect(await answers()).toEqual(asked.map(() => [200, true]));
    });
  });

  it("A3: tell of each file what harvest inspect prints", async () => {
    await served(await openPlaces([at("mixed")]), async ({ url }) => {
      for (const key of ["map.mrc", "v.zarr", "n5", "seg"]) {
        const { records } = await inspect([at("mixed", key)]);
        const wanted = Object.fromEntries(records.map((record) => [record.name, { ...record, location: key }]));
        expect(await json(`${url}/api/v1/places/mixed/facts?key=${key}`), key).toEqual(JSON.parse(JSON.stringify(wanted)));
      }
      const junk = await fetch(`${url}/api/v1/places/mixed/facts?key=junk.rec`);
      expect([junk.status, await junk.json()]).toEqual([422, expect.objectContaining({ code: "FORMAT_UNKNOWN", byte: 0 })]);
    });
  });
});

describe("the catalogue's entities", () => {
  let database: PortalDatabase;
  let portal: Portal;
  let state: "ready" | "failed" = "ready";
  beforeAll(async () => {
    database = await portalDatabase(rowsOfFiles());
    await database.open({ role: "writer" }).then(async (writer) => {
      await writer.pool.query("insert into emporium.import_prefix (s3, https) values ('s3://lab/v1', 'https://x')");
      await writer.close();
    });
    const place = treePlace(at("tree"));
    const error = {
      code: "STORE_ABSENT",
      message: `${at("tree", "10001")} is gone: see /etc/x`,
      file: at("tree/10001"),
    } as const;
    const catalogue = {
      ...servedCatalogue(place, { api: database.api(), pool: database.reader.pool }),
      state: () => ({ place: "tree", state, ...(state === "failed" && { error }) }),
    };
    portal = await servePortal({ places: [place], catalogue, bucket: "portal", version: "0", pages: PAGES });
  });
  afterAll(async () => {
    await portal?.close();
    await database?.stop();
  });

  it("lead to their files in the tree, the pyramid first, whatever stands before their keys", async () => {
    const volume = (ref: string) => json<{ key: string; code: string }>(`${portal.url}/api/v1/volumes/${ref}`);
    expect((await volume("tomogram:100")).key).toBe(ZARR);
    expect((await volume("tomogram:101")).key).toBe(MRC); // its pyramid is not in the tree
    expect((await volume("tomogram:102")).code).toBe("NOT_FOUND");
    expect((await volume("tomogram:9")).code).toBe("NOT_FOUND");
    expect((await volume("tiltseries:9999999999")).code).toBe("NOT_FOUND");
  });

  it("A31: an import that failed is told, and no path of the machine", async () => {
    state = "failed";
    const { catalogue } = await json<ServerFacts>(`${portal.url}/api/v1/server`);
    expect(catalogue).toMatchObject({
      state: "failed",
      error: { code: "STORE_ABSENT", message: "tree/10001 is gone: see …", path: "tree/10001" },
    });
    state = "ready";
  });

  it("A33: health, figures and the list of addresses are up", async () => {
    const health = await fetch(`${portal.url}/healthz`);
    expect([health.status, await health.json()]).toEqual([200, { status: "up", catalogue: "ready" }]);
    const figures = await (await fetch(`${portal.url}/metrics`)).text();
    expect(figures).toMatch(/^emporium_requests_total\{route="healthz",status="200"\} \d+$/m);
    expect(figures).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    for (const header of ["x-forwarded-for", "forwarded", "via"])
      expect((await fetch(`${portal.url}/metrics`, { headers: { [header]: "127.0.0.1" } })).status).toBe(403);
    const { openapi, paths } = await json<{ openapi: string; paths: Record<string, Described> }>(
      `${portal.url}/api/v1/openapi.json`,
    );
    expect(openapi).toBe("3.1.0");
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(["/server", "/places/{place}/list", "/places/{place}/facts", "/volumes/{ref}"]),
    );
    expect(paths["/places/{place}/facts"]!.get.parameters).toEqual([
      { name: "place", in: "path", required: true, schema: { type: "string" } },
      { name: "key", in: "query", required: true, schema: { type: "string", minLength: 1, maxLength: 4096 } },
      expect.objectContaining({ name: "exact", in: "query", required: false }),
    ]);
    expect(paths["/volumes/{ref}/plane"]!.get.parameters).toEqual([
      { name: "ref", in: "path", required: true, schema: { type: "string" } },
      { name: "axis", in: "query", required: true, schema: { type: "string", enum: ["z", "y", "x"] } },
      expect.objectContaining({ name: "at", in: "query", required: true }),
      ...["level", "box", "slab", "as", "low", "high", "v"].map((name) =>
        expect.objectContaining({ name, in: "query", required: false }),
      ),
    ]);
    const unsaid = Object.entries(paths).filter(([path, { get }]) => path !== "/openapi.json" && get.summary === undefined);
    expect(unsaid.map(([path]) => path)).toEqual([]);
  });

  it("A21: nothing but the catalogue's questions takes anything but GET, at any address", async () => {
    const { paths } = await json<{ paths: Record<string, object> }>(`${portal.url}/api/v1/openapi.json`);
    const routes = Object.keys(paths).map((path) => `/api/v1${path.replace("{place}", "tree").replace(/\{\w+\}/, "tomogram:1")}`);
    const others = [
      "/",
      "/runs",
      "/view/tomogram/1",
      "/assets/x.js",
      "/files/x",
      "/s3/portal/x",
      "/viewer/",
      "/at/tree/x",
      "/healthz",
    ];
    for (const path of [...routes, ...others, "/metrics", "/graphql/x", "/api/v1/jobs", "/nowhere"]) {
      for (const method of ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"]) {
        const answer = await fetch(`${portal.url}${path}`, { method, ...(method === "POST" && { body: "{}" }) });
        expect(answer.status, `${method} ${path}`).toBe(405);
      }
    }
    for (const method of ["PUT", "PATCH", "DELETE"]) expect((await fetch(portal.graphql, { method })).status, method).toBe(405);
    expect((await fetch(portal.graphql, { method: "POST", body: "{}" })).status).toBe(415);
  });

  it("come compressed where they are long, and not at all where they are known", async () => {
    const url = `${portal.url}/api/v1/places/tree/list?prefix=many/`;
    const long = await fetch(url, { headers: { "accept-encoding": "gzip" } });
    const text = await long.text();
    expect([long.headers.get("content-encoding"), Number(long.headers.get("content-length")) < text.length]).toEqual([
      "gzip",
      true,
    ]);
    expect((await fetch(url, { headers: { "accept-encoding": "identity" } })).headers.get("content-encoding")).toBeNull();
    expect(long.headers.get("server-timing")).toMatch(/total;dur=[\d.]+/);
    const known = await fetch(url, { headers: { "if-none-match": long.headers.get("etag")! } });
    expect([known.status, await known.text()]).toEqual([304, ""]);
    const answer = await fetch(portal.graphql, {
      method: "POST",
      headers: { "content-type": "application/json", "accept-encoding": "gzip" },
      body: JSON.stringify({ query: "{ __schema { types { name fields { name } } } }" }),
    });
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect(Object.keys((await answer.json()) as object)).toContain("data");
  });

  it("have pages at every address that a browser opens, and JSON where programs ask", async () => {
    const page = async (path: string, accept: string) => {
      const answer = await fetch(`${portal.url}${path}`, { headers: { accept } });
      return [answer.status, answer.headers.get("content-type")!.split(";")[0]];
    };
    for (const path of ["/", "/runs", "/runs/71", "/no/such/page", "/browse/tree/10001"])
      expect(await page(path, "text/html,*/*"), path).toEqual([200, "text/html"]);
    expect(await page("/runs", "application/json")).toEqual([404, "text/plain"]);
    expect(await page("/no/such/page", "*/*")).toEqual([404, "text/plain"]);
    for (const path of ["/api/", "/api/v1/none", "/api/v2/server", "/at/none/x"])
      expect(await page(path, "text/html"), path).toEqual([404, "application/json"]);
  });

  it("(34.24) answer whoever asks at the first address, and give a page to checks of links", async () => {
    const ask = async (path: string, headers: Record<string, string>, method = "GET") => {
      const answer = await fetch(`${portal.url}${path}`, { headers, method });
      return { status: answer.status, type: answer.headers.get("content-type")!.split(";")[0], text: await answer.text() };
    };
    for (const accept of ["*/*", "text/plain", "image/png", "x", "application/xml;q=0.9, */*;q=0.1"]) {
      const { status, type, text } = await ask("/", { accept });
      expect([status, type], accept).toEqual([200, "text/plain"]);
      for (const path of ["/", "/api/v1/openapi.json", "/files/", "/s3", "/at/tree/", "/healthz"])
        expect(text.split(/\s+/), accept).toContain(`${portal.url}${path}`);
    }
    expect(await ask("/", { accept: "*/*" }, "HEAD")).toEqual({ status: 200, type: "text/plain", text: "" });
    const { type, text } = await ask("/", { accept: "application/json" });
    expect([type, JSON.parse(text)]).toEqual(["application/json", expect.objectContaining({ program: "emporium" })]);
    for (const url of Object.values((JSON.parse(text) as { addresses: Record<string, string> }).addresses)) {
      if (/\/(?:at\/.*|files\/|graphql)$/.test(url)) continue; // a key or a query follows
      expect((await fetch(url)).status, url).toBe(200);
    }
    expect(await ask("/runs", { accept: "*/*" })).toMatchObject({ status: 200, type: "text/html" });
  });

  it("are found behind a proxy's folder, whichever part of the path it takes off", async () => {
    const url = "https://lab.example.org/em";
    const behind = await servePortal({ places: [treePlace(at("tree"))], bucket: "portal", version: "0", url, pages: PAGES });
    try {
      for (const prefix of ["", "/em"]) {
        const home = await fetch(`${behind.url}${prefix}/runs`, { headers: { accept: "text/html" } });
        const text = await home.text();
        expect([home.status, text.includes('<base href="/em/" />')]).toEqual([200, true]);
        const [, script] = /src="\.?\/?(assets\/[^"]+\.js)"/.exec(text)!;
        expect((await fetch(`${behind.url}${prefix}/${script}`)).status).toBe(200);
        expect(await json(`${behind.url}${prefix}/api/v1/server`)).toMatchObject({ places: [{ id: "tree" }] });
        expect((await fetch(`${behind.url}${prefix}/at/tree/${MRC}`)).status).toBe(200);
        expect((await fetch(`${behind.url}${prefix}/healthz`)).status).toBe(200);
      }
    } finally {
      await behind.close();
    }
  });
});

it("answers that are under way end when the server closes; those that nobody reads do not keep it", async () => {
  let go = () => {};
  const { listen } = await import("../../src/server/listen.js");
  const server = await listen(
    (_, path) =>
      path === "slow" ? new Promise((resolve) => (go = () => resolve(new Response("whole")))) : new Promise<Response>(() => {}),
    { clock: systemClock },
  );
  const slow = fetch(`${server.url}/slow`);
  const never = fetch(`${server.url}/never`).catch(() => "cut off");
  await expect.poll(() => go.toString()).toContain("resolve");
  const closed = server.close();
  go();
  expect(await (await slow).text()).toBe("whole");
  expect(await never).toBe("cut off");
  await closed;
});

/** Tomograms 100 to 102: with a pyramid, with one that is not in the tree, with no file. */
function rowsOfFiles(): PortalRows {
  const rows = new Map(randomRows(3, () => 3));
  const files = [
    { s3_omezarr_dir: `s3://lab/v1/${ZARR}`, s3_mrc_file: `s3://lab/v1/${MRC}` },
    { s3_omezarr_dir: `s3://lab/v1/10001/gone.zarr`, s3_mrc_file: `s3://elsewhere/${MRC}` },
    { s3_omezarr_dir: null, s3_mrc_file: null },
  ];
  rows.set(
    "Tomogram",
    rows.get("Tomogram")!.map((row, index) => ({ ...row, ...files[index] })),
  );
  return rows;
}
