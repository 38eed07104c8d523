import type { Kysely, Migration } from "kysely";
import { runStatements } from "./statements.js";

/**
 * Where a dataset or deposition was imported from, and a digest of what tells it from another one. A number names one dataset: the import of another
 * tree that uses the same number has to see that. Rows of older imports have neither, and are taken as they come.
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
