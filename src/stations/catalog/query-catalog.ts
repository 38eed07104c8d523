import { chooseDatabase } from "../../catalog/database-url.js";
import { type Log, silentLog } from "../../core/log.js";
import { openCatalog } from "./open-catalog.js";
import { datasetQuery, type QueryInput, type QueryReport, queryDatasets } from "./query.js";

/** The catalogue to query. */
export interface CatalogPlace {
  /** Address of a PostgreSQL server. Default: the embedded database of the workspace. */
  database?: string | undefined;
  /** Default `.emporium`. */
  workspace?: string | undefined;
  log?: Log | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Data sets that fulfil all of a query, by serial. Opens the catalogue, asks it once, and closes it.
 *
 * ```ts
 * const { datasets } = await queryCatalog({ project: "ISP", where: "nbr_slices >= 10" });
 * ```
 *
 * @throws {EmporiumError} USAGE for a query or address that cannot be read, DATABASE_…
 */
export async function queryCatalog(
  input: QueryInput,
  { database, workspace = ".emporium", log = silentLog, signal }: CatalogPlace = {},
): Promise<QueryReport> {
  datasetQuery(input);
  const url = await chooseDatabase({ url: database, env: {} });
  const catalog = await openCatalog({ url, workspace, role: "reader", purpose: "query", log, signal });
  try {
    return await queryDatasets(catalog, input, signal);
  } finally {
    await catalog.close();
  }
}
