import type { Kysely, Migration } from "kysely";
import { runStatements } from "./statements.js";

/**
 * Table of the prefixes of addresses in rows: every import records its own before it writes one. A server replaces them by its
 * own address, so rows are valid for any port and host. For rows of older imports the prefix is the part before the folders of
 * their datasets and runs.
 */
export const importPrefixes: Migration = {
  up: (db: Kysely<unknown>) => runStatements(db, UP),
  down: (db: Kysely<unknown>) => runStatements(db, ["drop table emporium.import_prefix"]),
};

/** SQL for an address without the last folders of its path. */
const above = (column: string, folders: string) => `regexp_replace(${column}, '(/[^/]+){${folders}}/?$', '')`;

const UP = [
  `create table emporium.import_prefix (
    s3 text,
    https text not null,
    used_at timestamptz not null default now(),
    unique nulls not distinct (s3, https)
  )`,
  "comment on table emporium.import_prefix is 'What imports have put before the keys of trees, the last one latest.'",
  `insert into emporium.import_prefix (s3, https)
    select distinct ${above("s3_prefix", "1")}, ${above("https_prefix", "1")}
      from emporium_portal.dataset join emporium.imported_dataset on dataset_id = id where s3_prefix like 's3://%/'`,
  // an import that was stopped leaves runs with the prefixes of the one before
  `insert into emporium.import_prefix (s3, https, used_at)
    select distinct ${above("s3_prefix", "2")}, ${above("https_prefix", "2")}, timestamptz '1970-01-01'
      from emporium_portal.run join emporium.imported_run on run_id = id where s3_prefix like 's3://%/'
    on conflict do nothing`,
  `insert into emporium.import_prefix (s3, https, used_at)
    select distinct null, regexp_replace(key_photo_url, '/depositions_metadata/.*$', ''), timestamptz '1970-01-01'
      from emporium_portal.deposition join emporium.imported_deposition on deposition_id = id
      where key_photo_url ~ '^https?://.*/depositions_metadata/'
    on conflict do nothing`,
];
