import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

type Selection = typeof import("./selection.js");
interface Question {
  query: string;
  variables: { ids: number[]; limit: number };
}

let asked: Question[];
/** What the catalogue has; it answers those that are asked for. */
let rows: Record<string, { id: number }[]>;
let selection: Selection;
const { signal } = new AbortController();
beforeEach(async () => {
  asked = [];
  rows = {};
  vi.stubGlobal("document", { baseURI: "http://lab.test/em/" });
  vi.stubGlobal("sessionStorage", { getItem: () => null });
  vi.stubGlobal("fetch", async (_: URL, { body }: { body: string }) => {
    const question = JSON.parse(body) as Question;
    asked.push(question);
    const data = Object.fromEntries(
      Object.entries(rows).map(([name, all]) => [
        name,
        all.filter(({ id }) => question.variables.ids.includes(id)).slice(0, question.variables.limit),
      ]),
    );
    return new Response(JSON.stringify({ data }));
  });
  vi.resetModules();
  selection = await import("./selection.js");
});
afterEach(() => vi.unstubAllGlobals());

const dataset = { id: 10001, s3Prefix: "s3://bucket/10001/", httpsPrefix: "https://data.test/10001/" };
const run = (id: number, more = {}) => ({ id, name: `TS_${id}`, s3Prefix: `s3://bucket/10001/TS_${id}/`, dataset, ...more });

describe("(35.2) what is fetched of a selection", () => {
  it("of datasets are their folders, without a question", () => {
    expect(
      selection.wantedDatasets([
        { id: 1, fileSize: 5 },
        { id: 2, fileSize: null },
      ]),
    ).toEqual({
      kind: "dataset",
      items: [
        { id: 1, name: "1" },
        { id: 2, name: "2" },
      ],
      datasets: [1, 2],
      parts: [
        { key: "1/", sizeBytes: 5 },
        { key: "2/", sizeBytes: null },
      ],
    });
  });

  it("of runs are their folders, each dataset once; those of no dataset, and those that are gone, are told", async () => {
    rows = { runs: [run(1), run(2, { s3Prefix: "s3://elsewhere/x/" }), run(3, { dataset: null })] };
    expect(await selection.wantedRuns([1, 2, 3, 4], signal)).toEqual({
      kind: "run",
      items: [
        { id: 1, name: "TS_1" },
        { id: 2, name: "TS_2" },
        { id: 3, name: "TS_3" },
      ],
      datasets: [10001],
      parts: [{ key: "10001/TS_1/" }, { key: "10001/TS_2/" }],
      leftOut: "2 runs of the selection are left out: not in the tree that is served.",
    });
    expect((await selection.wantedRuns([1], signal)).leftOut).toBeUndefined();
    expect((await selection.wantedRuns([1, 9], signal)).leftOut).toBe(
      "1 run of the selection is left out: not in the tree that is served.",
    );
  });

  it("is asked for by fifty, and nothing of it is lost between two questions", async () => {
    const ids = Array.from({ length: 101 }, (_, i) => i + 1);
    rows = { runs: ids.map((id) => run(id)) };
    const { items } = await selection.wantedRuns(ids, signal);
    expect(items.map(({ id }) => id)).toEqual(ids);
    expect(asked.map(({ variables }) => [variables.ids.length, variables.limit])).toEqual([
      [50, 50],
      [50, 50],
      [1, 50],
    ]);
    expect(await selection.wantedRuns([], signal)).toMatchObject({ items: [], parts: [] });
  });

  it("of annotations are their files, a Zarr as a folder; files outside of the tree are told beside annotations that are gone", async () => {
    const files = (...all: [string, string, number | null][]) => ({
      edges: [
        {
          node: {
            annotationFiles: { edges: all.map(([s3Path, format, fileSize], id) => ({ node: { id, s3Path, format, fileSize } })) },
          },
        },
      ],
    });
    rows = {
      annotations: [
        {
          id: 1,
          objectName: "actin",
          run: { dataset },
          annotationShapes: files(["s3://bucket/10001/a.zarr", "zarr", null], ["s3://bucket/10001/b.zarr//", "zarr", 3]),
        },
        {
          id: 2,
          objectName: "ribosome",
          run: { dataset },
          annotationShapes: files(["https://data.test/10001/p%20q.ndjson", "ndjson", 7], ["s3://other/x", "ndjson", 1]),
        },
        { id: 3, objectName: "none", run: null, annotationShapes: files(["s3://bucket/10001/c", "mrc", 1]) },
      ] as never,
    };
    expect(await selection.wantedAnnotations([1, 2, 3, 4], signal)).toEqual({
      kind: "annotation",
      items: [
        { id: 1, name: "actin 1" },
        { id: 2, name: "ribosome 2" },
        { id: 3, name: "none 3" },
      ],
      datasets: [10001],
      parts: [
        { key: "10001/a.zarr/", sizeBytes: null },
        { key: "10001/b.zarr/", sizeBytes: 3 },
        { key: "10001/p q.ndjson", sizeBytes: 7 },
      ],
      leftOut:
        "1 annotation of the selection is left out: not in the tree that is served. 2 files of the selection are left out: not in the tree that is served.",
    });
    expect((await selection.wantedAnnotations([1], signal)).leftOut).toBeUndefined();
  });
});
