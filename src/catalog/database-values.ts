import pg from "pg";

const { builtins } = pg.types;

/**
 * Parsers of values from the database. Times are text in the form of the portal's API, since a JavaScript `Date` has milliseconds
 * and PostgreSQL microseconds; sessions run in UTC. A `timestamp` without zone is the local time that somebody wrote down, and
 * stays so.
 */
const PARSERS = new Map<number, (text: string) => unknown>([
  [builtins.TIMESTAMPTZ, (text) => text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00")],
  [builtins.TIMESTAMP, (text) => text.replace(" ", "T")],
  [builtins.DATE, (text) => text],
  // counts and ids: exact up to 2⁵³, which no table of this program reaches
  [builtins.INT8, Number],
]);

export const valueParsers: pg.CustomTypesConfig = {
  getTypeParser: (id: number, format?: "text" | "binary") =>
    (format === "binary" ? undefined : PARSERS.get(id)) ?? pg.types.getTypeParser(id, format as "text"),
};
