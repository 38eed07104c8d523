import type { Database } from "../catalog/database.js";
import type { ImportOptions } from "../stations/catalog/portal-import/importing.js";
import type { ImportReport } from "../stations/catalog/portal-import/report.js";
import type { Io } from "./command.js";
import { databaseFor } from "./database-options.js";

interface Opening {
  readonly database?: string | undefined;
  readonly login?: string | undefined;
  /** Runs that are imported side by side. */
  readonly jobs?: number | undefined;
  /** Whether an embedded database is made where there is none. Default true. */
  readonly create?: boolean | undefined;
}

const JOBS = 4;

/** The catalogue, for an import of so many jobs. @throws {EmporiumError} DATABASE_… */
export async function openForImport({ jobs = JOBS, create, ...options }: Opening, io: Io, purpose: string): Promise<Database> {
  const { openCatalog } = await import("../catalog/migrate.js");
  // each job holds a session for its run and may need one for a deposition
  const connections = 2 * jobs + 2;
  return openCatalog({ ...(await databaseFor(options, io, "writer", purpose)), create, connections });
}

type Importing = Omit<ImportOptions, "jobs" | "clock" | "log" | "signal"> & { readonly jobs?: number | undefined };

/** Brings the catalogue up to date with a tree. It is no run of its own where `onEvent` is absent. @throws {EmporiumError} as `importTree` */
export async function importTree(options: Importing, { clock, log, signal }: Io): Promise<ImportReport> {
  const { importTree: importInto } = await import("../stations/catalog/portal-import/portal-import.js");
  return importInto({ ...options, jobs: options.jobs ?? JOBS, clock, log, signal });
}
