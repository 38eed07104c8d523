import { type RawBuilder, sql } from "kysely";
import { printJsonLine } from "../../../core/json.js";
import type { DistinctSubject, Where, WhereColumn, WhereCondition } from "../where.js";

/** The columns of a filter. Aliases: `d` data set, `p` parent, `f` file, `g` the frames' common facts. */
const COLUMNS: Readonly<Record<WhereColumn, { of: "text" | "number"; ref: string }>> = {
  microscope: { of: "text", ref: "d.microscope" },
  description: { of: "text", ref: "d.description" },
  parent: { of: "text", ref: "p.dataset_serial" },
  nbr_frames: { of: "number", ref: "g.nbr_frames" },
  nbr_channels: { of: "number", ref: "g.nbr_channels" },
  nbr_slices: { of: "number", ref: "g.nbr_slices" },
  nbr_timepoints: { of: "number", ref: "g.nbr_timepoints" },
  nbr_positions: { of: "number", ref: "g.nbr_positions" },
  im_width: { of: "number", ref: "g.im_width" },
  im_height: { of: "number", ref: "g.im_height" },
  im_colors: { of: "number", ref: "g.im_colors" },
  bit_depth: { of: "text", ref: "g.bit_depth" },
  file_name: { of: "text", ref: "f.file_name" },
  sha256: { of: "text", ref: "f.sha256" },
};

const FALSE = sql<boolean>`false`;
/** The only texts that become part of a statement. All user input is a parameter. */
const ORDER = { "<": sql`<`, "<=": sql`<=`, ">": sql`>`, ">=": sql`>=` } as const;

/** A filter's conditions as SQL, with the meaning of `fulfils`. Comparisons with `=` can use the indexes on metadata. */
export function whereSql({ all }: Where): RawBuilder<boolean>[] {
  const of = (kind: WhereCondition["subject"]["of"]) => all.filter(({ subject }) => subject.of === kind);
  return [...of("column").map((condition) => conditionSql(condition)), ...metadataSql(of("metadata")), ...frameSql(of("frame"))];
}

/** A data set has a file or frames, each with metadata of its own. */
function metadataSql(conditions: readonly WhereCondition[]): RawBuilder<boolean>[] {
  if (conditions.length === 0) return [];
  const from = (table: "frames_global" | "file_global") =>
    sql`select r.dataset_id from ${sql.table(`emporium_microscopy.${table}`)} r where ${conjunction(conditions)}`;
  return [sql<boolean>`d.id in (${from("frames_global")} union all ${from("file_global")})`];
}

/**
 * Some frame of the data set fulfils all conditions. `emporium.frame_value` lists values by data set, so frames are read only if
 * it lists none, or if one frame must fulfil several conditions. `offset 0` stops the planner from reading frames before the data
 * sets are known.
 */
function frameSql(conditions: readonly WhereCondition[]): RawBuilder<boolean>[] {
  if (conditions.length === 0) return [];
  const frames = sql`select r.frames_global_id from emporium_microscopy.frames r where ${conjunction(conditions)}`;
  const looked = (of: string) => sql<boolean>`exists (${frames} and r.frames_global_id = ${sql.ref(of)} offset 0)`;
  // a digit may be an index of a list, whose items are not in the table
  const [first, ...others] = conditions.filter((condition) => !hasDigits(condition));
  if (!first) return [sql<boolean>`g.id in (${frames})`];
  if (conditions.length === 1) return [sql<boolean>`g.id in (${listedSql(first)} and ${looked("v.frames_global_id")})`];
  const candidates = [first, ...others].map((condition) => sql`(${listedSql(condition)})`);
  return [
    sql<boolean>`g.id in (select c.frames_global_id from (${sql.join(candidates, sql` intersect `)} offset 0) as c where ${looked("c.frames_global_id")})`,
  ];
}

/** Data sets with a listed value that fulfils a condition; then those without listed values, where a condition can be appended. */
function listedSql(condition: WhereCondition): RawBuilder<unknown> {
  const { path } = condition.subject as { path: readonly string[] };
  const lines = sql`select v.frames_global_id from emporium.frame_value v where v.path = md5(${[...path]}::text[]::text)::uuid`;
  const { operator, value } = condition;
  // the index orders numbers by value, but texts in another order than the database's language
  const range =
    typeof value === "number" && operator in ORDER
      ? sql`and v.value ${ORDER[operator as keyof typeof ORDER]} ${printJsonLine(value)}::jsonb`
      : sql``;
  return sql`${lines} and v.value is not null ${range} and ${valueSql(sql`v.value`, condition)} union all ${lines} and v.value is null`;
}

/**
 * SQL for the distinct values of a subject: rows `v` with a JSON `value`, for the data set `d` with its file `f` and frames'
 * facts `g`.
 */
export function distinctSql(subject: DistinctSubject): RawBuilder<unknown> {
  switch (subject.of) {
    case "project":
      return sql`(select to_jsonb(split_part(d.dataset_serial, '-', 1)) as value)`;
    case "channel":
      return sql`(select to_jsonb(r.channel_name) as value from emporium_microscopy.frames r where r.frames_global_id = g.id)`;
    case "column":
      return sql`(select to_jsonb(${sql.ref(COLUMNS[subject.column].ref)}) as value)`;
    case "metadata":
      return sql`(select coalesce(g.metadata_json, f.metadata_json) #> ${[...subject.path]}::text[] as value)`;
    case "frame":
      return sql`(select r.metadata_json #> ${[...subject.path]}::text[] as value from emporium_microscopy.frames r where r.frames_global_id = g.id)`;
  }
}

function conjunction(conditions: readonly WhereCondition[]): RawBuilder<unknown> {
  return sql.join(
    conditions.map((condition) => conditionSql(condition)),
    sql` and `,
  );
}

function hasDigits({ subject }: WhereCondition): boolean {
  return subject.of !== "column" && subject.path.some((key) => /^\d+$/.test(key));
}

/** SQL for a condition on a column, or on the metadata of a row `r`. */
function conditionSql(condition: WhereCondition): RawBuilder<boolean> {
  const { subject } = condition;
  return subject.of === "column"
    ? columnSql(COLUMNS[subject.column], condition)
    : jsonSql(sql`r.metadata_json`, subject.path, condition);
}

function columnSql(
  { of, ref }: { of: "text" | "number"; ref: string },
  { operator, value }: WhereCondition,
): RawBuilder<boolean> {
  const column = sql.ref(ref);
  if (operator === "exists") return sql<boolean>`${column} is not null`;
  const fits = typeof value === (of === "number" ? "number" : "string");
  if (operator === "!=") return fits ? sql<boolean>`${column} <> ${typed(of, value)}` : sql<boolean>`${column} is not null`;
  if (operator === "contains") return of === "text" ? sql<boolean>`position(${String(value)}::text in ${column}) > 0` : FALSE;
  if (!fits) return FALSE;
  if (operator === "=") return sql<boolean>`${column} = ${typed(of, value)}`;
  return of === "number"
    ? sql<boolean>`${column} ${ORDER[operator]} ${typed(of, value)}`
    : sql<boolean>`${column} collate "C" ${ORDER[operator]} ${typed(of, value)}`;
}

/** Parameter with the type of the column. Counts may be compared with numbers that are not integers. */
function typed(of: "text" | "number", value: WhereCondition["value"]): RawBuilder<unknown> {
  return of === "number" ? sql`${value}::float8` : sql`${value}::text`;
}

function jsonSql(document: RawBuilder<unknown>, path: readonly string[], condition: WhereCondition): RawBuilder<boolean> {
  // the index contains paths of objects, and a plain value is contained only under exactly its path
  if (condition.operator !== "=" || hasDigits(condition)) return valueSql(sql`(${document} #> ${[...path]}::text[])`, condition);
  const nested = path.reduceRight<string>((inner, key) => `{${printJsonLine(key)}: ${inner}}`, printJsonLine(condition.value));
  return sql<boolean>`${document} @> ${nested}::jsonb`;
}

/** Whether a document's value, perhaps null, fulfils a condition. */
function valueSql(found: RawBuilder<unknown>, { operator, value }: WhereCondition): RawBuilder<boolean> {
  const json = sql`${printJsonLine(value)}::jsonb`;
  switch (operator) {
    case "exists":
      return sql<boolean>`${found} is not null`;
    case "=":
      return sql<boolean>`${found} = ${json}`;
    case "!=":
      return sql<boolean>`${found} <> ${json}`;
    case "contains":
      return sql<boolean>`case jsonb_typeof(${found})
        when 'string' then position(${String(value)}::text in ${found} #>> '{}') > 0
        when 'array' then ${found} @> ${json}
        else false end`;
    default:
      if (typeof value === "number") {
        return sql<boolean>`case when jsonb_typeof(${found}) = 'number' then ${found}::numeric ${ORDER[operator]} ${value}::numeric else false end`;
      }
      if (typeof value !== "string") return FALSE;
      return sql<boolean>`case when jsonb_typeof(${found}) = 'string' then (${found} #>> '{}') collate "C" ${ORDER[operator]} ${value}::text else false end`;
  }
}
