import { type RawBuilder, sql } from "kysely";
import { printJsonLine } from "../../../core/json.js";
import type { Where, WhereColumn, WhereCondition } from "../where.js";

/** Where the columns of a filter are, with the aliases of the query: `d` data set, `p` parent, `f` file, `g` what frames share. */
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
/** The only texts that become part of a statement; everything a person wrote is a parameter. */
const ORDER = { "<": sql`<`, "<=": sql`<=`, ">": sql`>`, ">=": sql`>=` } as const;

/** Conditions of a filter as SQL, equal in meaning to `fulfils`. Comparisons with `=` can use the indices on metadata. */
export function whereSql({ all }: Where): RawBuilder<boolean>[] {
  const ofFrames = all.filter(({ subject }) => subject.of === "frame");
  const conditions = all.filter(({ subject }) => subject.of !== "frame").map((condition) => conditionSql(condition));
  if (ofFrames.length > 0) {
    const inner = sql.join(
      ofFrames.map((condition) => conditionSql(condition)),
      sql` and `,
    );
    conditions.push(sql<boolean>`g.id in (select r.frames_global_id from emporium_microscopy.frames r where ${inner})`);
  }
  return conditions;
}

function conditionSql(condition: WhereCondition): RawBuilder<boolean> {
  const { subject } = condition;
  if (subject.of === "column") return columnSql(COLUMNS[subject.column], condition);
  if (subject.of === "frame") return jsonSql(sql`r.metadata_json`, subject.path, condition);
  // a data set has either: the other one is null, and so is its comparison
  return sql<boolean>`(${jsonSql(sql`g.metadata_json`, subject.path, condition)} or ${jsonSql(sql`f.metadata_json`, subject.path, condition)})`;
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

/** Counts may be compared with numbers that no integer is. */
function typed(of: "text" | "number", value: WhereCondition["value"]): RawBuilder<unknown> {
  return of === "number" ? sql`${value}::float8` : sql`${value}::text`;
}

function jsonSql(
  document: RawBuilder<unknown>,
  path: readonly string[],
  { operator, value }: WhereCondition,
): RawBuilder<boolean> {
  const found = sql`(${document} #> ${[...path]}::text[])`;
  const json = sql`${printJsonLine(value)}::jsonb`;
  switch (operator) {
    case "exists":
      return sql<boolean>`${found} is not null`;
    case "=": {
      const exact = sql<boolean>`${found} = ${json}`;
      // an index holds paths of objects; a digit may be a place in a list as well
      if (path.some((key) => /^\d+$/.test(key))) return exact;
      const nested = path.reduceRight<string>((inner, key) => `{${printJsonLine(key)}: ${inner}}`, printJsonLine(value));
      return sql<boolean>`(${document} @> ${nested}::jsonb and ${exact})`;
    }
    case "!=":
      return sql<boolean>`${found} <> ${json}`;
    case "contains":
      return sql<boolean>`case jsonb_typeof${found}
        when 'string' then position(${String(value)}::text in ${found} #>> '{}') > 0
        when 'array' then ${found} @> ${json}
        else false end`;
    default:
      if (typeof value === "number") {
        return sql<boolean>`case when jsonb_typeof${found} = 'number' then ${found}::numeric ${ORDER[operator]} ${value}::numeric else false end`;
      }
      if (typeof value !== "string") return FALSE;
      return sql<boolean>`case when jsonb_typeof${found} = 'string' then (${found} #>> '{}') collate "C" ${ORDER[operator]} ${value}::text else false end`;
  }
}
