import { sql } from "kysely";
import type { Entity, Field } from "../entities.js";
import { COUNTED, SHORT_TEXT_BYTES, SHORT_TEXTS } from "../portal-counts.js";
import { comparisons, type Sql } from "./comparison-sql.js";
import type { Clause } from "./row-plan.js";

/** Operators that say which texts are meant, and those that describe them. */
const NAMING = ["_eq", "_in"];
const DESCRIBING = ["_like", "_ilike", "_regex", "_iregex"];

/**
 * Conditions on a text whose index holds the short values, said so that the index can be used; equal in meaning to `comparisons`. Texts that are described are
 * first looked for among the different values, which are few and counted.
 *
 * @returns undefined where there is no such index, or it is of no use.
 */
export function indexedText(entity: Entity, { column, type }: Field, value: Sql, comparator: Clause | null): Sql[] | undefined {
  if (!SHORT_TEXTS[entity.name]?.includes(column)) return undefined;
  const operators = Object.keys(comparator ?? {});
  const plain = comparisons(value, type, comparator);
  const length = sql`octet_length(${value})`;
  if (NAMING.some((operator) => isShort(comparator?.[operator]))) return [...plain, sql`${length} <= ${LIMIT}`];
  if (operators.length !== 1 || !DESCRIBING.includes(operators[0]!) || !COUNTED[entity.name]?.includes(column)) return undefined;
  if (comparator![operators[0]!] === null) return undefined;
  const kept = sql`from emporium.portal_count as kept where kept.place = ${sql.lit(`${entity.table}.${column}`)}
    and ${sql.join(comparisons(sql`kept.value`, type, comparator))}`;
  const described = sql`${value} = any(array(select distinct kept.value ${kept}))`;
  return [
    sql`exists (select 1 ${kept})`,
    sql`((${described} and ${length} <= ${LIMIT}) or (${length} > ${LIMIT} and ${sql.join(plain)}))`,
  ];
}

const LIMIT = sql.lit(SHORT_TEXT_BYTES);

/** All of what is asked for is in the index. */
function isShort(operand: unknown): boolean {
  if (typeof operand === "string") return Buffer.byteLength(operand) <= SHORT_TEXT_BYTES;
  return Array.isArray(operand) && operand.every(isShort);
}
