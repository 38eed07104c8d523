import { sql } from "kysely";
import type { Field } from "../entities.js";
import type { TreePrefixes } from "../import-prefixes.js";
import type { Sql } from "./comparison-sql.js";

/** Replacement of the prefixes of addresses in rows by those of the server that answers. */
export interface Addressing {
  /** Prefixes that addresses in rows may have, from `knownPrefixes`. */
  readonly known: readonly string[];
  /** Prefixes that they get. */
  readonly own: TreePrefixes;
}

/** Whether a column has addresses of files in the tree, unless its documents named others. */
export function isAddress({ column, type }: Pick<Field, "column" | "type">): boolean {
  return type === "text" && /^(?:s3|https)_|^key_photo(?:_thumbnail)?_url$/.test(column);
}

/**
 * A URL in an answer: the prefix that the import wrote is replaced. Filters, orders and groups use the same expression, so they
 * apply to the URLs that the client sees. URLs with an unknown prefix stay unchanged.
 *
 * The texts are literals: `group by` takes two parameters for two expressions, even where they are equal. None comes from a
 * request.
 */
export function addressSql(value: Sql, { known, own }: Addressing): Sql {
  const cases = known.flatMap((prefix) => {
    const other = prefix.startsWith("s3://") ? own.s3 : own.https;
    if (other === prefix) return [];
    return [
      sql`when starts_with(${value}, ${sql.lit(`${prefix}/`)}) then ${sql.lit(other)} || substr(${value}, ${sql.lit([...prefix].length + 1)})`,
    ];
  });
  return cases.length === 0 ? value : sql`case ${sql.join(cases, sql` `)} else ${value} end`;
}
