import { afterEach, beforeEach, expect, it, vi } from "vitest";

let reply: { body: unknown; status?: number } | "none";
let api: typeof import("./api.js");
let runData: typeof import("./run-data.js");
beforeEach(async () => {
  vi.stubGlobal("document", { baseURI: "http://lab.test/em/" });
  vi.stubGlobal("sessionStorage", { getItem: () => null });
  vi.stubGlobal("fetch", async () => {
    if (reply === "none") throw new TypeError("fetch failed");
    return new Response(JSON.stringify(reply.body), { status: reply.status ?? 200 });
  });
  vi.resetModules();
  api = await import("./api.js");
  runData = await import("./run-data.js");
});
afterEach(() => vi.unstubAllGlobals());

const query = "query { x }" as import("../queries/generated.js").Query<{ x: number }, object>;

it("errors of single fields of the catalogue are errors, with or without data", async () => {
  reply = { body: { data: { x: 1 } } };
  expect(await api.askCatalogue(query, {})).toEqual({ x: 1 });
  reply = { body: { data: { x: 1 }, errors: [] } };
  expect(await api.askCatalogue(query, {})).toEqual({ x: 1 });
  reply = { body: { data: { x: null }, errors: [{ message: "too many" }, { message: "too deep" }] } };
  await expect(api.askCatalogue(query, {})).rejects.toMatchObject({ error: { code: "CATALOG", message: "too many; too deep" } });
  for (const body of [{ data: null }, {}]) {
    reply = { body };
    await expect(api.askCatalogue(query, {})).rejects.toMatchObject({ error: { code: "CATALOG", message: "no data" } });
  }
});

it("an error is what the server says, or its status, or that it does not answer", async () => {
  reply = { body: { code: "USAGE", message: "no" }, status: 400 };
  await expect(api.ask("runs")).rejects.toMatchObject({ error: { code: "USAGE", message: "no" }, status: 400 });
  reply = { body: {}, status: 502 };
  await expect(api.ask("runs")).rejects.toMatchObject({ error: { code: "HTTP_502" }, status: 502 });
  reply = "none";
  await expect(api.ask("runs")).rejects.toMatchObject({ error: { code: "NETWORK" }, status: 0 });
  reply = { body: {}, status: 404 };
  await expect(api.askCatalogue(query, {})).rejects.toMatchObject({ error: { code: "NOT_FOUND" }, status: 404 });
});

it("the runs beside one are those before and after it; at the ends of a dataset there is none", async () => {
  const counts = (n: number) => ({ aggregate: [{ count: n }] });
  const { signal } = new AbortController();
  reply = { body: { data: { before: [{ id: 1 }], after: [{ id: 3 }], countBefore: counts(1), countAll: counts(3) } } };
  expect(await runData.askBeside(2, 10001, signal)).toMatchObject({ before: 1, after: 3 });
  reply = { body: { data: { before: [], after: [], countBefore: counts(0), countAll: counts(1) } } };
  expect(await runData.askBeside(2, 10001, signal)).toMatchObject({ before: undefined, after: undefined });
});
