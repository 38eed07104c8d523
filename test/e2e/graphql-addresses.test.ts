import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../src/catalog/database.js";
import type { EntityName } from "../../src/catalog/entities.js";
import { knownPrefixes, type TreePrefixes } from "../../src/catalog/import-prefixes.js";
import { migrate } from "../../src/catalog/migrate.js";
import { systemClock } from "../../src/core/clock.js";
import { silentLog } from "../../src/core/log.js";
import { giveCluster } from "./cluster-template.js";
import { asked, type PortalDatabase, portalDatabase, type TableRow } from "./graphql-kit.js";

/** Rows of two imports, whose prefixes begin alike, and of none, answered by servers at several addresses. */
const OLD = { s3: "s3://old", https: "http://127.0.0.1:18080/files" };
const DEEP = { s3: "s3://old/tree", https: "http://127.0.0.1:18080/files/tree" };
const ELSEWHERE = { s3: "s3://public", https: "https://files.example.org" };
const A = { s3: "s3://portal", https: "http://127.0.0.1:41001/files" };
const B = { s3: "s3://it's", https: "https://lab.example.org/em/files" };

const date = "2024-01-01T00:00:00+00:00";
const deposition = { id: 300, title: "", description: "", deposition_date: date, release_date: date, last_modified_date: date };
const dataset = ({ s3, https }: TreePrefixes, id: number): TableRow => ({
  ...deposition,
  id,
  deposition_id: 300,
  s3_prefix: `${s3}/${id}/`,
  https_prefix: `${https}/${id}/`,
  key_photo_url: `${https}/${id}/Images/snapshot.png`,
});
const run = ({ s3, https }: TreePrefixes, id: number, dataset_id: number): TableRow => ({
  id,
  dataset_id,
  name: `ü ${id}`,
  s3_prefix: `${s3}/${dataset_id}/ü ${id}/`,
  https_prefix: `${https}/${dataset_id}/ü ${id}/`,
});
const rows = new Map<EntityName, TableRow[]>([
  ["Deposition", [deposition]],
  ["Dataset", [dataset(OLD, 10001), dataset(DEEP, 10002), dataset(ELSEWHERE, 10003)]],
  ["Run", [run(OLD, 1, 10001), run(OLD, 2, 10001), run(DEEP, 3, 10002), run(ELSEWHERE, 4, 10003)]],
]);

describe("seam 21: addresses are those of the server that answers", () => {
  let portal: PortalDatabase;
  beforeAll(async () => {
    portal = await portalDatabase(rows);
    const owner = await portal.open({ role: "owner" });
    for (const { s3, https } of [OLD, DEEP]) {
      await owner.pool.query("insert into emporium.import_prefix (s3, https) values ($1, $2)", [s3, https]);
    }
    await owner.close();
  });
  afterAll(() => portal?.stop());

  const ask = async (own: TreePrefixes, query: string) => {
    const { text } = await portal.api().answer({ query }, own);
    return (JSON.parse(text) as { data: unknown }).data;
  };

  it.each([A, B])("$https: in lists, in lists below rows, at the end of keys", async ({ s3, https }) => {
    const query = `{ datasets(orderBy: {id: asc}) { httpsPrefix s3Prefix keyPhotoUrl runs(orderBy: {id: asc}) { edges { node { s3Prefix httpsPrefix
      dataset { keyPhotoUrl } } } } } }`;
    const nodes = (at: TreePrefixes, id: number, runs: number[]) => ({
      edges: runs.map((name) => ({
        node: {
          s3Prefix: `${at.s3}/${id}/ü ${name}/`,
          httpsPrefix: `${at.https}/${id}/ü ${name}/`,
          dataset: { keyPhotoUrl: `${at.https}/${id}/Images/snapshot.png` },
        },
      })),
    });
    const wanted = (at: TreePrefixes, id: number, runs: number[]) => ({
      httpsPrefix: `${at.https}/${id}/`,
      s3Prefix: `${at.s3}/${id}/`,
      keyPhotoUrl: `${at.https}/${id}/Images/snapshot.png`,
      runs: nodes(at, id, runs),
    });
    const own = { s3, https };
    // what no import has noted stays what it is
    expect(await ask(own, query)).toEqual({
      datasets: [wanted(own, 10001, [1, 2]), wanted(own, 10002, [3]), wanted(ELSEWHERE, 10003, [4])],
    });
  });

  it("filters, orders, groups and counts mean what is answered", async () => {
    const ids = async (where: string) =>
      ((await ask(B, `{ runs(where: ${where}, orderBy: {id: asc}) { id } }`)) as { runs: { id: number }[] }).runs.map(
        ({ id }) => id,
      );
    expect(await ids('{httpsPrefix: {_like: "https://lab.example.org/em/files/%"}}')).toEqual([1, 2, 3]);
    expect(await ids('{httpsPrefix: {_eq: "https://lab.example.org/em/files/10002/ü 3/"}}')).toEqual([3]);
    expect(await ids(`{s3Prefix: {_in: ["s3://it's/10001/ü 1/", "s3://public/10003/ü 4/"]}}`)).toEqual([1, 4]);
    expect(await ids('{httpsPrefix: {_like: "%18080%"}}')).toEqual([]);
    expect(await ids('{dataset: {keyPhotoUrl: {_regex: "^https://lab"}}}')).toEqual([1, 2, 3]);
    expect(await ask(B, "{ runs(orderBy: {httpsPrefix: asc}) { id } }")).toEqual({
      runs: [4, 1, 2, 3].map((id) => ({ id })), // https://files… before https://lab…
    });
    const groups = `{ runsAggregate { aggregate { count(columns: s3Prefix, distinct: true) min { httpsPrefix } groupBy { dataset { s3Prefix } } } } }`;
    const counted = (await ask(B, groups)) as { runsAggregate: { aggregate: { count: number; groupBy: object }[] } };
    expect(counted.runsAggregate.aggregate).toEqual([
      { count: 2, min: { httpsPrefix: `${B.https}/10001/ü 1/` }, groupBy: { dataset: { s3Prefix: "s3://it's/10001/" } } },
      { count: 1, min: { httpsPrefix: `${B.https}/10002/ü 3/` }, groupBy: { dataset: { s3Prefix: "s3://it's/10002/" } } },
      {
        count: 1,
        min: { httpsPrefix: `${ELSEWHERE.https}/10003/ü 4/` },
        groupBy: { dataset: { s3Prefix: "s3://public/10003/" } },
      },
    ]);
  });

  it("stay as the import wrote them for whoever says of no server", async () => {
    const { data } = await asked(portal.api(), { query: "{ runs(where: {id: {_eq: 1}}) { httpsPrefix } }" });
    expect(data).toEqual({ runs: [{ httpsPrefix: `${OLD.https}/10001/ü 1/` }] });
  });
});

it("seam 21: rows of imports by older versions are known by their folders", async () => {
  const workspace = mkdtempSync(join(tmpdir(), "emporium-prefixes-"));
  await giveCluster(workspace);
  const database = await openDatabase({ workspace, purpose: "test", clock: systemClock, log: silentLog, role: "owner" });
  try {
    await migrate(database, { to: "0006-frame-values" });
    const insert = async (table: string, row: object) => {
      const name = `emporium_portal.${table}`;
      await database.pool.query(`insert into ${name} select * from json_populate_record(null::${name}, $1)`, [
        JSON.stringify(row),
      ]);
    };
    await insert("deposition", { ...deposition, key_photo_url: `${DEEP.https}/depositions_metadata/300/Images/a.png` });
    for (const one of rows.get("Dataset")!) await insert("dataset", one);
    for (const one of rows.get("Run")!) await insert("run", one);
    // one dataset came by an import whose runs were of another one; one came from elsewhere
    const note = "insert into emporium.imported_";
    await database.pool.query(`${note}deposition values (300, 'x', '{}')`);
    await database.pool.query(`${note}dataset values (10001, 'x', '{}')`);
    await database.pool.query(`${note}run values (3, '10002/ü 3', 'x', '{}')`);
    await migrate(database);
    expect(await knownPrefixes(database.pool)).toEqual([DEEP.https, OLD.https, DEEP.s3, OLD.s3]);
  } finally {
    await database.close();
    rmSync(workspace, { recursive: true, force: true });
  }
});
