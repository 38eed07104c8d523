import { sql } from "kysely";
import type { Entity, Field } from "../entities.js";
import { COUNTED } from "../portal-counts.js";
import { CASTS, comparisons, type Sql } from "./comparison-sql.js";
import type { Clause, GroupsPlan } from "./row-plan.js";

/**
 * The groups of a whole table, from the counts that the database keeps: arrays as `groupsSql` makes them of the rows themselves. Known is how many rows
 * have each value of some columns, so rows must be counted, not grouped by more than one of these, and filtered by nothing but the same one.
 *
 * @returns undefined where the rows must be looked at.
 */
export function countedSql({ entity, where, functions, by, paths }: GroupsPlan): Sql | undefined {
  if (paths.length > 0 || by.length > 1 || functions.some((one) => one.name !== "count" || one.distinct)) return undefined;
  const [group] = by;
  if (group && group.path.length > 0) return undefined;
  const asked = Object.entries(where ?? {}).filter(([, comparator]) => comparator !== null);
  const names = new Set([...asked.map(([name]) => name), ...(group ? [group.field.name] : [])]);
  if (names.size > 1) return undefined;
  const [name] = names;
  const field = findCounted(entity, name);
  if (!field) return undefined;
  const place = sql.lit(`${entity.table}.${field.column}`);
  const value = sql`kept.value${CASTS[field.type as keyof typeof CASTS]}`;
  const conditions = [
    sql`kept.place = ${place}`,
    ...asked.flatMap(([, comparator]) => comparisons(value, field.type, comparator as Clause)),
  ];
  const from = sql`from emporium.portal_count as kept where ${sql.join(conditions, sql` and `)}`;
  const count = sql`coalesce(sum(kept.rows), 0)::int8`;
  const counts = functions.map(() => count);
  if (!group) return sql`select json_build_array(${sql.join(counts)}) as row ${from} having true`;
  return sql`select json_build_array(${sql.join([...counts, value])}) as row ${from} group by ${value} having sum(kept.rows) > 0 order by ${value}`;
}

/** A column that is counted; any will do where all rows are. */
function findCounted(entity: Entity, name: string | undefined): Field | undefined {
  const columns = COUNTED[entity.name] ?? [];
  return entity.fields.find((field) => columns.includes(field.column) && (name === undefined || field.name === name));
}
