import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { manualClock } from "../../../core/clock.js";
import { silentLog } from "../../../core/log.js";
import { isEndpoint, portalRuns } from "./runs-source.js";

const RUNS = Array.from({ length: 4321 }, (_, at) => ({
  id: at + 1,
  name: `mka2019-05-25-${at}`,
  datasetId: at < 4000 ? 10001 : 10002,
}));

let server: Server;
let base: string;
let queries: string[];
let answer: (query: string) => unknown;
let status: number;

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), "emporium-runs-"));
  queries = [];
  status = 200;
  answer = paged;
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      const { query } = JSON.parse(body) as { query: string };
      queries.push(query);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer(query)));
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(base, { recursive: true, force: true });
});

const endpoint = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
const clock = { ...manualClock(1.6e12) };
const ask = (from: string | undefined, options: { author?: string; refresh?: boolean } = {}) =>
  portalRuns(from, { workspace: base, clock, log: silentLog, ...options });

/** An interface with everything. */
function paged(query: string): unknown {
  const [, limit, offset] = /limit: (\d+), offset: (\d+)/.exec(query) ?? [];
  const some = RUNS.slice(Number(offset), Number(offset) + Number(limit));
  return {
    data: {
      runs: some.map(({ id, name, datasetId }) => ({ id, name, dataset: { id: datasetId, title: "t", organismName: "o" } })),
    },
  };
}

/** One that answers what the Python client asks, and nothing else. */
function flat(query: string): unknown {
  if (query.includes("limitOffset")) return { errors: [{ message: "Unknown argument 'limitOffset' on field 'Query.runs'." }] };
  if (query.includes("datasets(")) return { data: { datasets: [{ id: 10001, title: "first", organismName: "E. coli" }] } };
  return { data: { runs: RUNS } };
}

describe("runs of a portal", () => {
  it("come in pages, with their data sets", async () => {
    const { runs, source } = await ask(endpoint(), { author: 'Grant "G" Jensen' });
    expect([runs.length, queries.length, source]).toEqual([4321, 4, endpoint()]);
    expect(runs[4320]).toEqual({ name: "mka2019-05-25-4320", id: "4321", datasetId: "10002", datasetTitle: "t", organism: "o" });
    expect(queries[0]).toContain('where: {dataset: {authors: {name: {_eq: "Grant \\"G\\" Jensen"}}}}');
  });

  it("come from an interface that has flat lists alone", async () => {
    answer = flat;
    const { runs } = await ask(endpoint());
    expect(runs.length).toBe(4321);
    expect(runs[0]).toMatchObject({ datasetId: "10001", datasetTitle: "first", organism: "E. coli" });
    expect(queries.slice(1)).toEqual([
      "{ runs { id datasetId name } }",
      "{ datasets(where: {id: {_in: [10001, 10002]}}) { id title organismName } }",
    ]);
  });

  it("(34.silence) come whole from a server that gives fewer at a time than are asked for", async () => {
    answer = (query) => paged(query.replace(/limit: \d+/, "limit: 1000"));
    expect((await ask(endpoint())).runs.length).toBe(4321);
  });

  it("end where a server ignores pages", async () => {
    answer = () => ({ data: { runs: RUNS.map(({ id, name }) => ({ id, name, dataset: null })) } });
    expect((await ask(endpoint())).runs.length).toBe(4321);
    answer = () => ({ data: { runs: RUNS.slice(0, 2000).map(({ id, name }) => ({ id, name })) } });
    expect((await ask(endpoint(), { refresh: true })).runs.length).toBe(2000);
  });

  it("are kept for a day, for each author, and asked again with refresh", async () => {
    await ask(endpoint());
    const asked = queries.length;
    expect((await ask(endpoint())).retrievedMs).toBe(clock.now());
    expect(queries.length).toBe(asked);
    await ask(endpoint(), { author: "A" });
    expect(queries.length).toBe(2 * asked);
    await ask(endpoint(), { refresh: true });
    expect(queries.length).toBe(3 * asked);
  });

  it("of an earlier answer are used where the portal fails", async () => {
    await ask(endpoint());
    status = 400;
    expect((await ask(endpoint(), { refresh: true })).runs.length).toBe(4321);
  });

  it("without an earlier answer end with PORTAL_UNREACHABLE", async () => {
    status = 403;
    await expect(ask(endpoint())).rejects.toMatchObject({ code: "PORTAL_UNREACHABLE" });
    status = 200;
    answer = () => ({ errors: [{ message: "no" }] });
    await expect(ask(endpoint())).rejects.toMatchObject({ code: "PORTAL_UNREACHABLE", message: expect.stringContaining("no") });
    answer = () => ({ data: { runs: [] } });
    await expect(ask(endpoint(), { author: "Nobody" })).rejects.toMatchObject({
      message: expect.stringContaining('no run of "Nobody"'),
    });
    answer = () => ({ data: { runs: [{ id: 1 }] } });
    await expect(ask(endpoint())).rejects.toMatchObject({ code: "PORTAL_UNREACHABLE" });
  });
});

describe("runs of a file", () => {
  it("are read from anywhere", async () => {
    const path = join(base, "runs.csv");
    writeFileSync(path, "name\na\n");
    expect((await ask(path)).runs).toEqual([{ name: "a", id: "", datasetId: "" }]);
    expect((await ask(`file://${path}`)).runs.length).toBe(1);
  });

  it("(34.silence) in another encoding is wrong usage: its names would match nothing", async () => {
    const path = join(base, "runs.txt");
    for (const encoding of ["utf16le", "latin1"] as const) {
      writeFileSync(path, Buffer.from("\ufeffZelle ä 1\n", encoding));
      await expect(ask(path)).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining("no UTF-8 text") });
    }
  });

  it("that is not there is wrong usage", async () => {
    await expect(ask(join(base, "none.csv"))).rejects.toMatchObject({ code: "USAGE" });
    await expect(ask(join(base, "none.csv"), { author: "A" })).rejects.toMatchObject({ code: "USAGE" });
  });

  it.each([
    ["https://graphql.cryoetdataportal.czscience.com/graphql", true],
    ["http://127.0.0.1:8080", true],
    ["https://host/runs.json", false],
    ["https://host/runs.csv?x=1", false],
    ["runs.txt", false],
    ["s3://bucket/runs.json", false],
  ])("%s is a portal: %s", (from, expected) => {
    expect(isEndpoint(from)).toBe(expected);
  });
});
