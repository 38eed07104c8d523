import type { Kysely, Migration } from "kysely";
import { runStatements } from "./statements.js";

/**
 * Columns for the folder from which a dataset or deposition was imported, and a digest that distinguishes it from others. A
 * number names one dataset: an import from another tree that uses the same number has to be noticed. Rows of older imports have
 * neither, and accept any tree.
 */
export const importTrees: Migration = {
  up: (db: Kysely<unknown>) => runStatements(db, ROOTS.flatMap(up)),
  down: (db: Kysely<unknown>) =>
    runStatements(
      db,
      ROOTS.map((root) => `alter table emporium.imported_${root} drop column folders, drop column identity`),
    ),
};

const ROOTS = ["dataset", "deposition"];

const up = (root: string) => [
  `alter table emporium.imported_${root} add column folders text[] not null default '{}', add column identity text`,
  `comment on column emporium.imported_${root}.folders is 'Its folder in each tree that it was imported from, the last one last.'`,
  `comment on column emporium.imported_${root}.identity is 'SHA-256 of what tells it from another one of the same number.'`,
];
