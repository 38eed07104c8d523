import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ENTITIES, type Entity, type Field } from "../../src/catalog/entities.js";
import { type Portal, servePortal } from "../../src/server/portal.js";
import { fileStore } from "../../src/stores/file/store.js";
import type { Store } from "../../src/stores/store.js";
import { type PortalDatabase, portalDatabase, randomRows } from "../e2e/graphql-kit.js";
import { servedCatalogue, treePlace } from "../peers/serve-kit.js";
import { ESCAPES } from "./hostile-names.js";

/**
 * What comes over the network and means no good, against a whole portal: names that lead out of the tree, requests that two programs would read
 * differently, ranges, clients that do not read, pages of other people, and texts for the database in every place that takes one.
 */
const SECRET = "nobody may read this";
const GIANT_BYTES = 2 ** 40;

let folder: string;
let database: PortalDatabase;
let portal: Portal;
let port: number;
/** Pieces that were read of the giant, a file that is longer than any memory. */
let giantReads = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "emporium-hostile-"));
  const put = (key: string, body: string) => {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), body);
  };
  put("secret.txt", SECRET);
  put("tree/a.txt", "0123456789");
  put("tree/run/b.txt", "inside");
  for (const ending of ACTIVE) put(`tree/active/x.${ending}`, "<script>alert(1)</script>");
  put("tree/.emporium/journal", SECRET);
  put("tree/.git/config", SECRET);
  put("tree/run/.env", SECRET);
  put("tree/run/.x.tag.part", SECRET);
  symlinkSync(join(folder, "secret.txt"), join(folder, "tree", "link.txt"));
  symlinkSync(folder, join(folder, "tree", "out"));
  database = await portalDatabase(randomRows(3, () => 6));
  const place = treePlace(join(folder, "tree"), withGiant(fileStore(join(folder, "tree"))));
  const catalogue = servedCatalogue(place, { api: database.api(), pool: database.reader.pool });
  portal = await servePortal({ places: [place], catalogue, bucket: "portal", version: "0" });
  port = Number(new URL(portal.url).port);
});
afterAll(async () => {
  await portal?.close();
  await database?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ACTIVE = ["html", "htm", "xhtml", "shtml", "svg", "xml", "js", "mjs", "css", "wasm", "pdf", "mht", "swf", "hta"];

function withGiant(store: Store): Store {
  return {
    ...store,
    stat: async (key) => (key === "giant" ? { size: GIANT_BYTES, etag: "g" } : store.stat(key)),
    read: async (key, range, options) => {
      if (key !== "giant") return store.read(key, range, options);
      giantReads++;
      return new Uint8Array(range!.length);
    },
  };
}

/** What the server says to bytes as they stand, until it closes. */
function raw(text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"));
    socket.setEncoding("latin1").on("data", (piece: string) => {
      answer += piece;
    });
    socket.on("close", () => resolve(answer)).on("error", () => {});
  });
}

const request = (target: string, headers: readonly string[] = [], method = "GET") =>
  [`${method} ${target} HTTP/1.1`, `Host: 127.0.0.1:${port}`, "Connection: close", ...headers, "", ""].join("\r\n");
const statusesOf = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));

describe("names that lead elsewhere", () => {
  it("list nothing as prefixes, markers and tokens", async () => {
    const token = (key: string) => Buffer.from(key, "utf8").toString("base64url");
    const places = ESCAPES.filter((name) => !/^(?:link\.txt|out.*|\.|\.\.)?$/.test(name)).flatMap((name) => {
      const word = encodeURIComponent(name);
      return [
        `prefix=${word}`,
        `prefix=${word}&delimiter=/`,
        `prefix=.&start-after=${word}`,
        `prefix=.&continuation-token=${token(name)}`,
      ];
    });
    for (const place of places) {
      const answer = await fetch(`${portal.s3}/portal?list-type=2&${place}`);
      expect([200, 400], place).toContain(answer.status);
      expect(await answer.text(), place).not.toMatch(/<Contents>|<CommonPrefixes>|secret\.txt<\/Key>|emporium-hostile/);
    }
  });

  it("are in no listing but as links that are refused, with nothing behind them", async () => {
    const keys = [...(await (await fetch(`${portal.s3}/portal?list-type=2`)).text()).matchAll(/<Key>([^<]*)/g)].map(
      ([, key]) => key,
    );
    expect(keys).toEqual(["a.txt", ...ACTIVE.map((ending) => `active/x.${ending}`).sort(), "link.txt", "out", "run/b.txt"]);
  });

  it("are no address of S3 either: there is its list of buckets, and who writes is told so in its words", async () => {
    const list = await fetch(portal.s3, { redirect: "manual" });
    expect([list.status, await list.text()]).toEqual([200, expect.stringContaining("<Name>portal</Name>")]);
    for (const path of ["", "/portal", "/portal/a.txt"]) {
      for (const method of ["PUT", "POST", "DELETE", "PATCH"]) {
        const answer = await fetch(`${portal.s3}${path}`, { method });
        expect([answer.status, await answer.text()]).toEqual([405, expect.stringContaining("<Code>MethodNotAllowed</Code>")]);
      }
    }
  });

  it("are no buckets", async () => {
    for (const name of [
      "..",
      "%2e%2e",
      "portal%2f..",
      "portal%00",
      ".emporium",
      "PORTAL",
      "portal.",
      "por%ff",
      "portal;x",
      "*",
    ]) {
      const answer = await raw(request(`/s3/${name}/a.txt`));
      expect([400, 404], name).toContain(statusesOf(answer)[0]);
      expect(answer).not.toContain("0123456789");
    }
  });
});

describe("requests that two programs read differently", () => {
  const host = () => `Host: 127.0.0.1:${port}\r\nConnection: close`;
  const hidden = () => `GET /files/a.txt HTTP/1.1\r\n${host()}\r\n\r\n`;
  const lines = (...all: string[]) => all.join("\r\n");

  it.each<[string, () => string]>([
    [
      "two lengths",
      () => lines("POST /graphql HTTP/1.1", host(), "Content-Length: 2", "Content-Length: 60", "", `{}${hidden()}`),
    ],
    ["a list of lengths", () => lines("POST /graphql HTTP/1.1", host(), "Content-Length: 2, 60", "", `{}${hidden()}`)],
    [
      "a length and chunks",
      () =>
        lines("POST /graphql HTTP/1.1", host(), "Content-Length: 5", "Transfer-Encoding: chunked", "", `0\r\n\r\n${hidden()}`),
    ],
    ["chunks that are none", () => lines("POST /graphql HTTP/1.1", host(), "Transfer-Encoding: xchunked", "", hidden())],
    [
      "chunks twice",
      () =>
        lines(
          "POST /graphql HTTP/1.1",
          host(),
          "Transfer-Encoding: chunked",
          "Transfer-Encoding: identity",
          "",
          `0\r\n\r\n${hidden()}`,
        ),
    ],
    ["a blank before the colon", () => lines("GET /files/none HTTP/1.1", host(), "Content-Length : 60", "", hidden())],
    [
      "a chunk's length with a sign",
      () => lines("POST /graphql HTTP/1.1", host(), "Transfer-Encoding: chunked", "", `+5\r\nhello\r\n0\r\n\r\n${hidden()}`),
    ],
    ["a negative length", () => lines("POST /graphql HTTP/1.1", host(), "Content-Length: -1", "", hidden())],
    [
      "a header over two lines",
      () => lines("GET /files/none HTTP/1.1", host(), "X-A: 1", " Transfer-Encoding: chunked", "", hidden()),
    ],
    ["a bare return", () => lines("GET /files/none HTTP/1.1", host(), "X-A: 1\rTransfer-Encoding: chunked", "", hidden())],
    ["a NUL in a header", () => lines("GET /files/none HTTP/1.1", host(), "X-A: \0", "", hidden())],
    ["two hosts", () => lines("GET /files/a.txt HTTP/1.1", host(), "Host: evil.test", "", "")],
    ["another host first", () => lines("GET /files/a.txt HTTP/1.1", "Host: evil.test", host(), "", "")],
    ["no host", () => lines("GET /files/a.txt HTTP/1.1", "Connection: close", "", "")],
    [
      "a host with a user",
      () => lines("GET /files/a.txt HTTP/1.1", `Host: 127.0.0.1:${port}@evil.test`, "Connection: close", "", ""),
    ],
    ["a whole address of another", () => lines("GET http://evil.test/files/a.txt HTTP/1.1", host(), "", "")],
    ["a tunnel", () => lines("CONNECT 127.0.0.1:22 HTTP/1.1", host(), "", "")],
    ["no method", () => lines("\0\0\0\0 /files/a.txt HTTP/1.1", host(), "", "")],
    ["another protocol", () => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["HTTP/2 from the start", () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["headers without end", () => `GET /files/a.txt HTTP/1.1\r\n${host()}\r\n${"X-A: b\r\n".repeat(20_000)}\r\n`],
    ["a path without end", () => `GET /files/${"a".repeat(100_000)} HTTP/1.1\r\n${host()}\r\n\r\n`],
  ])("%s: refused, and what is hidden behind is not answered", async (_name, text) => {
    const answer = await raw(text());
    expect(answer).not.toContain("0123456789");
    for (const status of statusesOf(answer)) expect(status, answer.slice(0, 300)).toBeGreaterThanOrEqual(400);
    expect(statusesOf(answer).length).toBeLessThanOrEqual(1);
  });

  it.each([
    ["X-HTTP-Method-Override: DELETE", "GET", 200],
    ["X-Forwarded-Host: evil.test", "GET", 200],
    ["X-Original-URL: /files/.git/config", "GET", 200],
    ["Upgrade: h2c", "GET", 200],
    ["Expect: 200-ok", "GET", 417],
    ["X-A: b", "TRACE", 405],
    ["X-A: b", "PUT", 405],
    ["X-A: b", "PROPFIND", 405],
  ])("%s, %s: %d, and nothing else happens", async (header, method, status) => {
    const answer = await raw(request("/files/a.txt", [header], method));
    expect(statusesOf(answer)).toEqual([status]);
    expect(answer.includes("0123456789")).toBe(status === 200);
    expect(answer).not.toMatch(/evil|X-A/);
  });

  it("asks for no more than it can hold of what is sent", async () => {
    const zipped = gzipSync(Buffer.alloc(50_000_000, " "));
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    const answer = await fetch(portal.graphql, { method: "POST", headers, body: zipped });
    expect(answer.status).toBe(400); // taken as it stands
  });
});

describe("ranges", () => {
  const many = Array.from({ length: 3_000 }, (_, at) => `${at % 10}-${at % 10}`).join(",");
  it.each<[string, number, string]>([
    [`bytes=${many}`, 200, "0123456789"],
    ["bytes=0-,0-,0-,0-", 200, "0123456789"],
    ["bytes=9-0", 200, "0123456789"],
    ["bytes=0-99999999999999999999999", 206, "0123456789"],
    ["bytes=-99999999999999999999999", 206, "0123456789"],
    ["bytes=99999999999999999999999-", 416, ""],
    ["bytes=10-", 416, ""],
    ["bytes=-0", 416, ""],
    ["bytes=--5", 200, "0123456789"],
    ["bytes=-", 200, "0123456789"],
    ["bytes=0x0-0x5", 200, "0123456789"],
    ["bytes=1e0-2e0", 200, "0123456789"],
    ["bytes=٣-٥", 200, "0123456789"],
    ["lines=1-2", 200, "0123456789"],
    ["bytes=3-3", 206, "3"],
  ])("%.40s: %d", async (range, status, body) => {
    const headers = [`Range: ${Buffer.from(range, "utf8").toString("latin1")}`];
    for (const target of ["/files/a.txt", "/s3/portal/a.txt"]) {
      const answer = await raw(request(target, headers));
      expect(statusesOf(answer)).toEqual([status]);
      if (status !== 416) expect(answer.split("\r\n\r\n")[1]).toBe(body);
      expect(answer.length).toBeLessThan(1_000);
    }
  });
});

describe("clients that take their time", () => {
  it("hold up nobody: hundreds that never finish asking, some that never read", async () => {
    giantReads = 0;
    const sockets = Array.from({ length: 300 }, (_, at) => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(at < 290 ? "GET /files/a.txt HTTP/1.1\r\nX-A: " : request(at % 2 === 0 ? "/files/giant" : "/s3/portal/giant"));
      return socket.pause();
    });
    try {
      await expect.poll(() => giantReads, { timeout: 20_000 }).toBeGreaterThanOrEqual(10);
      for (let at = 0; at < 50; at++) expect((await fetch(`${portal.files}/a.txt`)).status).toBe(200);
      // what was read for those who take nothing lies in the buffers of their connections: some MiB each, of a TiB
      expect(giantReads).toBeLessThan(10 * 40);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
});

describe("pages of other people", () => {
  it.each(ACTIVE.flatMap((ending) => [`/files/active/x.${ending}`, `/s3/portal/active/x.${ending}`]))(
    "run nothing of %s",
    async (target) => {
      for (const query of ["", "?response-content-type=text/html&response-content-disposition=inline"]) {
        const { headers, status } = await fetch(`${portal.url}${target}${query}`, { headers: { origin: "https://evil.test" } });
        expect(status).toBe(200);
        expect(headers.get("x-content-type-options")).toBe("nosniff");
        expect(headers.get("content-security-policy")).toMatch(/default-src 'none'; sandbox;/);
        const shown = /^(?:application\/octet-stream|text\/plain)/.test(headers.get("content-type")!);
        if (!shown) expect(headers.get("content-disposition"), headers.get("content-type")!).toBe("attachment");
        expect(headers.get("access-control-allow-origin")).toBeNull();
        expect(headers.get("access-control-allow-credentials")).toBeNull();
        expect(headers.get("set-cookie")).toBeNull();
      }
    },
  );

  it("see nothing of theirs in what the server says", async () => {
    const markup = "<script>alert(1)</script>";
    const word = encodeURIComponent(markup);
    const targets = [
      `/${word}`,
      `/files/${word}`,
      `/s3/${word}/a`,
      `/s3/portal/${word}`,
      `/s3/portal?list-type=2&prefix=${word}&delimiter=${word}&start-after=${word}`,
      `/s3/portal?prefix=${word}&marker=${word}`,
      `/s3/portal?list-type=2&encoding-type=${word}`,
      `/s3/portal?${word}`,
      `/graphql?query=${word}`,
      `/graphql?query={${word}}`,
      `/graphql?query={runs{id}}&operationName=${word}`,
      `/graphql?query={runs{id}}&variables=${word}`,
      `/viewer/${word}`,
    ];
    for (const target of targets) {
      const answer = await fetch(`${portal.url}${target}`, { headers: { accept: "text/html", origin: "https://evil.test" } });
      const type = answer.headers.get("content-type")!;
      expect(answer.headers.get("x-content-type-options"), target).toBe("nosniff");
      // where pages are there, they are the answer to a person's address, whatever it is
      const isPage = target === `/${word}` && /html/.test(type);
      expect(type, target).not.toMatch(isPage ? /svg|javascript/ : /html|svg|javascript/);
      if (!type.startsWith("application/json"))
        expect(await answer.text(), target).not.toContain(isPage ? "alert(1)" : "<script");
    }
  });

  it("may ask before they ask, and are told no", async () => {
    for (const target of ["/files/a.txt", "/s3/portal/a.txt", "/graphql"]) {
      const ask = {
        origin: "https://evil.test",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "authorization",
      };
      const { headers } = await fetch(`${portal.url}${target}`, { method: "OPTIONS", headers: ask });
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("access-control-allow-credentials")).toBeNull();
      expect(headers.get("access-control-allow-methods") ?? "").not.toMatch(/PUT|DELETE|PATCH/);
      expect(headers.get("access-control-allow-headers") ?? "").not.toMatch(/authorization|\*/i);
    }
  });

  it("cannot ask as forms and pictures do", async () => {
    const body = JSON.stringify({ query: "{ runs { id } }" });
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
      const answer = await fetch(portal.graphql, { method: "POST", headers: { "content-type": type }, body });
      expect(answer.status).toBe(415);
    }
    expect((await fetch(`${portal.graphql}?query=mutation{a}`)).status).toBe(200);
    expect(await (await fetch(`${portal.graphql}?query=mutation{a}`)).json()).toMatchObject({ errors: [{}] });
  });
});

/** Texts that end statements, quotes, patterns or documents elsewhere. */
const INJECTIONS = [
  "'; drop table emporium_portal.run; --",
  "' or '1'='1",
  '" or "1"="1',
  "1); select pg_sleep(10); --",
  "' union select usename, passwd from pg_shadow --",
  "\\'; copy run to program 'id'; --",
  "$1",
  "$$; drop table run; $$",
  '{"a","b"}',
  "NULL",
  "}','{",
  "%' escape '",
  "::int4; --",
  `$${"{process.exit(1)}"}`,
  "\u2028' --",
  "🦠'; --",
];

describe("texts for the database", () => {
  const OPERATORS = {
    text: ["_eq", "_neq", "_gt", "_gte", "_lt", "_lte", "_like", "_nlike", "_ilike", "_nilike", "_in", "_nin"],
    other: ["_eq", "_neq", "_gt", "_gte", "_lt", "_lte", "_in", "_nin"],
    bool: ["_eq", "_neq", "_in", "_nin"],
  };
  const operatorsOf = ({ type }: Field) => OPERATORS[type === "text" ? "text" : type === "bool" ? "bool" : "other"];
  const operand = (operator: string, value: string) => (/_n?in$/.test(operator) ? [value, "x"] : value);
  const ask = async (query: string, variables: object) => {
    const body = JSON.stringify({ query, variables });
    const answer = await fetch(portal.graphql, { method: "POST", headers: { "content-type": "application/json" }, body });
    expect(answer.status).toBe(200);
    return (await answer.json()) as { data?: object | null; errors?: { message: string; extensions?: { code?: string } }[] };
  };
  let turn = 0;
  const next = () => INJECTIONS[turn++ % INJECTIONS.length]!;
  beforeEach(() => {
    database.statements.length = 0;
  });

  it.each(ENTITIES.map((entity) => [entity.name, entity] as const))(
    "are values in every filter of %s",
    async (_name, entity: Entity) => {
      const query = `query ($w: ${entity.name}WhereClause) { ${entity.root}(where: $w) { id } }`;
      for (const field of entity.fields) {
        if (field.type === "json") continue;
        const payload = next();
        const operators = operatorsOf(field);
        const comparator = Object.fromEntries(operators.map((operator) => [operator, operand(operator, payload)]));
        const { data, errors } = await ask(query, { w: { [field.name]: comparator } });
        if (field.type !== "text") {
          // no number, truth, moment or word of a list: it never gets as far as a statement
          for (const operator of operators) {
            expect(
              errors!.some(({ message }) => message.includes(`.${operator}`)),
              `${field.name} ${operator}`,
            ).toBe(true);
          }
          continue;
        }
        expect([errors, Object.keys(data ?? {})], `${field.name}: ${payload}`).toEqual([undefined, [entity.root]]);
        const { sql, parameters } = database.statements.pop()!;
        if (payload.length > 4) expect(sql).not.toContain(payload);
        expect(parameters.filter((value) => value === payload).length).toBe(10);
      }
      expect(database.statements).toHaveLength(0);
    },
  );

  it("are no orders, pages, cursors, columns and names", async () => {
    const wrong: [string, unknown][] = INJECTIONS.slice(0, 5).flatMap((payload): [string, unknown][] => [
      ["query ($v: [RunOrderByClause!]) { runs(orderBy: $v) { id } }", [{ name: payload }]],
      ["query ($v: [RunOrderByClause!]) { runs(orderBy: $v) { id } }", [{ [payload]: "asc" }]],
      ["query ($v: [RunOrderByClause!]) { runs(orderBy: $v) { id } }", [{ dataset: { [payload]: "asc" } }]],
      ["query ($v: LimitOffsetClause) { runs(limitOffset: $v) { id } }", { limit: payload }],
      ["query ($v: LimitOffsetClause) { runs(limitOffset: $v) { id } }", { limit: 1, offset: payload }],
      ["query ($v: Int) { runs { tomograms(first: $v) { edges { node { id } } } } }", payload],
      ["query ($v: Int) { runs { tomograms(last: $v) { edges { node { id } } } } }", payload],
      ["query ($v: RunCountColumns) { runsAggregate { aggregate { count(distinct: true, columns: $v) } } }", payload],
      ["query ($v: RunWhereClause) { runs(where: $v) { id } }", { [payload]: { _eq: "x" } }],
      ["query ($v: RunWhereClause) { runs(where: $v) { id } }", { name: { [payload]: "x" } }],
      ["query ($v: RunWhereClause) { runs(where: $v) { id } }", { id: { _eq: payload } }],
      ["query ($v: RunWhereClause) { runs(where: $v) { id } }", { id: { _in: [payload] } }],
      ["query ($v: RunWhereClause) { runs(where: $v) { id } }", { id: { _is_null: payload } }],
      [
        "query ($v: RunWhereClause) { runs(where: $v) { id } }",
        { tomogramsAggregate: { count: { predicate: { _eq: payload } } } },
      ],
      ["query ($v: RunWhereClause) { runs(where: $v) { id } }", payload],
    ]);
    for (const [query, v] of wrong)
      expect((await ask(query, { v })).errors?.length, `${query} ${JSON.stringify(v)}`).toBeGreaterThan(0);
    expect(database.statements).toHaveLength(0);
    for (const cursor of [...INJECTIONS, Buffer.from("arrayconnection:1; select 1").toString("base64")]) {
      for (const side of ["before", "after"]) {
        await ask(`query ($v: String) { runs { tomograms(${side}: $v) { edges { node { id } } } } }`, { v: cursor });
      }
    }
    for (const { sql } of database.statements)
      for (const payload of INJECTIONS.filter((one) => one.length > 6)) expect(sql).not.toContain(payload);
  });

  it("name nothing of the server in what they are answered", async () => {
    for (const value of ["\0", "\\", "(", "[", "*", "a{1,999}", "\ud800", "x".repeat(5_000)]) {
      for (const operator of ["_eq", "_like", "_regex", "_in"]) {
        const { errors } = await ask("query ($w: RunWhereClause) { runs(where: $w) { id } }", {
          w: { name: { [operator]: operand(operator, value) } },
        });
        for (const { message } of errors ?? []) {
          expect(message, `${operator} ${value.slice(0, 9)}`).not.toMatch(
            /select|emporium_portal|"t\d|pg_|postgres|\/tmp|node:/i,
          );
          expect(message.length).toBeLessThan(300);
        }
      }
    }
  });

  it("of JSON change no object of the program", async () => {
    const body =
      '{"query": "{ runs { id } }", "variables": {"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}, "__proto__": {"polluted": 1}}';
    const answer = await fetch(portal.graphql, { method: "POST", headers: { "content-type": "application/json" }, body });
    expect(answer.status).toBe(200);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    const nested = `{"query": "{ runs { id } }", "variables": {"v": ${"[".repeat(100_000)}${"]".repeat(100_000)}}}`;
    for (const text of [nested, "[".repeat(1_000_000), `${"[".repeat(100_000)}${"]".repeat(100_000)}`]) {
      const { status } = await fetch(portal.graphql, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: text,
      });
      expect([200, 400]).toContain(status);
    }
  });

  it("that are dear are refused in batches too, before the database hears of them", async () => {
    const bomb = { query: `{ ${Array.from({ length: 31 }, (_, at) => `a${at}: runs { id }`).join(" ")} }` };
    const answer = await fetch(portal.graphql, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(Array.from({ length: 5 }, () => bomb)),
    });
    const results = (await answer.json()) as { errors: { extensions: { code: string } }[] }[];
    expect(results.map(({ errors }) => errors[0]!.extensions.code)).toEqual(Array.from({ length: 5 }, () => "LIMIT"));
    expect(database.statements).toHaveLength(0);
  });

  it("leave the rows as they were", async () => {
    const { data } = await ask("{ runsAggregate { aggregate { count } } annotationFilesAggregate { aggregate { count } } }", {});
    expect(data).toEqual({
      runsAggregate: { aggregate: [{ count: 6 }] },
      annotationFilesAggregate: { aggregate: [{ count: 6 }] },
    });
  });
});
