import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import type { CatalogTables } from "../../../catalog/database.js";
import type { EntityName } from "../../../catalog/entities.js";
import type { TreePrefixes } from "../../../catalog/import-prefixes.js";
import { EmporiumError } from "../../../core/errors.js";
import { objectName, type Store } from "../../../stores/store.js";
import { treeAddresses } from "./addresses.js";
import { addCounts, type Counts, countsOf, rowsNow } from "./counts.js";
import { type Document, listOf, nodesOf, placeOf, readDocument, rootOf, valueAt } from "./documents.js";
import { fingerprintWith, type Wanted } from "./kinds.js";
import { MAPPING_VERSION } from "./mapping.js";
import { makeRow, type RowContext } from "./rows.js";
import { identifier } from "./run-documents.js";
import { authorRows } from "./run-rows.js";
import { sameTree } from "./same-tree.js";
import { ask, lockFor, noteRoot, type Root, seenRoot } from "./state.js";
import { deleteRows, syncRows } from "./sync.js";
import type { Row } from "./values.js";

/** The target of an import, and its reports. */
export interface RootContext {
  readonly db: Kysely<CatalogTables>;
  readonly store: Store;
  readonly prefixes: TreePrefixes;
  readonly wanted: Wanted;
  /** Import everything, also what has not changed. */
  readonly again: boolean;
  /** Put datasets and depositions in the place of others of the same number. */
  readonly replace: boolean;
  readonly warn: (message: string) => void;
  readonly signal: AbortSignal | undefined;
  /** Runs work in a transaction, and repeats it if the database requires that. */
  readonly transact: <T>(work: (db: Kysely<CatalogTables>, counts: Counts) => Promise<T>) => Promise<T>;
  readonly counts: Counts;
}

export interface DatasetRoot {
  readonly id: number;
  readonly deposition: number;
}

/** Reads a dataset's document. @returns undefined for other folders @throws {EmporiumError} FORMAT_…, STORE_… */
export async function readDataset(
  { store, signal }: RootContext,
  folder: string,
): Promise<(DatasetRoot & { document: Document }) | undefined> {
  const document = await readDocument(store, `${folder}/dataset_metadata.json`, signal);
  if (!document) return undefined;
  const id = identifier(valueAt(rootOf(document), "dataset_identifier"), () => document.place("dataset_identifier"));
  const deposition = identifier(valueAt(rootOf(document), "deposition_id"), () => document.place("deposition_id"));
  return { id, deposition, document };
}

/** Dataset, authors and funding. The folder's size follows after the walk. @returns whether the dataset's row was unchanged */
export async function syncDataset(
  context: RootContext,
  folder: string,
  { document, id, deposition }: DatasetRoot & { document: Document },
): Promise<boolean> {
  return await syncRoot(context, "dataset", id, document, folder, async (db, at) => {
    const prefix = `${folder}/`;
    const { rows } = await ask<{ file_size: number | null }>(db, "select file_size from emporium_portal.dataset where id = $1", [
      id,
    ]);
    const given = {
      deposition_id: deposition,
      s3_prefix: at.addresses.s3(prefix),
      https_prefix: at.addresses.https(prefix),
      file_size: rows[0]?.file_size ?? null,
    };
    const root = rootOf(document);
    return {
      row: makeRow("Dataset", root, given, at),
      children: [
        ["DatasetAuthor", authorRows("DatasetAuthor", root, { dataset_id: id }, at, true)],
        ["DatasetFunding", nodesOf(root, "funding").map((node) => makeRow("DatasetFunding", node, { dataset_id: id }, at))],
      ],
    };
  });
}

/** Not every tree has the documents of all depositions that it names. Those get at least a row. */
export async function syncDeposition(context: RootContext, id: number): Promise<void> {
  const key = `depositions_metadata/${id}/deposition_metadata.json`;
  const document = await readDocument(context.store, key, context.signal);
  if (!document) return await ensureDeposition(context, id, key);
  const root = rootOf(document);
  const own = identifier(valueAt(root, "deposition_identifier") ?? id, () => document.place("deposition_identifier"));
  if (own !== id) {
    throw new EmporiumError("FORMAT_FIELD", `${own} found in the folder of deposition ${id}`, {
      place: document.place("deposition_identifier"),
      hint: "rename the folder, or correct the number",
    });
  }
  await syncRoot(context, "deposition", id, document, `depositions_metadata/${id}`, async (_, at) => ({
    row: makeRow("Deposition", root, {}, at),
    children: [
      ["DepositionAuthor", authorRows("DepositionAuthor", root, { deposition_id: id }, at, true)],
      [
        "DepositionType",
        listOf(document, "deposition_types", root.value.deposition_types).map((type) =>
          makeRow("DepositionType", root, { deposition_id: id, type }, at),
        ),
      ],
    ],
  }));
}

/** A deposition without a document keeps its row, or gets an empty one. */
async function ensureDeposition({ transact, warn, store }: RootContext, id: number, key: string): Promise<void> {
  await transact(async (db, counts) => {
    await lockFor(db, `deposition ${id}`);
    const { rows } = await ask(db, "select 1 from emporium_portal.deposition where id = $1", [id]);
    if (rows.length > 0) return;
    const { file, url } = placeOf(store, key);
    const document: Document = { key, json: {}, place: () => ({ file, url }) };
    const addresses = treeAddresses({ s3: "", https: "" }, "", undefined, () => {});
    const row = makeRow("Deposition", rootOf(document), {}, { addresses, warn: () => {} });
    await syncRows(db, { entity: "Deposition", rows: [{ ...row, id }], scope: { column: "id", values: [] } }, counts);
    warn(`${file ?? url} is not there: deposition ${id} has an empty row`);
  });
}

type Rows = { readonly row: Row; readonly children: readonly [EntityName, readonly Row[]][] };

async function syncRoot(
  { transact, wanted, again, replace, db: outside, warn, prefixes, counts, store }: RootContext,
  root: Root,
  id: number,
  document: Document,
  folder: string,
  make: (db: Kysely<CatalogTables>, at: RowContext) => Promise<Rows>,
): Promise<boolean> {
  const text = JSON.stringify([MAPPING_VERSION, prefixes, folder, document.json], (_, item) =>
    typeof item === "bigint" ? `${item}n` : item,
  );
  const whole = createHash("sha256").update(text).digest("hex");
  // a deposition is only compared if it was requested or has no row yet
  const fingerprint = root === "dataset" ? fingerprintWith(whole, wanted) : whole;
  const seen = await seenRoot(outside, root, id);
  const isLast = seen?.folders.at(-1) === objectName(store, folder);
  if (!again && isLast && (seen?.fingerprint === whole || seen?.fingerprint === fingerprint)) {
    addCounts(counts, countsOf(seen.rows, "unchanged"));
    return true;
  }
  const entity = root === "dataset" ? "Dataset" : "Deposition";
  const told: string[] = [];
  const kept = await transact(async (db, own) => {
    told.length = 0;
    const addresses = treeAddresses(prefixes, folder, undefined, () => {});
    await lockFor(db, `${root} ${id}`);
    const known = replace ? undefined : await seenRoot(db, root, id);
    const { warning, ...origin } = await sameTree(root, id, { store, folder, document }, known);
    if (warning !== undefined) told.push(warning);
    const { row, children } = await make(db, { addresses, warn: (message) => told.push(message) });
    const scope = { column: "id", values: [id] };
    const { old } = await syncRows(db, { entity, rows: [{ ...row, id }], scope }, own);
    for (const [name, rows] of children) {
      if (root === "dataset" && !wanted.has(name)) continue;
      const below = { column: `${root}_id`, values: old };
      const { unmatched } = await syncRows(db, { entity: name, rows, scope: below }, own);
      if (unmatched.length > 0) await deleteRows(db, name, unmatched, own);
    }
    await noteRoot(db, root, id, { fingerprint, rows: rowsNow(own), ...origin });
    return own.get(entity)?.unchanged === 1;
  });
  told.forEach(warn);
  return kept;
}
