import type { DatabaseOptions } from "../../catalog/database.js";
import { openCatalog as openTables } from "../../catalog/migrate.js";
import { databaseRepository } from "./rows/database.js";
import type { CatalogRepository } from "./rows/repository.js";

/**
 * The microscopy catalogue in a database whose tables are there: those of the embedded one are made on the way. `close` ends the sessions, and stops the
 * embedded server if nobody else uses it.
 *
 * @throws {EmporiumError} DATABASE_…
 */
export async function openCatalog(options: DatabaseOptions): Promise<CatalogRepository> {
  const database = await openTables(options);
  return { ...databaseRepository(database), close: () => database.close() };
}
