import { count } from "./counts.js";
import type { Importing } from "./importing.js";
import { type DatasetRoot, readDataset, syncDataset } from "./root-rows.js";
import { deleteRuns } from "./run-rows.js";
import { ask, lockFor, type SeenRun, seenRuns } from "./state.js";

export interface OpenDataset extends DatasetRoot {
  readonly folder: string;
  /** The dataset's own row was found equal, and is counted so. */
  readonly kept: boolean;
  readonly seen: ReadonlyMap<string, SeenRun>;
  /** Folders by the names of the runs that were met. Below are the folders that could not be read: their rows stay. */
  readonly names: Map<string, string>;
  readonly failedFolders: Set<string>;
  /**
   * Claims a run's name for a folder and returns the folder that has it in this import. Set where other processes import runs of
   * the dataset, too.
   */
  readonly claim?: ((name: string, folder: string) => Promise<string>) | undefined;
  /** State of the runs before the import, where another process began it. */
  readonly before?: ReadonlyMap<string, { readonly fingerprint?: string | undefined; readonly newId?: number | undefined }>;
}

export async function openDataset(importing: Importing, folder: string): Promise<OpenDataset | undefined> {
  const { context, depositions, faults } = importing;
  let open: OpenDataset | undefined;
  await faults.guard(async () => {
    const root = await readDataset(context, folder);
    if (!root) return;
    await depositions.need([root.deposition]);
    const kept = await syncDataset(context, folder, root);
    const seen = await seenRuns(context.db, root.id);
    open = { id: root.id, deposition: root.deposition, folder, kept, seen, names: new Map(), failedFolders: new Set() };
  });
  return open;
}

/** Removes the rows of runs that the dataset no longer has, and sets its size to the listing's sum. */
export async function closeDataset(importing: Importing, dataset: OpenDataset, bytes: number | undefined): Promise<void> {
  const { context, faults, runs } = importing;
  const { db } = context;
  await faults.guard(async () => {
    const { rows } = await ask<{ id: number; name: string; s3_prefix: string }>(
      db,
      "select id, name, s3_prefix from emporium_portal.run where dataset_id = $1",
      [dataset.id],
    );
    const failed = [...dataset.failedFolders];
    const gone = rows.filter(
      ({ name, s3_prefix }) =>
        context.wanted.has("Run") && !dataset.names.has(name) && !failed.some((folder) => s3_prefix.endsWith(`/${folder}/`)),
    );
    for (const { id, name } of gone) {
      await context.transact(async (session, counts) => {
        await lockFor(session, `run ${dataset.id}/${name}`);
        await deleteRuns(session, [id], counts);
      });
      runs.removed++;
    }
    const size = await ask<{ same: boolean }>(
      db,
      "select file_size is not distinct from $2::float8 as same from emporium_portal.dataset where id = $1",
      [dataset.id, bytes ?? null],
    );
    if (size.rows[0]?.same !== false) return;
    await ask(db, "update emporium_portal.dataset set file_size = $2::float8 where id = $1", [dataset.id, bytes ?? null]);
    if (dataset.kept) count(context.counts, "Dataset", { unchanged: -1, updated: 1 });
  });
}
