import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import { silentLog } from "../../src/core/log.js";
import type { ApiError, Facets, SearchHits } from "../../src/model/page-api.js";
import { apiHandler } from "../../src/server/api/api.js";
import type { ApiContext } from "../../src/server/api/context.js";
import { servedMemory } from "../../src/server/memory-shares.js";
import { type PortalDatabase, type PortalRows, portalDatabase, randomRows, type TableRow } from "./graphql-kit.js";

/** What somebody types who means harm, or copies from anywhere. */
const HOSTILE = [
  "'",
  "'; drop table emporium_portal.run; --",
  '"a" & | ! ( ) :* <->',
  "\\",
  "%",
  "_",
  "%_\\%",
  "$1",
  "{1,2}",
  "NULL",
  "a:*",
  "&&&",
  "../../etc/passwd",
  "<script>alert(1)</script>",
  "\u202e\ufeff",
  "é·ß",
  "🦠",
  "x".repeat(1_000),
  "( ".repeat(400),
  "2147483648",
  "-1",
  "0x1f",
  "s3://portal/a/b/",
];

let portal: PortalDatabase;
let handler: ReturnType<typeof apiHandler>;
let rows: PortalRows;
beforeAll(async () => {
  const made = new Map(randomRows(9, () => 12));
  const change = (name: Parameters<typeof made.get>[0], values: readonly Record<string, string | number | null>[]) =>
    made.set(
      name,
      made.get(name)!.map((row, at) => ({ ...row, ...values[at] }) as TableRow),
    );
  change("Dataset", [
    { id: 10001, title: "Chlamydomonas lamellae by cryo-FIB", organism_name: "Chlamydomonas reinhardtii" },
    { id: 10002, title: "Human cells; lamellae", organism_name: "Homo sapiens" },
  ]);
  change("Deposition", [{ title: "Membranes of the photosystem", deposition_date: "2024-02-03T00:00:00+00:00" }]);
  change("Run", [{ name: "TS_000123" }, { name: "TS_000124" }, { name: "Position_7" }]);
  change("DatasetAuthor", [
    { name: "Anna Müller-Lund", orcid: "0000-0002-1825-0097" },
    { name: "Ben Okafor", orcid: null },
  ]);
  const run = (at: number) => made.get("Run")![at]!.id as number;
  change("Annotation", [
    { object_name: "cytosolic ribosome", object_id: "GO:0022626", run_id: run(0) },
    { object_name: "cytosolic ribosome", object_id: "GO:0022626", run_id: run(1) },
    { object_name: "ribosome, cytosolic", object_id: "GO:0005840", run_id: run(4) },
  ]);
  change("AnnotationAuthor", [{ name: "Zoë Annotatrix", orcid: "0000-0001-5109-3700" }]);
  const annotation = made.get("Annotation")![0]!.id;
  made.set(
    "AnnotationShape",
    made.get("AnnotationShape")!.map((row, at) => (at === 0 ? { ...row, annotation_id: annotation } : row)),
  );
  change("AnnotationFile", [
    {
      s3_path: "s3://portal/10001/TS_000123/Annotations/ribosome-1.0_point.ndjson",
      annotation_shape_id: made.get("AnnotationShape")![0]!.id,
    },
  ]);
  change("Tomogram", [{ s3_omezarr_dir: "s3://portal/10001/TS_000123/Tomograms/100/Tomo_A.zarr" }]);
  // each keeps its parents: their numbers have changed
  const datasets = made.get("Dataset")!.map(({ id }) => id);
  for (const name of ["Run", "DatasetAuthor", "DatasetFunding"] as const) {
    made.set(
      name,
      made.get(name)!.map((row, at) => ({ ...row, dataset_id: datasets[at < 3 ? 0 : at % datasets.length]! })),
    );
  }
  rows = made;
  portal = await portalDatabase(rows);
  const catalogue = { api: portal.api(), pool: portal.reader.pool } as unknown as NonNullable<ApiContext["catalogue"]>;
  handler = apiHandler({
    places: [],
    catalogue,
    memory: servedMemory(),
    log: silentLog,
    clock: systemClock,
    server: { version: "0" },
  } as unknown as ApiContext);
}, 120_000);
afterAll(() => portal?.stop());

async function ask<T>(path: string, parameters: Record<string, string>): Promise<{ status: number; json: T }> {
  const url = `http://localhost/api/v1/${path}?${new URLSearchParams(parameters)}`;
  const response = await handler(new Request(url), path);
  return { status: response.status, json: (await response.json()) as T };
}
async function hits(
  q: string,
): Promise<Partial<Record<SearchHits["groups"][number]["kind"], SearchHits["groups"][number]["hits"]>>> {
  const { status, json } = await ask<SearchHits>("search", { q });
  expect(status).toBe(200);
  return Object.fromEntries(json.groups.map(({ kind, hits }) => [kind, hits]));
}

describe("A14 search finds", () => {
  it("(37.9) datasets by the objects that are annotated in them, behind those that are called so", async () => {
    const isAsked = (text: unknown) => /\bribosome/i.test(`${text}`);
    const datasets = rows.get("Dataset")!;
    const called = datasets.filter(({ title }) => isAsked(title)).map(({ id }) => id);
    const runs = rows
      .get("Annotation")!
      .filter(({ object_name: name }) => isAsked(name))
      .map(({ run_id }) => run_id);
    const holding = rows
      .get("Run")!
      .filter(({ id }) => runs.includes(id))
      .map((one) => one.dataset_id as number);
    const found = (await hits("ribosome")).datasets ?? [];
    const numbers = found.map(({ to }) => Number(to.split("/").at(-1)));
    expect([...new Set(numbers.slice(0, called.length))].sort()).toEqual(called.sort());
    const others = [...new Set(holding)].filter((id) => !called.includes(id));
    expect([others.length > 1, numbers.slice(called.length).sort()]).toEqual([true, others.sort()]);
    for (const { detail } of found.slice(called.length)) expect(detail).toMatch(/ · [^·]*ribosome[^·]*$/i);
    expect((await hits("lamellae")).datasets!.map(({ to }) => to)).toEqual(["/datasets/10001", "/datasets/10002"]);
  });

  it("titles by the beginnings of all words", async () => {
    expect((await hits("cryo chlam")).datasets).toEqual([
      {
        title: "Chlamydomonas lamellae by cryo-FIB",
        detail: expect.stringMatching(/^10001 · Chlamydomonas reinhardtii · \d+ runs?$/),
        to: "/datasets/10001",
      },
    ]);
    expect((await hits("LAMELLAE")).datasets?.map(({ to }) => to)).toEqual(["/datasets/10001", "/datasets/10002"]);
    expect((await hits("10002")).datasets?.map(({ to }) => to)).toEqual(["/datasets/10002"]);
    expect((await hits("photosys")).depositions).toEqual([
      {
        title: "Membranes of the photosystem",
        detail: `${rows.get("Deposition")![0]!.id} · 2024-02-03`,
        to: `/depositions/${rows.get("Deposition")![0]!.id}`,
      },
    ]);
  });

  it("runs, the one that is called exactly so first", async () => {
    const [first, second] = rows.get("Run")!;
    expect((await hits("ts_0001")).runs?.map(({ to }) => to)).toEqual([`/runs/${first!.id}`, `/runs/${second!.id}`]);
    expect((await hits("TS_000124")).runs).toEqual([
      { title: "TS_000124", detail: "Chlamydomonas lamellae by cryo-FIB", to: `/runs/${second!.id}` },
    ]);
  });

  it("objects by name and by number, with how many annotations there are", async () => {
    expect((await hits("cytosolic ribosome")).annotations).toEqual([
      { title: "cytosolic ribosome", detail: "2 annotations", to: "/annotations?object=cytosolic%20ribosome" },
      { title: "ribosome, cytosolic", detail: "1 annotation", to: "/annotations?object=ribosome%2C%20cytosolic" },
    ]);
    expect((await hits("GO:00226")).annotations).toEqual([
      { title: "GO:0022626", detail: "cytosolic ribosome · 2 annotations", to: "/annotations?go=GO%3A0022626" },
    ]);
  });

  it("people by name and by ORCID", async () => {
    const anna = {
      title: "Anna Müller-Lund",
      detail: "0000-0002-1825-0097 · 1 dataset",
      to: "/datasets?author=Anna%20M%C3%BCller-Lund",
    };
    expect((await hits("anna mül")).people).toEqual([anna]);
    expect((await hits("https://orcid.org/0000-0002-1825-0097")).people).toEqual([anna]);
    expect((await hits("annotatrix")).people).toEqual([
      { title: "Zoë Annotatrix", detail: "annotations", to: "/annotations?author=Zo%C3%AB%20Annotatrix" },
    ]);
    expect((await hits("0000-0001-5109")).people).toEqual([
      { title: "0000-0001-5109-3700", detail: "annotations", to: "/annotations?orcid=0000-0001-5109-3700" },
    ]);
  });

  it("files by the beginning of their names", async () => {
    expect((await hits("ribosome-1.0")).files).toEqual([
      { title: "ribosome-1.0_point.ndjson", detail: expect.any(String), to: `/annotations/${rows.get("Annotation")![0]!.id}` },
    ]);
    expect((await hits("Tomograms/100/tomo_a")).files).toEqual([
      { title: "Tomo_A.zarr", detail: expect.any(String), to: `/view/tomogram/${rows.get("Tomogram")![0]!.id}` },
    ]);
  });

  it("nothing for a misspelt word, and offers what comes nearest", async () => {
    const { json } = await ask<SearchHits>("search", { q: "Clamydomonas lamelae" });
    expect(json).toEqual({ q: "Clamydomonas lamelae", groups: [], nearest: "chlamydomonas lamellae" });
    expect((await ask<SearchHits>("search", { q: "qqqqqqqq" })).json).toEqual({ q: "qqqqqqqq", groups: [] });
    expect((await ask<SearchHits>("search", { q: "  " })).json).toEqual({ q: "  ", groups: [] });
  });
});

describe("texts from anywhere", () => {
  it.each(HOSTILE)("are values, in search and in filters: %j", async (text) => {
    portal.statements.length = 0;
    expect((await ask<SearchHits>("search", { q: text })).status).toBe(200);
    const where = { organismName: { _in: [text] }, runs: { annotations: { objectName: { _in: [text] } } } };
    const facets = await ask<Facets>("facets", { of: "datasets", where: JSON.stringify(where), like: text, facet: "organism" });
    expect(facets.status).toBe(200);
    const own = await ask<Facets>("facets", { of: "datasets", where: JSON.stringify(where), facet: "object" });
    expect(own.json.facets[0]!.values).toContainEqual({ value: text, count: expect.any(Number), chosen: true });
    // one that no statement of ours has in it by itself
    if (/[;<"]|\.\./.test(text)) for (const { sql } of portal.statements) expect(sql).not.toContain(text.trim());
    expect((await ask<Facets>("facets", { of: "runs" })).json.total).toBe(rows.get("Run")!.length);
  });

  it.each([
    ["search", { q: "a\0b" }],
    ["search", {}],
    ["search", { q: "x", limit: "10" }],
    ["search", { q: "x".repeat(1_001) }],
    ["facets", { of: "users" }],
    ["facets", { of: "runs", where: "{" }],
    ["facets", { of: "runs", where: '"text"' }],
    ["facets", { of: "runs", where: '{"name": {"_like": 5}}' }],
    ["facets", { of: "runs", where: '{"__proto__": {"name": {"_eq": "x"}}}' }],
    ["facets", { of: "runs", where: '{"nothing": {}}' }],
    ["facets", { of: "runs", where: '{"name": {"_eq": "a\\u0000"}}' }],
    ["facets", { of: "runs", where: JSON.stringify({ _and: Array.from({ length: 200 }, () => ({ id: { _eq: 1 } })) }) }],
    ["facets", { of: "runs", where: `${'{"dataset":{"runs":'.repeat(60)}{}${"}}".repeat(60)}` }],
  ])("that are no question are refused: %s %j", async (path, parameters) => {
    const { status, json } = await ask<ApiError>(path, parameters as Record<string, string>);
    expect(json).toMatchObject({ code: "USAGE", message: expect.any(String) });
    expect(status).toBe(400);
  });

  it("a pattern that PostgreSQL cannot read, or a facet that there is not, is told", async () => {
    expect((await ask<ApiError>("facets", { of: "runs", where: '{"name": {"_regex": "("}}' })).json).toMatchObject({
      code: "USAGE",
    });
    expect(await ask<ApiError>("facets", { of: "runs", facet: "nothing" })).toMatchObject({
      status: 404,
      json: { code: "NOT_FOUND" },
    });
  });
});
