import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { SPECIFICATIONS } from "../../../test/real-data.js";
import { ENTITIES } from "../entities.js";
import { QUERY_LIMITS } from "./limits.js";
import { prepareRequest } from "./prepare.js";

/** Queries that clients of the portal send: each must become one statement. */
const AUTHOR =
  "authorListOrder orcid kaggleId name email affiliationName affiliationAddress affiliationIdentifier correspondingAuthorStatus primaryAuthorStatus";

const QUERIES: Readonly<Record<string, string>> = {
  "the official client: filters": `{
  runs(where: {dataset: {id: {_eq: 10000}}, name: {_like: "TS_%"}}) {
    id
    datasetId
    name
    s3Prefix
    httpsPrefix
  }
}
`,
  "the official client: an enum": "{ annotationShapes(where: {shapeType: {_eq: OrientedPoint}}) { id annotationId shapeType } }",
  "the official client: two operators": "{ tomogramVoxelSpacings(where: {voxelSpacing: {_gte: 5, _lte: 10}}) { id } }",
  "the official client: a chain":
    "{ tomogramAuthors(where: {tomogram: {tomogramVoxelSpacing: {run: {id: {_in: [1, 2]}}}}}) { id } }",
  "filters: at least one": "{ datasets(where: {runs: {}}) { id } }",
  "filters: counts":
    "{ runs(where: {tomogramsAggregate: {count: {arguments: id, distinct: true, filter: {sizeX: {_gt: 1}}, predicate: {_eq: 0}}}}) { id } }",
  orders: "{ runs(orderBy: [{dataset: {title: asc}}, {name: desc}], limitOffset: {limit: 10, offset: 20}) { id } }",
  aggregates: `{ runsAggregate(where: {dataset: {id: {_eq: 10000}}}) {
    aggregate { count(distinct: true, columns: name) min { id } groupBy { dataset { organismName } } } } }`,
  connections: `{ runs(where: {id: {_eq: 501}}) { id tomograms { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
    tomogramsAggregate { aggregate { count } } } }`,
  "copick: runs": "{ runs(where: {datasetId: {_in: [10000, 10001]}}) { id datasetId name s3Prefix httpsPrefix } }",
  "copick: files": `{ annotationFiles(where: {annotationShape: {annotation: {run: {id: {_in: [${Array.from({ length: 50 }, (_, at) => at)}]}},
    objectId: {_in: ["GO:0022626"]}}, shapeType: {_in: [Point, OrientedPoint, SegmentationMask]}}}) { id s3Path format } }`,
  "copick: spacings": "{ tomogramVoxelSpacings(where: {run: {id: {_eq: 5}}, voxelSpacing: {_eq: 13.48}}) { id } }",
  "copick: annotations of a dataset": "{ annotations(where: {run: {dataset: {id: {_eq: 10301}}}}) { id objectName } }",
  "a page of datasets": `query Datasets($limit: Int, $offset: Int, $filter: DatasetWhereClause) {
    datasets(limitOffset: {limit: $limit, offset: $offset}, orderBy: [{releaseDate: desc}], where: $filter) { id title organismName keyPhotoThumbnailUrl
      relatedDatabaseEntries authors(orderBy: {authorListOrder: asc}) { edges { node { name primaryAuthorStatus correspondingAuthorStatus } } }
      runsAggregate { aggregate { count } }
      distinctObjectNames: runsAggregate { aggregate { count groupBy { annotations { objectName } } } }
      distinctShapeTypes: runsAggregate { aggregate { count groupBy { annotations { annotationShapes { shapeType } } } } } }
    totalDatasetsCount: datasetsAggregate { aggregate { count } }
    filteredDatasetsCount: datasetsAggregate(where: $filter) { aggregate { count } }
    distinctOrganismNames: datasetsAggregate { aggregate { count groupBy { organismName } } } }`,
};

describe("published queries", () => {
  it.each(Object.entries(QUERIES))("%s", (_name, query) => {
    const variables = { limit: 25, offset: 50, filter: { runs: { tomograms: { voxelSpacing: { _gt: 5 } } } } };
    const { statement, errors } = prepareRequest({ query, variables: query.includes("$") ? variables : undefined }, QUERY_LIMITS);
    expect(errors).toEqual([]);
    expect(statement!.sql.match(/\bfrom\b/g)!.length).toBeGreaterThan(0);
  });
});

const specFile = new URL("graphql.md", SPECIFICATIONS);
const isThere = existsSync(specFile);

/** Rows of the table that says what each class asks for: `| Run (5) | \`runs\` | id datasetId … |`. */
const selections = isThere
  ? [...readFileSync(specFile, "utf8").matchAll(/^\| (\w+) \((\d+)\) \| `(\w+)` \| ([\w ]+) \|$/gm)].map(
      ([, name = "", count, root = "", fields = ""]) => ({
        name,
        count: Number(count),
        root,
        fields: fields.replace("AUTHOR", AUTHOR).split(" "),
      }),
    )
  : [];

describe.skipIf(!isThere)("what the official client selects", () => {
  it("is one query for each class", () => {
    expect(selections.map(({ name }) => name).sort()).toEqual(ENTITIES.map(({ pythonClass }) => pythonClass).sort());
  });

  it.each(selections)("$name", ({ root, count, fields }) => {
    expect(fields).toHaveLength(count);
    const { statement, errors } = prepareRequest(
      { query: `{\n  ${root} {\n    ${fields.join("\n    ")}\n  }\n}\n` },
      QUERY_LIMITS,
    );
    expect(errors).toEqual([]);
    const entity = ENTITIES.find((candidate) => candidate.root === root)!;
    const columns = [...entity.fields, ...entity.keys].filter(({ name }) => fields.includes(name)).map(({ column }) => column);
    for (const column of columns) expect(statement!.sql).toContain(`"${column}"`);
    expect(columns).toHaveLength(fields.length - 1);
  });
});
