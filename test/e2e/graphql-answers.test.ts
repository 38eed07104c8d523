import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENTITIES, type EntityName } from "../../src/catalog/entities.js";
import { type PortalDatabase, type PortalRows, portalDatabase, randomRows, type TableRow } from "./graphql-kit.js";

/**
 * A small portal whose answers can be told by looking at it: two datasets; run 501 with three tomograms, 502 with one, 503 with none; 120
 * frames of run 501, which is more than a page.
 */
const DATES = {
  deposition_date: "2024-03-01T00:00:00+00:00",
  release_date: "2024-03-02T00:00:00+00:00",
  last_modified_date: "2024-03-03T12:30:00.5+00:00",
};
const tomogram = (id: number, run: number, more: Record<string, string | number | boolean | null>): TableRow => ({
  id,
  run_id: run,
  deposition_id: 10000,
  alignment_id: null,
  tomogram_voxel_spacing_id: null,
  size_x: 100,
  size_y: 200,
  size_z: 50,
  voxel_spacing: 10,
  fiducial_alignment_status: "FIDUCIAL",
  reconstruction_method: "WBP",
  processing: "raw",
  reconstruction_software: "IMOD",
  offset_x: 0,
  offset_y: 0,
  offset_z: 0,
  ...more,
});
const run = (id: number, dataset: number, name: string): TableRow => ({
  id,
  dataset_id: dataset,
  name,
  s3_prefix: `s3://lab/${dataset}/${name}/`,
  https_prefix: `https://lab.test/${dataset}/${name}/`,
});
const ROWS: PortalRows = new Map<EntityName, TableRow[]>([
  ["Deposition", [{ id: 10000, title: "First", description: "d", ...DATES }]],
  [
    "Dataset",
    [
      {
        id: 10000,
        deposition_id: 10000,
        title: "Yeast",
        description: "d",
        organism_name: "S. cerevisiae",
        s3_prefix: "s3://lab/10000/",
        https_prefix: "https://lab.test/10000/",
        file_size: 5e12,
        ...DATES,
      },
      {
        id: 10001,
        deposition_id: 10000,
        title: "HeLa",
        description: "d",
        organism_name: "Homo sapiens",
        s3_prefix: "s3://lab/10001/",
        https_prefix: "https://lab.test/10001/",
        ...DATES,
      },
    ],
  ],
  ["Run", [run(501, 10000, "TS_01"), run(502, 10000, "TS_02"), run(503, 10001, "TS_01")]],
  [
    "Frame",
    Array.from(
      { length: 120 },
      (_, at): TableRow => ({ id: 1 + at, run_id: 501, deposition_id: 10000, acquisition_order: 119 - at, file_size: 1e9 + at }),
    ),
  ],
  ["Tiltseries", []],
  ["Alignment", [{ id: 1, run_id: 501, affine_transformation_matrix: "{{1,0},{0,1}}" }]],
  [
    "PerSectionAlignmentParameters",
    [
      {
        id: 1,
        alignment_id: 1,
        z_index: 0,
        in_plane_rotation: [
          [1, 0.5],
          [0, 1],
        ],
      },
      // as alignments of older trees have it: one list
      { id: 2, alignment_id: 1, z_index: 1, x_offset: 1, in_plane_rotation: [0.1, 0.2, -0.3, 0.4] },
    ],
  ],
  [
    "Tomogram",
    [
      tomogram(9001, 501, { alignment_id: 1, voxel_spacing: 13.48, processing: "denoised", size_x: 7, name: "a" }),
      tomogram(9002, 501, { voxel_spacing: 10, size_x: 8, name: "a" }),
      tomogram(9003, 501, { voxel_spacing: 5, size_x: 9, name: null, neuroglancer_config: '{"a":"ü\\n"}' }),
      tomogram(9004, 502, { size_x: 2_000_000_000, name: "b" }),
      tomogram(9005, 502, { size_x: 2_000_000_000, name: "b", release_date: "2024-12-31T23:59:59+00:00" }),
    ],
  ],
]);

let portal: PortalDatabase;
beforeAll(async () => {
  portal = await portalDatabase(ROWS);
});
afterAll(() => portal?.stop());

const ask = async (query: string, more?: Parameters<PortalDatabase["ask"]>[1]) => {
  const { data, errors } = await portal.ask(query, more);
  expect(errors, query).toBeUndefined();
  return data as unknown;
};
const refused = async (query: string, more?: Parameters<PortalDatabase["ask"]>[1]) => {
  const { errors = [] } = await portal.ask(query, more);
  return errors.map(({ message }) => message);
};
const cursor = (at: number) => Buffer.from(`arrayconnection:${at}`).toString("base64");

describe("rows", () => {
  it("come by their ids, whatever the order of the table", async () => {
    expect(await ask("{ runs { id name datasetId } }")).toEqual({
      runs: [
        { id: 501, name: "TS_01", datasetId: 10000 },
        { id: 502, name: "TS_02", datasetId: 10000 },
        { id: 503, name: "TS_01", datasetId: 10001 },
      ],
    });
  });

  it("have moments with their zone, microseconds with six digits, and a date that Python 3.10 reads", async () => {
    expect(await ask("{ datasets(where: {id: {_eq: 10000}}) { depositionDate lastModifiedDate } }")).toEqual({
      datasets: [{ depositionDate: "2024-03-01T00:00:00+00:00", lastModifiedDate: "2024-03-03T12:30:00.500000+00:00" }],
    });
  });

  it("have numbers of their columns' kinds: a float keeps its point, so that Python makes a float of it", async () => {
    const { text } = await portal
      .api()
      .answer({ query: "{ tomograms(limitOffset: {limit: 2}) { voxelSpacing sizeX fileSizeMrc } datasets { fileSize } }" });
    expect(text).toContain(
      '"tomograms":[{"voxelSpacing":13.48,"sizeX":7,"fileSizeMrc":null},{"voxelSpacing":10.0,"sizeX":8,"fileSizeMrc":null}]',
    );
    expect(text).toContain('"datasets":[{"fileSize":5000000000000.0},{"fileSize":null}]');
  });

  it("have matrices as lists, PostgreSQL's arrays as they stand, and JSON documents as text", async () => {
    expect(await ask("{ perSectionAlignmentParameters { inPlaneRotation } alignments { affineTransformationMatrix } }")).toEqual({
      perSectionAlignmentParameters: [
        {
          inPlaneRotation: [
            [1, 0.5],
            [0, 1],
          ],
        },
        {
          inPlaneRotation: [
            [0.1, 0.2],
            [-0.3, 0.4],
          ],
        },
      ],
      alignments: [{ affineTransformationMatrix: "{{1,0},{0,1}}" }],
    });
    expect(await ask("{ tomograms(where: {id: {_eq: 9003}}) { neuroglancerConfig name } }")).toEqual({
      tomograms: [{ neuroglancerConfig: '{"a":"ü\\n"}', name: null }],
    });
  });

  it("have a global identifier and a type, by fragments on interfaces too", async () => {
    expect(
      await ask(
        `query Q($with: Boolean = true, $without: Boolean!) {
        one: runs(where: {id: {_eq: 501}}) { ...Known ... on Node { _id } ... on EntityInterface { again: _id }
          name @include(if: $without) kept: name @skip(if: $without) ... @include(if: $with) { datasetId } } }
        fragment Known on Run { __typename id }`,
        { variables: { without: false } },
      ),
    ).toEqual({
      one: [{ __typename: "Run", id: 501, _id: "UnVuOjUwMQ==", again: "UnVuOjUwMQ==", kept: "TS_01", datasetId: 10000 }],
    });
  });

  it("keep the order of what was asked, and names that objects of JavaScript have by themselves", async () => {
    const { text } = await portal
      .api()
      .answer({ query: "{ runs(limitOffset: {limit: 1}) { name __proto__: id constructor: datasetId id name } }" });
    expect(text).toBe('{"data":{"runs":[{"name":"TS_01","__proto__":501,"constructor":10000,"id":501}]}}\n');
  });

  it("are limited: 0 is no limit, an offset needs one", async () => {
    const ids = async (clause: string) =>
      ((await ask(`{ runs(limitOffset: ${clause}) { id } }`)) as { runs: { id: number }[] }).runs.map(({ id }) => id);
    expect(await ids("{limit: 2}")).toEqual([501, 502]);
    expect(await ids("{limit: 2, offset: 2}")).toEqual([503]);
    expect(await ids("{limit: 0}")).toEqual([501, 502, 503]);
    expect(await ids("{limit: null, offset: 0}")).toEqual([501, 502, 503]);
    expect(await refused("{ runs(limitOffset: {offset: 1}) { id } }")).toEqual(["Cannot use offset without limit"]);
    expect(await refused("{ runs(limitOffset: {limit: 0, offset: 1}) { id } }")).toEqual(["Cannot use offset without limit"]);
    expect(await refused("{ runs(limitOffset: {limit: -1}) { id } }")).toEqual(["Unexpected error."]);
  });
});

describe("relations", () => {
  it("lead to the object, or to null where a condition does not hold or nothing is there", async () => {
    expect(
      await ask(`{ tomograms(where: {runId: {_eq: 501}}) { id alignment { id } run(where: {name: {_eq: "TS_02"}}) { id }
        same: run { dataset { title deposition { title } } } } }`),
    ).toEqual({
      tomograms: [9001, 9002, 9003].map((id) => ({
        id,
        alignment: id === 9001 ? { id: 1 } : null,
        run: null,
        same: { dataset: { title: "Yeast", deposition: { title: "First" } } },
      })),
    });
  });

  it("are connections with cursors, pages and counts", async () => {
    expect(
      await ask(`{ runs { id tomograms(first: 2, orderBy: [{sizeX: desc}]) { __typename edges { __typename cursor node { id } }
        pageInfo { __typename hasNextPage hasPreviousPage startCursor endCursor } } tomogramsAggregate { __typename aggregate { count } } } }`),
    ).toEqual({
      runs: [
        page(501, [9003, 9002], true, [{ count: 3 }]),
        page(502, [9004, 9005], false, [{ count: 2 }]),
        page(503, [], false, []),
      ],
    });
    function page(id: number, nodes: number[], hasNextPage: boolean, aggregate: object[]) {
      const ends = nodes.length > 0 ? [cursor(0), cursor(nodes.length - 1)] : [null, null];
      return {
        id,
        tomograms: {
          __typename: "TomogramConnection",
          edges: nodes.map((node, at) => ({ __typename: "TomogramEdge", cursor: cursor(at), node: { id: node } })),
          pageInfo: { __typename: "PageInfo", hasNextPage, hasPreviousPage: false, startCursor: ends[0], endCursor: ends[1] },
        },
        tomogramsAggregate: { __typename: "TomogramAggregate", aggregate },
      };
    }
  });

  it("is the answer that the portal's own documentation gives", async () => {
    expect(
      await ask(`{ runs(where: {id: {_eq: 502}}) { id tomograms(where: {id: {_eq: 9004}}) { edges { cursor node { id } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } tomogramsAggregate(where: {id: {_eq: 9004}}) { aggregate { count } } } }`),
    ).toEqual({
      runs: [
        {
          id: 502,
          tomograms: {
            edges: [{ cursor: "YXJyYXljb25uZWN0aW9uOjA=", node: { id: 9004 } }],
            pageInfo: {
              hasNextPage: false,
              hasPreviousPage: false,
              startCursor: "YXJyYXljb25uZWN0aW9uOjA=",
              endCursor: "YXJyYXljb25uZWN0aW9uOjA=",
            },
          },
          tomogramsAggregate: { aggregate: [{ count: 1 }] },
        },
      ],
    });
  });

  /** Positions of run 501's 120 frames; the frame at position p has the id p + 1. */
  it.each([
    ["", 0, 100, true],
    ["first: 0", 0, 0, true],
    ["first: 100", 0, 100, true],
    [`after: "${cursor(99)}"`, 100, 120, false],
    [`first: 5, after: "${cursor(117)}"`, 118, 120, false],
    [`before: "${cursor(3)}"`, 0, 3, true],
    [`before: "${cursor(3)}", after: "${cursor(0)}"`, 1, 3, true],
    [`first: 1, before: "${cursor(3)}"`, 0, 1, true],
    ["last: 3", 117, 120, false],
    ["last: 100", 20, 120, false],
    [`last: 2, before: "${cursor(10)}"`, 8, 10, true],
    [`last: 2, before: "${cursor(1)}"`, 0, 1, true],
    [`last: 2, before: "${cursor(500)}"`, 118, 120, false],
    [`last: 2, after: "${cursor(118)}"`, 119, 120, false],
    ["first: 10, last: 3", 7, 10, true],
    [`after: "${cursor(500)}"`, 501, 501, false],
    [`after: "${cursor(9999999999)}"`, 0, 0, false],
    [`before: "${cursor(0)}"`, 0, 0, true],
  ])("pages (%s) are frames %i to %i", async (args, start, end, hasNextPage) => {
    const { runs } = (await ask(
      `{ runs(where: {id: {_eq: 501}}) { frames${args && `(${args})`} { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage } } } }`,
    )) as { runs: { frames: { edges: unknown[]; pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean } } }[] };
    const { edges, pageInfo } = runs[0]!.frames;
    expect(edges).toEqual(
      Array.from({ length: end - start }, (_, at) => ({ cursor: cursor(start + at), node: { id: start + at + 1 } })),
    );
    expect(pageInfo.hasNextPage).toBe(hasNextPage);
    if (edges.length > 0) expect(pageInfo.hasPreviousPage).toBe(start > 0);
  });

  it("keep the order of the page, from the end too", async () => {
    expect(
      await ask(
        "{ runs(where: {id: {_eq: 501}}) { frames(last: 2, orderBy: [{acquisitionOrder: asc}]) { edges { node { id run { name } } } } } }",
      ),
    ).toEqual({
      runs: [{ frames: { edges: [{ node: { id: 2, run: { name: "TS_01" } } }, { node: { id: 1, run: { name: "TS_01" } } }] } }],
    });
  });

  it("may be selected twice, each with its own arguments", async () => {
    expect(
      await ask(`{ runs(where: {id: {_eq: 501}}) { small: tomograms(where: {sizeX: {_lt: 8}}) { edges { node { id } } }
        tomograms(first: 1) { edges { node { id } } e: edges { node { sizeX } } } } }`),
    ).toEqual({
      runs: [
        {
          small: { edges: [{ node: { id: 9001 } }] },
          tomograms: { edges: [{ node: { id: 9001 } }], e: [{ node: { sizeX: 7 } }] },
        },
      ],
    });
  });

  it("refuse pages that are too large or no pages", async () => {
    const frames = (args: string) => refused(`{ runs { frames(${args}) { edges { cursor } } } }`);
    expect(await frames("first: 101")).toEqual(["Argument 'first' cannot be higher than 100."]);
    expect(await frames("last: 101")).toEqual(["Argument 'last' cannot be higher than 100."]);
    expect(await frames("first: -1")).toEqual(["Unexpected error."]);
    expect(await frames("last: -1")).toEqual(["Unexpected error."]);
    expect(await frames('after: "nonsense"')).toEqual(["Argument 'after' is not a cursor of a connection."]);
  });
});

describe("aggregates", () => {
  it("are one entry for all rows, also where there are none", async () => {
    expect(
      await ask(
        "{ tomogramsAggregate { aggregate { count } } runsAggregate(where: {id: {_eq: 1}}) { aggregate { count min { id name } sum { id } } } }",
      ),
    ).toEqual({
      tomogramsAggregate: { aggregate: [{ count: 5 }] },
      runsAggregate: { aggregate: [{ count: 0, min: { id: null, name: null }, sum: { id: null } }] },
    });
  });

  it("count rows; different values only where both arguments are given", async () => {
    expect(
      await ask(`{ tomogramsAggregate { aggregate { count all: count(columns: name) rows: count(distinct: true) names: count(distinct: true, columns: name)
        __typename } } }`),
    ).toEqual({
      tomogramsAggregate: { aggregate: [{ count: 5, all: 5, rows: 5, names: 2, __typename: "TomogramAggregateFunctions" }] },
    });
  });

  it("compute of a column in the column's type: means of whole numbers are cut", async () => {
    // 7, 8, 9: mean 8, variance 1. Spacings 13.48, 10, 5: sample values by hand.
    const mean = (13.48 + 10 + 5) / 3;
    const variance = [13.48, 10, 5].reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2;
    const { tomogramsAggregate } = (await ask(`{ tomogramsAggregate(where: {runId: {_eq: 501}}) { aggregate {
      sum { sizeX voxelSpacing } avg { sizeX id voxelSpacing } stddev { sizeX voxelSpacing } variance { sizeX voxelSpacing }
      min { name sizeX depositionDate } max { name voxelSpacing lastModifiedDate __typename } } } }`)) as {
      tomogramsAggregate: { aggregate: [Record<string, Record<string, number>>] };
    };
    const [found] = tomogramsAggregate.aggregate;
    expect(found).toMatchObject({
      sum: { sizeX: 24 },
      avg: { sizeX: 8, id: 9002 },
      stddev: { sizeX: 1 },
      variance: { sizeX: 1 },
      min: { name: "a", sizeX: 7, depositionDate: null },
      max: { name: "a", voxelSpacing: 13.48, lastModifiedDate: null, __typename: "TomogramMinMaxColumns" },
    });
    expect(found.sum!.voxelSpacing).toBeCloseTo(28.48, 10);
    expect(found.avg!.voxelSpacing).toBeCloseTo(mean, 10);
    expect(found.stddev!.voxelSpacing).toBeCloseTo(Math.sqrt(variance), 10);
    expect(found.variance!.voxelSpacing).toBeCloseTo(variance, 10);
  });

  it("cut towards nothing: the mean of 501 and 502 is 501, and one row has no deviation", async () => {
    expect(
      await ask("{ runsAggregate(where: {id: {_lt: 503}}) { aggregate { avg { id } stddev { id } variance { id } } } }"),
    ).toEqual({
      runsAggregate: { aggregate: [{ avg: { id: 501 }, stddev: { id: 0 }, variance: { id: 0 } }] },
    });
    expect(await ask("{ runsAggregate(where: {id: {_eq: 503}}) { aggregate { stddev { id } variance { id } } } }")).toEqual({
      runsAggregate: { aggregate: [{ stddev: { id: null }, variance: { id: null } }] },
    });
  });

  it("tell a sum that GraphQL's Int cannot hold as an error of its field", async () => {
    const { data, errors } = await portal.ask(
      "{ runs(where: {id: {_eq: 502}}) { tomogramsAggregate { aggregate { sum { sizeX } max { sizeX } } } } }",
    );
    expect(data).toEqual({
      runs: [{ tomogramsAggregate: { aggregate: [{ sum: { sizeX: null }, max: { sizeX: 2_000_000_000 } }] } }],
    });
    expect(errors).toEqual([
      {
        message: "Int cannot represent non 32-bit signed integer value: 4000000000",
        path: ["runs", 0, "tomogramsAggregate", "aggregate", 0, "sum", "sizeX"],
      },
    ]);
  });

  it("group by columns here and behind relations, a row for each child of a list", async () => {
    expect(
      await ask(
        `{ runsAggregate { aggregate { count(distinct: true, columns: name) min { id } groupBy { dataset { organismName } } } } }`,
      ),
    ).toEqual({
      runsAggregate: {
        aggregate: [
          { count: 1, min: { id: 503 }, groupBy: { dataset: { organismName: "Homo sapiens" } } },
          { count: 2, min: { id: 501 }, groupBy: { dataset: { organismName: "S. cerevisiae" } } },
        ],
      },
    });
    expect(await ask("{ runsAggregate { aggregate { count groupBy { tomograms { processing alignment { id } } } } } }")).toEqual({
      runsAggregate: { aggregate: [{ count: 1, groupBy: { tomograms: { processing: "denoised", alignment: { id: 1 } } } }] },
    });
    expect(
      await ask("{ datasetsAggregate { aggregate { count groupBy { title runs { tomograms { processing } } } } } }"),
    ).toEqual({
      datasetsAggregate: {
        aggregate: [
          { count: 1, groupBy: { title: "Yeast", runs: { tomograms: { processing: "denoised" } } } },
          { count: 4, groupBy: { title: "Yeast", runs: { tomograms: { processing: "raw" } } } },
        ],
      },
    });
  });

  it("group by dates, nulls and matrices, and have no group where nothing is", async () => {
    expect(await ask("{ tomogramsAggregate { aggregate { count groupBy { releaseDate } } } }")).toEqual({
      tomogramsAggregate: {
        aggregate: [
          { count: 1, groupBy: { releaseDate: "2024-12-31T23:59:59+00:00" } },
          { count: 4, groupBy: { releaseDate: null } },
        ],
      },
    });
    expect(
      await ask("{ perSectionAlignmentParametersAggregate { aggregate { count groupBy { inPlaneRotation xOffset } } } }"),
    ).toEqual({
      perSectionAlignmentParametersAggregate: {
        aggregate: [
          {
            count: 1,
            groupBy: {
              inPlaneRotation: [
                [1, 0.5],
                [0, 1],
              ],
              xOffset: null,
            },
          },
          {
            count: 1,
            groupBy: {
              inPlaneRotation: [
                [0.1, 0.2],
                [-0.3, 0.4],
              ],
              xOffset: 1,
            },
          },
        ],
      },
    });
    expect(await ask("{ gainFilesAggregate { aggregate { count groupBy { id } } } }")).toEqual({
      gainFilesAggregate: { aggregate: [] },
    });
  });

  it("group by a column whose name begins as a function does", async () => {
    expect(
      await ask("{ perSectionParametersAggregate { aggregate { count max { maxResolution } groupBy { maxResolution } } } }"),
    ).toEqual({
      perSectionParametersAggregate: { aggregate: [] },
    });
  });

  it("need a function", async () => {
    expect(await refused("{ runsAggregate { aggregate { groupBy { name } } } }")).toEqual(["No aggregate functions selected"]);
    expect(await ask("{ runsAggregate { aggregate { min { __typename } } } }")).toEqual({
      runsAggregate: { aggregate: [{ min: { __typename: "RunMinMaxColumns" } }] },
    });
  });

  it("may be asked for several times in one object and one request", async () => {
    expect(
      await ask(
        "{ a: runsAggregate { x: aggregate { count } y: aggregate { count groupBy { name } } __typename } runs { id } b: runsAggregate { aggregate { max { id } } } }",
      ),
    ).toEqual({
      a: {
        x: [{ count: 3 }],
        y: [
          { count: 2, groupBy: { name: "TS_01" } },
          { count: 1, groupBy: { name: "TS_02" } },
        ],
        __typename: "RunAggregate",
      },
      runs: [{ id: 501 }, { id: 502 }, { id: 503 }],
      b: { aggregate: [{ max: { id: 503 } }] },
    });
  });
});

describe("filters", () => {
  const ids = async (root: string, where: string) => {
    const data = (await ask(`{ ${root}(where: ${where}) { id } }`)) as Record<string, { id: number }[]>;
    return data[root]!.map(({ id }) => id);
  };

  it("by a relation ask that it is there, an empty one too", async () => {
    expect(await ids("runs", "{tomograms: {}}")).toEqual([501, 502]);
    expect(await ids("tomograms", "{alignment: {}}")).toEqual([9001]);
    expect(await ids("runs", "{}")).toEqual([501, 502, 503]);
    expect(await ids("runs", "{id: {}}")).toEqual([501, 502, 503]);
    expect(await ids("runs", "{tomograms: {processing: {_eq: denoised}, sizeX: {_eq: 8}}}")).toEqual([]);
  });

  it("by counts know parents without children", async () => {
    const counted = (count: string) => ids("runs", `{tomogramsAggregate: {count: ${count}}}`);
    expect(await counted("{predicate: {_eq: 0}}")).toEqual([503]);
    expect(await counted("{predicate: {_lt: 3}}")).toEqual([502, 503]);
    expect(await counted("{predicate: {_gt: 1}, filter: {processing: {_eq: raw}}}")).toEqual([501, 502]);
    expect(await counted("{arguments: name, distinct: true, predicate: {_eq: 1}}")).toEqual([501, 502]);
    expect(await counted("{arguments: name, predicate: {_eq: 3}}")).toEqual([501]);
    expect(await counted("{filter: {id: {_eq: 1}}}")).toEqual([501, 502, 503]);
  });

  it("by moments take any zone, a bare day, and none", async () => {
    const at = (moment: string) => ids("tomograms", `{releaseDate: {_eq: "${moment}"}}`);
    for (const moment of [
      "2024-12-31T23:59:59Z",
      "2024-12-31T23:59:59",
      "2025-01-01 01:59:59+02:00",
      "2024-12-31T23:59:59.000000+00:00",
    ]) {
      expect(await at(moment), moment).toEqual([9005]);
    }
    expect(await ids("tomograms", '{releaseDate: {_gte: "2024-12-31"}}')).toEqual([9005]);
    for (const nonsense of ["yesterday", "2024-02-30", "2024-13-01", "2024-01-01T25:00", "", "infinity"]) {
      expect(
        (await refused(`{ runs(where: {dataset: {releaseDate: {_eq: "${nonsense}"}}}) { id } }`)).join(),
        nonsense,
      ).toContain("DateTime cannot represent");
    }
  });

  it("go along four relations, and one less in aggregates", async () => {
    const four = "{run: {dataset: {deposition: {datasets: {id: {_eq: 10001}}}}}}";
    expect(await ids("tomograms", four)).toHaveLength(5);
    const tooDeep = ["Max filter depth exceeded"];
    expect(await refused(`{ tomogramAuthors(where: {tomogram: ${four}}) { id } }`)).toEqual(tooDeep);
    expect(await refused(`{ tomogramsAggregate(where: ${four}) { aggregate { count } } }`)).toEqual(tooDeep);
    expect(
      await ask("{ tomogramsAggregate(where: {run: {dataset: {deposition: {id: {_eq: 10000}}}}}) { aggregate { count } } }"),
    ).toBeTruthy();
    expect(await refused(`{ runs { tomogramsAggregate(where: ${four}) { aggregate { count } } } }`)).toEqual(tooDeep);
    expect(
      await refused(
        "{ tomogramsAggregate { aggregate { count groupBy { run { dataset { deposition { datasets { id } } } } } } } }",
      ),
    ).toEqual(tooDeep);
    expect(
      await ask("{ tomogramsAggregate { aggregate { count groupBy { run { dataset { deposition { id } } } } } } }"),
    ).toBeTruthy();
    const counted = (filter: string) =>
      `{ runs(where: {tomogramsAggregate: {count: {filter: ${filter}, predicate: {_gt: 0}}}}) { id } }`;
    expect(await ask(counted("{run: {dataset: {id: {_eq: 10000}}}}"))).toEqual({ runs: [{ id: 501 }, { id: 502 }] });
    expect(await refused(counted("{run: {dataset: {deposition: {id: {_eq: 10000}}}}}"))).toEqual(tooDeep);
  });

  it("say what is wrong with an expression or a pattern, and take texts as they are", async () => {
    expect(await refused('{ runs(where: {name: {_regex: "("}}) { id } }')).toEqual([
      "invalid regular expression: parentheses () not balanced",
    ]);
    expect(await refused('{ runs(where: {name: {_like: "TS%\\\\"}}) { id } }')).toEqual([
      "LIKE pattern must not end with escape character",
    ]);
    expect(await refused('{ runs(where: {name: {_eq: "\\u0000"}}) { id } }')).toEqual([
      "A text cannot hold the character U+0000.",
    ]);
    expect(await ids("runs", `{name: {_in: ["TS_01'; drop table run; --", "TS_02"]}}`)).toEqual([502]);
  });
});

describe("statements", () => {
  const counted = async (query: string) => {
    portal.statements.length = 0;
    await ask(query);
    return portal.statements.length;
  };

  it("are one, however much is selected, and none for questions about the schema", async () => {
    expect(await counted("{ runs { id } }")).toBe(1);
    expect(
      await counted(`{ depositions { datasets { edges { node { runs { edges { node { tomograms { edges { node { alignment { id } authors { edges { node { name } } } } } }
        frames { edges { node { id } } } tomogramsAggregate { aggregate { count groupBy { processing } } } } } } } } } } datasets { id } runsAggregate { aggregate { count } } }`),
    ).toBe(1);
    expect(await counted('{ __schema { queryType { name } } __type(name: "Run") { fields { name } } __typename }')).toBe(0);
  });

  it("hold values as parameters alone", async () => {
    portal.statements.length = 0;
    await ask(
      `{ runs(where: {name: {_eq: "secret'word"}, tomograms: {name: {_in: ["other\\"word"]}, voxelSpacing: {_gt: 12.75}}}, limitOffset: {limit: 77, offset: 33}) { id } }`,
    );
    const [{ sql, parameters }] = portal.statements as [PortalDatabase["statements"][number]];
    expect(sql).not.toMatch(/word|12\.75|77|33/);
    expect(parameters).toEqual(['{"other\\"word"}', "12.75", "secret'word", "77", "33"]);
  });

  it("select the columns that are asked for and no others", async () => {
    portal.statements.length = 0;
    await ask("{ runs { name } }");
    expect(portal.statements[0]!.sql).not.toContain("https_prefix");
  });
});

describe("whole tables", () => {
  it("have every scalar of every entity, as the official client asks for them", async () => {
    const random = await portalDatabase(randomRows(3, () => 12));
    try {
      for (const entity of ENTITIES) {
        const names = ["id", ...entity.keys.map(({ name }) => name), ...entity.fields.map(({ name }) => name)];
        const { data, errors } = await random.ask(`{ ${entity.root} { ${names.join("\n")} } }`);
        expect(errors).toBeUndefined();
        const { rows } = await random.reader.pool.query(`select * from emporium_portal.${entity.table} order by id`);
        const columns = ["id", ...entity.keys.map(({ column }) => column), ...entity.fields.map(({ column }) => column)];
        const moment = (value: unknown) =>
          String(value).replace(/\.(\d+)\+/, (_, digits: string) => `.${digits.padEnd(6, "0")}+`);
        const expected = rows.map((row: Record<string, unknown>) =>
          Object.fromEntries(
            columns.map((column, at) => [
              names[at],
              column.endsWith("_date") && row[column] !== null ? moment(row[column]) : row[column],
            ]),
          ),
        );
        expect(data![entity.root], entity.name).toEqual(expected);
      }
    } finally {
      await random.stop();
    }
  });
});
