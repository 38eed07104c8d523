import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PortalApi } from "../../src/catalog/graphql/answer.js";
import { systemClock } from "../../src/core/clock.js";
import { printRef } from "../../src/model/ref.js";
import type { ServedCatalogue } from "../../src/server/api/context.js";
import { corsPolicy } from "../../src/server/cors.js";
import { type Portal, servePortal } from "../../src/server/portal.js";
import { openTokens } from "../../src/server/tokens.js";
import { namesBelow } from "../names-below.js";
import { servedCatalogue, treePlace } from "../peers/serve-kit.js";
import { mrcHead } from "./bombs.mjs";

/**
 * How far a token reaches: every mount, by who asks, by method, by way of writing the name, and with ranges and conditions. Data are for all, with
 * and without a token; what is hidden or outside is for nobody, whatever is brought; nothing is written but below the API.
 */
const SECRET = "nobody may read this";
const [ALL, READ, OLD] = ["a", "r", "o"].map((letter) => letter.repeat(43)) as [string, string, string];
const folder = mkdtempSync(join(tmpdir(), "emporium-reach-"));
let portal: Portal;
/** What a graph of the catalogue was asked. */
const queries: unknown[] = [];

beforeAll(async () => {
  const put = (key: string, body: string | Uint8Array, mode = 0o644) => {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), body, { mode });
  };
  put("tree/1/dataset_metadata.json", "{}");
  put("tree/map.mrc", Buffer.concat([mrcHead([2, 3, 4]), Buffer.alloc(24, 83)]));
  put("tree/run/b.txt", "inside");
  put("secret.txt", SECRET);
  for (const key of [".emporium/journal", ".git/config", "run/.env"]) put(`tree/${key}`, SECRET);
  symlinkSync(join(folder, "secret.txt"), join(folder, "tree/link.txt"));
  put("tokens", `${ALL}\nguest read ${READ}\nold review,write ${OLD} until=2020-01-01\n`, 0o600);
  const { tokens } = openTokens(join(folder, "tokens"), () => systemClock.now());
  const api: PortalApi = {
    answer: async (asked) => {
      queries.push(asked);
      return { isUnavailable: false, text: '{"data":{}}\n', rest: undefined };
    },
  };
  const pool = { query: async () => ({ rows: [] }) } as unknown as ServedCatalogue["pool"];
  const tree = treePlace(join(folder, "tree"));
  portal = await servePortal({
    ...{ places: [tree], catalogue: servedCatalogue(tree, { api, pool }), bucket: "portal", version: "0" },
    ...{ workspace: join(folder, "workspace"), writing: { tokens, roots: [] }, cors: corsPolicy([]) },
  });
});
afterAll(async () => {
  await portal?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Heard {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** As it stands: `fetch` would change paths and headers. */
function ask(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(portal.url);
    const length = body === undefined ? {} : { "content-length": String(body.length) };
    const sent = request({ hostname, port, path, method, headers: { ...length, ...headers } }, async (reply) => {
      let text = "";
      try {
        for await (const piece of reply.setEncoding("latin1")) text += piece as string;
        resolve({ status: reply.statusCode!, text, headers: reply.headers });
      } catch (error) {
        reject(error as Error);
      }
    });
    sent.once("error", reject).end(body);
  });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
/** Who asks. */
const CALLERS: Readonly<Record<string, Record<string, string>>> = {
  ...{ nobody: {}, "one with a wrong token": bearer("x".repeat(43)), "one with an expired token": bearer(OLD) },
  ...{ "one with an altered token": bearer(`${ALL}a`), "one with a name": { authorization: `Basic ${btoa(`x:${ALL}`)}` } },
  ...{ "one who reads": bearer(READ), "one who writes": bearer(ALL), "a cookie": { cookie: `token=${ALL}` } },
  "another page": { ...bearer(ALL), origin: "https://evil.example", "sec-fetch-site": "cross-site" },
};
const REF = printRef({ kind: "place", place: "tree", key: "map.mrc" });
/** What everybody may read, and what comes. */
const OPEN: Readonly<Record<string, number>> = {
  ...{ "/files/run/b.txt": 200, "/at/tree/run/b.txt": 200, "/s3/portal/run/b.txt": 200, "/s3/portal?list-type=2": 200 },
  ...{ [`/zarr/${REF}/.zgroup`]: 200, [`/zarr/${REF}/0/0.0.0`]: 200, [`/api/v1/volumes/${REF}`]: 200 },
  ...{ "/graphql?query={runs{id}}": 200, "/api/v1/places/tree/list": 200, "/healthz": 200, "/api/v1/openapi.json": 200 },
};
const MOUNTS = ["/files/", "/at/tree/", "/s3/portal/", "/s3/"];
const LONG = "x/".repeat(4_000);
/** Ways to write what nobody may read; `/` joins them to a mount. */
const CLOSED = [
  ...[
    ".git/config",
    "%2egit/config",
    ".git%2fconfig",
    "%252egit/config",
    ".emporium/journal",
    "run/.env",
    "run/%2Eenv",
    "link.txt",
  ],
  ...[
    "../secret.txt",
    "%2e%2e/secret.txt",
    "%2e%2e%2fsecret.txt",
    "%252e%252e%252fsecret.txt",
    "..%5csecret.txt",
    "..\\secret.txt",
  ],
  ...[
    "run/../../secret.txt",
    "../tokens",
    "%2e%2e/tokens",
    "run/b.txt%00",
    "%00",
    "link.txt%00.png",
    "..;/tokens",
    "//tokens",
    LONG,
  ],
];
/** Headers that a server could take for another method or another address. */
const OVERRIDES = ["x-http-method-override", "x-http-method", "x-method-override", "x-original-url", "x-rewrite-url"];
const RANGES: readonly Record<string, string>[] = [
  ...["bytes=0-3", "bytes=-4", "bytes=0-0,2-3", "bytes=99999-"].map((range) => ({ range })),
  ...[
    { "if-none-match": "*" },
    { "if-match": "*" },
    { "if-match": '"x"' },
    { "if-modified-since": "Tue, 01 Jan 2030 00:00:00 GMT" },
  ],
  { range: "bytes=0-3", "if-range": '"x"' },
];
const isSafe = ({ status, text, headers }: Heard, about: string) => {
  for (const word of [SECRET, ALL, READ, OLD]) if (text.includes(word)) expect.fail(`${about}: ${text}`);
  if (![400, 403, 404, 414, 431].includes(status)) expect.fail(`${about}: ${status} ${text.slice(0, 200)}`);
  // nor how long it is, nor when it was written
  for (const name of ["etag", "last-modified", "content-range"])
    if (headers[name] !== undefined) expect.fail(`${about}: ${name}`);
};

describe("(34.attack) the token's reach", () => {
  it.each(Object.entries(OPEN))("%s is for all, and for all the same", async (path, wanted) => {
    const first = await ask("GET", path);
    expect([first.status, first.text.length > 0]).toEqual([wanted, true]);
    for (const [who, headers] of Object.entries(CALLERS)) {
      const { status, text, headers: told } = await ask("GET", path, headers);
      expect([who, status]).toEqual([who, wanted]);
      if (path !== "/graphql") expect([who, text === first.text]).toEqual([who, true]);
      expect([who, told["access-control-allow-origin"], told["set-cookie"]]).toEqual([who, undefined, undefined]);
      const head = await ask("HEAD", path, headers);
      expect([who, head.status, head.text]).toEqual([who, wanted, ""]);
    }
  });

  it(`${CLOSED.length} ways to what is hidden or outside lead nowhere, for whoever asks`, async () => {
    for (const mount of MOUNTS) {
      for (const name of CLOSED) {
        for (const [who, headers] of Object.entries(CALLERS))
          for (const method of ["GET", "HEAD"])
            isSafe(await ask(method, mount + name, headers), `${who}: ${method} ${mount}${name.slice(0, 60)}`);
      }
    }
  }, 120_000);

  it("nor do ranges and conditions tell that it is there", async () => {
    for (const mount of MOUNTS) {
      for (const name of [".git/config", "run/.env", "link.txt", "%2e%2e/secret.txt", "..%2ftokens"]) {
        for (const more of RANGES)
          isSafe(await ask("GET", mount + name, { ...bearer(ALL), ...more }), `${mount}${name} ${JSON.stringify(more)}`);
      }
    }
  });

  it("nothing is written at data, by any method and however it is called", async () => {
    const before = namesBelow(folder);
    for (const path of [
      ...Object.keys(OPEN).filter((one) => !/graphql|healthz|api\/v1/.test(one)),
      "/files/new.txt",
      "/s3/portal/new.txt",
    ]) {
      for (const [who, headers] of Object.entries(CALLERS)) {
        for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
          const { status } = await ask(method, path, headers, "body");
          expect([who, method, path, status]).toEqual([who, method, path, 405]);
        }
      }
      for (const name of OVERRIDES) {
        const plain = await ask("GET", path, bearer(ALL));
        for (const value of ["DELETE", "PUT", "/files/.git/config"]) {
          const { status, text } = await ask("GET", path, { ...bearer(ALL), [name]: value });
          expect([name, value, path, status, text === plain.text]).toEqual([name, value, path, plain.status, true]);
        }
        // and what is a POST stays one
        expect((await ask("POST", path, { ...bearer(ALL), [name]: "GET" }, "body")).status).toBe(405);
      }
    }
    for (const path of ["/api/v1/jobs", `/api/v1/volumes/${REF}`, "/api/v1/plans/1"]) {
      for (const headers of [CALLERS.nobody!, CALLERS["one with an expired token"]!, CALLERS["another page"]!])
        expect([401, 403]).toContain((await ask("DELETE", path, headers)).status);
      expect((await ask("DELETE", path, bearer(ALL))).status).toBe(404);
      for (const name of OVERRIDES) expect([401, 403, 404]).toContain((await ask("POST", path, { [name]: "GET" }, "{}")).status);
    }
    expect(namesBelow(folder)).toEqual(before);
  });

  it("a graph of the catalogue is asked without the token, and changes nothing", async () => {
    queries.length = 0;
    const json = { "content-type": "application/json" };
    for (const headers of Object.values(CALLERS)) {
      const { status, text } = await ask(
        "POST",
        "/graphql",
        { ...headers, ...json },
        JSON.stringify({ query: "{ runs { id } }" }),
      );
      expect([status, text]).toEqual([200, '{"data":{}}\n']);
    }
    for (const method of ["PUT", "DELETE", "PATCH"])
      expect((await ask(method, "/graphql", { ...bearer(ALL), ...json }, "{}")).status).toBe(405);
    expect(JSON.stringify(queries)).not.toContain(ALL);
    expect(queries.length).toBe(Object.keys(CALLERS).length);
  });
});
