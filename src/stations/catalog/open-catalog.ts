import type { DatabaseOptions } from "../../catalog/database.js";
import { openCatalog as openTables } from "../../catalog/migrate.js";
import { databaseRepository } from "./rows/database.js";
import type { CatalogRepository } from "./rows/repository.js";

/**
 * Opens the microscopy catalogue. The tables of the embedded database are created if necessary. `close` ends the sessions, and
 * stops the embedded server if no other process uses it.
 *
 * @throws {EmporiumError} DATABASE_…
 */
export async function openCatalog(options: DatabaseOptions): Promise<CatalogRepository> {
  const database = await openTables(options);
  return { ...databaseRepository(database), close: () => database.close() };
}
