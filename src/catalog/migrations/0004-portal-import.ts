import type { Kysely, Migration } from "kysely";
import { runStatements } from "./statements.js";

/**
 * Tables of what the last import of a standardised tree saw: a run whose documents and listing still have the same fingerprint
 * costs no statement. An entry is deleted together with its row, so rows that were deleted by hand are imported again.
 */
export const portalImport: Migration = {
  up: (db: Kysely<unknown>) => runStatements(db, UP),
  down: (db: Kysely<unknown>) =>
    runStatements(db, ["drop table emporium.imported_run, emporium.imported_dataset, emporium.imported_deposition"]),
};

const UP = [
  ...["deposition", "dataset"].map(
    (table) => `create table emporium.imported_${table} (
    ${table}_id integer primary key references emporium_portal.${table} (id) on delete cascade,
    fingerprint text not null,
    row_counts jsonb not null
  )`,
  ),
  `create table emporium.imported_run (
    run_id integer primary key references emporium_portal.run (id) on delete cascade,
    folder text not null,
    fingerprint text not null,
    row_counts jsonb not null
  )`,
  "comment on table emporium.imported_deposition is 'Depositions as the last import of a tree saw them.'",
  "comment on table emporium.imported_dataset is 'Datasets as the last import of a tree saw them.'",
  "comment on table emporium.imported_run is 'Runs as the last import of a tree saw them.'",
];
