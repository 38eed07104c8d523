import type pg from "pg";
import { databaseError } from "./database-errors.js";

/** Numbers of the catalogue's entities, and the time of its last update from a tree. */
export interface PortalOverview {
  readonly counts: Readonly<Record<"datasets" | "runs" | "tomograms" | "annotations" | "depositions", number>>;
  /** ISO 8601; undefined before the first import. */
  readonly importedAt: string | undefined;
}

const COUNT = (table: string) => `(select count(*)::integer from emporium_portal.${table})`;

/** Reads the overview in one statement. @throws {EmporiumError} DATABASE_… */
export async function portalOverview(pool: pg.Pool): Promise<PortalOverview> {
  const { rows } = await pool
    .query<PortalOverview["counts"] & { at: string | null }>(
      `select ${COUNT("dataset")} as datasets, ${COUNT("run")} as runs, ${COUNT("tomogram")} as tomograms,
        ${COUNT("annotation")} as annotations, ${COUNT("deposition")} as depositions,
        (select to_char(max(used_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') from emporium.import_prefix where s3 is not null) as at`,
    )
    .catch((error: unknown) => {
      throw databaseError(error);
    });
  const { at, ...counts } = rows[0]!;
  return { counts, importedAt: at ?? undefined };
}
