import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENTITIES } from "../../src/catalog/entities.js";
import { COUNTED, SHORT_TEXT_BYTES } from "../../src/catalog/portal-counts.js";
import { asked, type PortalDatabase, portalDatabase, randomRows, seeded } from "./graphql-kit.js";

/** What is kept of a million rows must be what counting them would give, whatever was done to them. */
const PLACES = ENTITIES.flatMap((entity) => (COUNTED[entity.name] ?? []).map((column) => ({ entity, column })));

let portal: PortalDatabase;
let owner: Awaited<ReturnType<PortalDatabase["open"]>>;
beforeAll(async () => {
  portal = await portalDatabase(randomRows(11, (name) => (name === "Annotation" || name === "AnnotationShape" ? 200 : 30)));
  owner = await portal.open({ role: "owner" });
}, 60_000);
afterAll(async () => {
  await owner?.close();
  await portal?.stop();
});

const change = (text: string, values: unknown[] = []) => owner.pool.query(text, values);

async function expectCounts(after: string): Promise<void> {
  for (const { entity, column } of PLACES) {
    const { rows: kept } = await change(
      "select value, sum(rows)::int as rows from emporium.portal_count where place = $1 group by value having sum(rows) <> 0 order by value",
      [`${entity.table}.${column}`],
    );
    const { rows: counted } = await change(
      `select ${column}::text as value, count(*)::int as rows from emporium_portal.${entity.table} group by 1 order by 1`,
    );
    expect(kept, `${entity.table}.${column} after ${after}`).toEqual(counted);
  }
}

/** The counted groups of a column, and the same from the rows: a filter on their numbers cannot be answered from what is kept. */
async function expectAnswers(): Promise<void> {
  const text = PLACES.map(({ entity, column }, at) => {
    const name = entity.fields.find((field) => field.column === column)!.name;
    const ask = (where: string) => `${entity.aggregate}${where} { aggregate { count groupBy { ${name} } } }`;
    return [`kept${at}: ${ask("")}`, `counted${at}: ${ask("(where: {id: {_gt: 0}})")}`];
  });
  for (const pair of text) {
    const { data, errors } = await portal.ask(`{ ${pair.join(" ")} }`);
    expect(errors).toBeUndefined();
    const [kept, counted] = Object.values(data!);
    expect(kept, pair[0]).toEqual(counted);
  }
}

describe("counts that the database keeps", () => {
  it("are right at first, and so are the answers made of them", async () => {
    await expectCounts("the first rows");
    await expectAnswers();
    expect(portal.statements.some(({ sql }) => sql.includes("emporium.portal_count"))).toBe(true);
  });

  it("follow every change: updates, cascades, what is rolled back, many at once", async () => {
    const random = seeded(5);
    const some = () => 100 + Math.floor(random() * 200);
    await change("update emporium_portal.annotation set object_name = 'other', ground_truth_status = null where id % 3 = 0");
    await expectCounts("an update");
    await change("update emporium_portal.annotation set object_count = 1");
    await change("delete from emporium_portal.annotation where id = any($1::int[])", [[some(), some(), some()]]);
    await change("delete from emporium_portal.run where id in (select id from emporium_portal.run order by id limit 3)");
    await expectCounts("deletes with what belongs to them");
    const session = await owner.pool.connect();
    await session.query("begin");
    await session.query("delete from emporium_portal.annotation");
    await session.query("select emporium.compact_portal_counts()");
    await session.query("rollback");
    session.release();
    await expectCounts("a transaction that came to nothing");
    const insert = `insert into emporium_portal.annotation (s3_metadata_path, https_metadata_path, annotation_method, annotation_ingest_id, object_id,
      object_name, method_type, deposition_date, release_date, last_modified_date) select '', '', '', '', 'x', $1, 'manual', now(), now(), now()
      from generate_series(1, 5)`;
    const together = Array.from({ length: 8 }, (_, at) => [
      change(insert, [`together ${at % 3}`]),
      change("select emporium.compact_portal_counts()"),
    ]);
    await Promise.all(together.flat());
    await expectCounts("many at once");
    await change("select emporium.compact_portal_counts()");
    await expectCounts("the last summing up");
    const { rows } = await change("select place, value from emporium.portal_count group by 1, 2 having count(*) > 1");
    expect(rows).toEqual([]);
    await expectAnswers();
    await change("truncate emporium_portal.annotation_file");
    await expectCounts("a table that was emptied");
  });

  it.each([
    '{objectName: {_ilike: "%e%"}}',
    '{objectName: {_eq: "ribosome"}}',
    "{objectName: {_is_null: false}}",
    "{methodType: {_in: [manual]}}",
  ])("answer where only the same column is asked for: %s", async (where) => {
    const column = /\w+/.exec(where)![0];
    const rows = `annotations(where: ${where}) { value: ${column} }`;
    const { data } = await portal.ask(
      `{ counts: annotationsAggregate(where: ${where}) { aggregate { count groupBy { ${column} } } } ${rows} }`,
    );
    const found = (data as unknown as { annotations: { value: string }[] }).annotations.map(({ value }) => value);
    const groups = (data as unknown as { counts: { aggregate: { count: number; groupBy: Record<string, string> }[] } }).counts
      .aggregate;
    const expected = new Map<string, number>();
    for (const value of found) expected.set(value, (expected.get(value) ?? 0) + 1);
    expect(new Map(groups.map(({ count, groupBy }) => [groupBy[column]!, count]))).toEqual(expected);
  });
});

describe("names that are too long for an index", () => {
  const long = (length: number) => `${"ribosome of many words ".repeat(400)}${"x".repeat(length)}`;

  it("are stored, found by every operator and counted", async () => {
    const texts = [long(0), long(1), "y".repeat(SHORT_TEXT_BYTES), "é".repeat(SHORT_TEXT_BYTES / 2 + 1)];
    const draw = seeded(3);
    const random = Array.from({ length: 6_000 }, () => String.fromCharCode(33 + Math.floor(draw() * 90))).join("");
    await change("update emporium_portal.annotation set object_name = 'short'");
    for (const [at, text] of [...texts, random].entries()) {
      await change(
        "update emporium_portal.annotation set object_name = $1 where id = (select id from emporium_portal.annotation order by id offset $2 limit 1)",
        [text, at],
      );
    }
    const api = portal.api();
    const found = async (comparator: object): Promise<string[]> => {
      const { data } = await asked(api, {
        query: "query ($where: AnnotationWhereClause) { annotations(where: $where) { objectName } }",
        variables: { where: { objectName: comparator } },
      });
      return (data as unknown as { annotations: { objectName: string }[] }).annotations.map(({ objectName }) => objectName);
    };
    for (const text of [...texts, random]) expect(await found({ _eq: text })).toEqual([text]);
    expect(await found({ _in: [texts[1], texts[2], "nothing"] })).toEqual([texts[1], texts[2]]);
    expect(await found({ _like: "ribosome of%" })).toEqual([texts[0], texts[1]]);
    expect(await found({ _ilike: "RIBOSOME of%x" })).toEqual([texts[1]]);
    expect(await found({ _regex: "^y+$" })).toEqual([texts[2]]);
    expect(await found({ _iregex: "^nothing" })).toEqual([]);
    await expectAnswers();
  });
});
