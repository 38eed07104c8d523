import { type EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { objectName, type Store } from "../../../stores/store.js";
import { mapLimit } from "../../../system/parallel.js";
import { readDocument, rootOf, valueAt } from "./documents.js";
import { foldersOf } from "./import-progress.js";
import { identifier } from "./run-documents.js";
import { type Origin, sameTree } from "./same-tree.js";
import { ask, type Root } from "./state.js";
import type { Session } from "./sync.js";
import { DEPOSITIONS } from "./tree.js";

const AT_ONCE = 8;

/**
 * Datasets and depositions of a tree whose numbers the catalogue has from other trees: what an import would refuse. Nothing is written. What cannot be
 * read has no number.
 *
 * Cost: two statements, two listings, and one document for each folder that nothing was imported from.
 */
export async function findOtherTrees(store: Store, session: Session, signal?: AbortSignal): Promise<EmporiumError[]> {
  const [datasets, depositions]: [string[], string[]] = [[], []];
  for await (const folder of foldersOf(store, "", signal)) {
    if (folder !== `${DEPOSITIONS}/`) datasets.push(folder.slice(0, -1));
    else for await (const one of foldersOf(store, folder, signal)) depositions.push(one.slice(0, -1));
  }
  const found = [
    await refused("dataset", datasets, store, session, signal),
    await refused("deposition", depositions, store, session, signal),
  ];
  return found.flat();
}

async function refused(
  root: Root,
  folders: readonly string[],
  store: Store,
  session: Session,
  signal: AbortSignal | undefined,
): Promise<EmporiumError[]> {
  const { rows } = await ask<Origin & { id: number }>(
    session,
    `select ${root}_id as id, folders, identity from emporium.imported_${root}`,
    [],
  );
  const known = new Map(rows.map((row) => [row.id, row]));
  const imported = new Set(rows.flatMap((row) => row.folders));
  const strange = rows.length === 0 ? [] : folders.filter((folder) => !imported.has(objectName(store, folder)));
  const faults = await mapLimit(strange, AT_ONCE, async (folder) => {
    try {
      const document = await readDocument(store, `${folder}/${root}_metadata.json`, signal);
      if (!document) return undefined;
      const field = `${root}_identifier`;
      const given = valueAt(rootOf(document), field) ?? Number(folder.slice(folder.lastIndexOf("/") + 1));
      const id = identifier(given, () => document.place(field));
      await sameTree(root, id, { store, folder, document }, known.get(id));
    } catch (error) {
      if (!isEmporiumError(error) || error.code === "CANCELLED") throw error;
      if (error.code === "DATABASE_CONFLICT") return error;
    }
    return undefined;
  });
  return faults.filter((fault) => fault !== undefined);
}
