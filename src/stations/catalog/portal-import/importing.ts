import type { Database } from "../../../catalog/database.js";
import type { TreePrefixes } from "../../../catalog/import-prefixes.js";
import type { Clock } from "../../../core/clock.js";
import type { Log } from "../../../core/log.js";
import type { OnEvent } from "../../../engine/events.js";
import type { Store } from "../../../stores/store.js";
import type { DatasetExpressions } from "./dataset-filter.js";
import type { Depositions } from "./depositions.js";
import type { ImportFaults } from "./import-faults.js";
import type { ImportProgress } from "./import-progress.js";
import type { RunCounts } from "./report.js";
import type { RootContext } from "./root-rows.js";

export interface ImportOptions {
  /** The standardised tree. It is only read. */
  readonly store: Store;
  readonly database: Database;
  /** Prefixes of addresses in rows. Default: those of the last import. */
  readonly prefixes?: TreePrefixes | undefined;
  /** Folders of datasets and numbers of depositions. Default: the whole tree. */
  readonly datasets?: readonly string[] | undefined;
  readonly depositions?: readonly number[] | undefined;
  /** Which of the datasets, by name. */
  readonly expressions?: DatasetExpressions | undefined;
  /** Kinds of rows to import (`IMPORT_KINDS`); the kinds that they belong to are added. Default: all. */
  readonly kinds?: readonly string[] | undefined;
  /** Also import runs that have not changed. */
  readonly again?: boolean | undefined;
  /** Also import datasets and depositions whose numbers others in the catalogue have: they take their place. */
  readonly replace?: boolean | undefined;
  /** Runs that are processed in parallel. Default 4. */
  readonly jobs?: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/** The state of an import. */
export interface Importing {
  readonly options: ImportOptions;
  readonly context: RootContext;
  readonly runs: RunCounts;
  readonly faults: ImportFaults;
  readonly depositions: Depositions;
  readonly progress: ImportProgress;
  /** Runs that this process has imported since it began. */
  readonly imported: { runs: number };
}
