import type { Kysely, Migration } from "kysely";
import { runStatements } from "./statements.js";

/**
 * Columns that the portal's own database fills where a row comes without a value. Rows that are there keep theirs: the next import of their tree sets them.
 *
 * Source: `server_default` in the models of cryoet-data-portal-backend `apiv2`.
 */
export const portalDefaults: Migration = {
  up: (db: Kysely<unknown>) =>
    runStatements(
      db,
      PORTAL_DEFAULTS.map(([name, value]) => `${alter(name)} set default ${value}`),
    ),
  down: (db: Kysely<unknown>) =>
    runStatements(
      db,
      PORTAL_DEFAULTS.map(([name]) => `${alter(name)} drop default`),
    ),
};

export const PORTAL_DEFAULTS = [
  ["per_section_parameters.phase_shift", "0"],
  ["alignment.is_portal_standard", "false"],
  ["tomogram.is_portal_standard", "false"],
  ["tomogram.is_author_submitted", "false"],
  ["tomogram.is_visualization_default", "false"],
  ["annotation.ground_truth_status", "false"],
  ["annotation.is_curator_recommended", "false"],
  ["annotation_file.is_visualization_default", "false"],
] as const;

function alter(name: string): string {
  const [table, column] = name.split(".");
  return `alter table emporium_portal.${table} alter column ${column}`;
}
