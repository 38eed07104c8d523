import { posix } from "node:path";
import { CompiledQuery } from "kysely";
import { ENTITIES, type EntityName, getEntity } from "../../../catalog/entities.js";
import { PORTAL_SCHEMA } from "../../../catalog/portal-rows.js";
import { EmporiumError } from "../../../core/errors.js";
import type { Json } from "../../../core/json.js";
import { counted } from "../../../core/units.js";
import type { Counts } from "./counts.js";
import { type Document, listOf, type Node, nodeOf, nodesOf, rootOf } from "./documents.js";
import type { Wanted } from "./kinds.js";
import { makeRow, type RowContext } from "./rows.js";
import { depositionOf, type RunDocuments, type TomogramDocument } from "./run-documents.js";
import { batches, deleteRows, findRows, type Session, syncRows } from "./sync.js";
import type { RunFiles } from "./tree.js";
import type { Row } from "./values.js";

/** The transaction of one run. */
export interface RunSession extends RowContext {
  readonly wanted: Wanted;
  readonly session: Session;
  readonly counts: Counts;
  readonly files: RunFiles;
  readonly dataset: { readonly id: number; readonly deposition: number };
  /** For a new run's row. */
  readonly newId?: number | undefined;
  /** Rows without a document, parents before their children. */
  readonly stale: [EntityName, readonly number[]][];
}

/** A parent's rows, for their children. */
interface Parent {
  readonly ids: readonly number[];
  readonly old: readonly number[];
}

/** Ids of a run, without its annotations, which come in pieces. */
export interface RunIds {
  readonly run: Parent;
  /** By key of their document. */
  readonly alignments: ReadonlyMap<string, number>;
  /** By folder. */
  readonly spacings: ReadonlyMap<string, number>;
}

/** @throws {EmporiumError} FORMAT_FIELD, DATABASE_… */
export async function syncRun(at: RunSession, documents: RunDocuments): Promise<RunIds> {
  const { addresses, dataset, files } = at;
  const prefix = `${files.folder}/`;
  const row = makeRow(
    "Run",
    rootOf(documents.run),
    { dataset_id: dataset.id, s3_prefix: addresses.s3(prefix), https_prefix: addresses.https(prefix) },
    at,
  );
  const synced = await syncRows(
    at.session,
    {
      entity: "Run",
      rows: [at.newId === undefined ? row : { ...row, id: at.newId }],
      scope: { column: "dataset_id", values: [dataset.id] },
      only: { column: "name", texts: [row.name as string] },
    },
    at.counts,
  );
  const run: Parent = { ids: synced.ids, old: synced.old };
  const runId = run.ids[0]!;
  const frames = await syncFrames(at, run, documents);
  await children(
    at,
    "GainFile",
    run,
    "run_id",
    documents.gains.map((key) => {
      const given = { run_id: runId, s3_file_path: addresses.s3(key), https_file_path: addresses.https(key) };
      return makeRow("GainFile", rootOf(documents.run), given, at);
    }),
  );
  const tiltseries = await syncTiltseries(at, run, documents, frames);
  const alignments = await syncAlignments(at, run, documents, tiltseries);
  await children(at, "IdentifiedObject", run, "run_id", identifiedObjects(documents, runId, at));
  const spacings = await syncSpacings(at, run, documents);
  await syncTomograms(at, run, documents.tomograms, alignments, spacings);
  return { run, alignments, spacings };
}

/** Rows below a parent. */
interface Children {
  /** In the order of the rows. Undefined for rows of a kind that is not imported and that do not exist. */
  readonly ids: readonly (number | undefined)[];
  readonly old: readonly number[];
}

/**
 * Writes rows below a parent. Rows that are no longer wanted are recorded, and deleted at the end. Rows of a kind that is not
 * imported are only looked up, for references to them.
 */
export async function children(
  at: RunSession,
  entity: EntityName,
  { old }: Pick<Parent, "old">,
  column: string,
  rows: readonly Row[],
): Promise<Children> {
  const request = { entity, rows, scope: { column, values: old } };
  if (!at.wanted.has(entity)) return await findRows(at.session, request);
  const synced = await syncRows(at.session, request, at.counts);
  at.stale.push([entity, synced.unmatched]);
  return synced;
}

/** Rows below parents; a missing parent has none. */
function below<T>(documents: readonly T[], ids: Children["ids"], make: (document: T, id: number) => readonly Row[]): Row[] {
  return documents.flatMap((document, i) => {
    const id = ids[i];
    return id === undefined ? [] : make(document, id);
  });
}

export async function deleteStale(at: RunSession): Promise<void> {
  for (const [entity, ids] of at.stale.toReversed()) {
    if (ids.length > 0) await deleteRows(at.session, entity, ids, at.counts);
  }
}

/** Authors in the order of their list, unless the document gives another one. */
export function authorRows(
  entity: EntityName,
  parent: Node,
  given: Readonly<Record<string, number>>,
  context: RowContext,
  storedOrder = false,
): Row[] {
  return nodesOf(parent, "authors").map((author, i) => {
    const stored = storedOrder ? author.value.author_list_order : undefined;
    return makeRow(entity, author, { ...given, author_list_order: stored ?? i + 1 }, context);
  });
}

/** @returns ids by acquisition order. */
async function syncFrames(at: RunSession, run: Parent, { frames: document }: RunDocuments): Promise<Map<number, number>> {
  const run_id = run.ids[0]!;
  const root = document && rootOf(document);
  const mdoc = root && at.addresses.keyOf(root.value.frames_acquisition_file);
  await children(
    at,
    "FrameAcquisitionFile",
    run,
    "run_id",
    root && mdoc ? [makeRow("FrameAcquisitionFile", root, { run_id }, at)] : [],
  );
  const given = { run_id, deposition_id: at.dataset.deposition };
  const rows = root ? nodesOf(root, "frames").map((frame) => makeRow("Frame", frame, given, at)) : [];
  const { ids } = await children(at, "Frame", run, "run_id", rows);
  const byOrder = new Map<number, number>();
  for (const [i, { acquisition_order: order }] of rows.entries()) {
    const id = ids[i];
    if (id !== undefined && typeof order === "number" && !byOrder.has(order)) byOrder.set(order, id);
  }
  return byOrder;
}

/** @returns ids by the folders of their documents and volumes. */
async function syncTiltseries(
  at: RunSession,
  run: Parent,
  { tiltseries: documents }: RunDocuments,
  frames: ReadonlyMap<number, number>,
): Promise<Map<string, number>> {
  const { addresses, files } = at;
  const run_id = run.ids[0]!;
  const angles = (folder: string) => {
    const names = [...files.files.keys()].filter((key) => posix.dirname(key) === folder);
    return names.find((key) => key.endsWith(".rawtlt")) ?? names.find((key) => key.endsWith(".tlt"));
  };
  const rows = documents.map((document) => {
    const list = angles(posix.dirname(document.key));
    const given = {
      run_id,
      deposition_id: depositionOf(document, at.dataset.deposition),
      s3_angle_list: addresses.s3(list),
      https_angle_list: addresses.https(list),
    };
    return makeRow("Tiltseries", rootOf(document), given, at);
  });
  const synced = await children(at, "Tiltseries", run, "run_id", rows);
  const byFolder = new Map<string, number>();
  for (const [i, document] of documents.entries()) {
    const id = synced.ids[i];
    if (id === undefined) continue;
    const mrc = addresses.keyOf(rootOf(document).value.mrc_file);
    for (const folder of [posix.dirname(document.key), mrc && posix.dirname(mrc)]) {
      if (folder && !byFolder.has(folder)) byFolder.set(folder, id);
    }
  }
  if (at.wanted.has("PerSectionParameters")) {
    const sections = below(documents, synced.ids, (document, id) => sectionRows(at, document, frames, run_id, id));
    await children(at, "PerSectionParameters", synced, "tiltseries_id", sections);
  }
  return byFolder;
}

function sectionRows(
  at: RunSession,
  document: Document,
  frames: ReadonlyMap<number, number>,
  run_id: number,
  tiltseries_id: number,
): Row[] {
  const rows: Row[] = [];
  let left = 0;
  for (const section of nodesOf(rootOf(document), "per_section_parameter")) {
    const order = Number(section.value.frame_acquisition_order ?? Number.NaN);
    const frame_id = frames.get(order);
    if (frame_id !== undefined) {
      rows.push(makeRow("PerSectionParameters", section, { run_id, tiltseries_id, frame_id }, at));
    } else if (frames.size > 0 && !Number.isNaN(order) && at.wanted.has("Frame")) {
      throw new EmporiumError("FORMAT_FIELD", `expected one of the run's frames, found frame ${order}`, {
        place: document.place(`${section.path}.frame_acquisition_order`),
        hint: "write frames_metadata.json and tiltseries_metadata.json from the same source",
      });
    } else left++;
  }
  const { file, url } = document.place();
  if (left > 0) at.warn(`${file ?? url}: ${counted(left, "section")} left out, as the run has no frames for them`);
  return rows;
}

/** @returns ids by key of their document. */
async function syncAlignments(
  at: RunSession,
  run: Parent,
  { alignments: documents }: RunDocuments,
  tiltseries: ReadonlyMap<string, number>,
): Promise<Map<string, number>> {
  const rows = documents.map((document) => {
    const path = at.addresses.keyOf(rootOf(document).value.tiltseries_path);
    const given = {
      run_id: run.ids[0]!,
      deposition_id: depositionOf(document, at.dataset.deposition),
      tiltseries_id: (path && (tiltseries.get(posix.dirname(path)) ?? tiltseries.get(path))) || null,
      s3_alignment_metadata: at.addresses.s3(document.key),
      https_alignment_metadata: at.addresses.https(document.key),
    };
    return makeRow("Alignment", rootOf(document), given, at);
  });
  const synced = await children(at, "Alignment", run, "run_id", rows);
  const sections = below(documents, synced.ids, (document, alignment_id) =>
    nodesOf(rootOf(document), "per_section_alignment_parameters").map((section) =>
      makeRow("PerSectionAlignmentParameters", section, { alignment_id }, at),
    ),
  );
  await children(at, "PerSectionAlignmentParameters", synced, "alignment_id", sections);
  return known(documents.map(({ key }, i) => [key, synced.ids[i]]));
}

function known(pairs: readonly (readonly [string, number | undefined])[]): Map<string, number> {
  return new Map(pairs.flatMap(([key, id]) => (id === undefined ? [] : [[key, id]])));
}

function identifiedObjects({ identifiedObjects: document }: RunDocuments, run_id: number, at: RowContext): Row[] {
  if (!document) return [];
  return listOf(document, "", document.json).map((item: Json, i: number) =>
    makeRow("IdentifiedObject", nodeOf(document, String(i), item), { run_id }, at),
  );
}

/** @returns ids by folder. */
async function syncSpacings(
  at: RunSession,
  run: Parent,
  { run: document, spacings }: RunDocuments,
): Promise<Map<string, number>> {
  const rows = spacings.map(({ folder, voxelSpacing }) => {
    const key = `${folder}/`;
    const given = {
      run_id: run.ids[0]!,
      voxel_spacing: voxelSpacing,
      s3_prefix: at.addresses.s3(key),
      https_prefix: at.addresses.https(key),
    };
    return makeRow("TomogramVoxelSpacing", rootOf(document), given, at);
  });
  const { ids } = await children(at, "TomogramVoxelSpacing", run, "run_id", rows);
  return known(spacings.map(({ folder }, i) => [folder, ids[i]]));
}

async function syncTomograms(
  at: RunSession,
  run: Parent,
  tomograms: readonly TomogramDocument[],
  alignments: ReadonlyMap<string, number>,
  spacings: ReadonlyMap<string, number>,
): Promise<void> {
  if (!at.wanted.has("Tomogram")) return; // nothing refers to one
  const rows = tomograms.map(({ document, spacing, view }) => {
    const deposition_id = depositionOf(document, at.dataset.deposition);
    const given = {
      run_id: run.ids[0]!,
      deposition_id,
      tomogram_voxel_spacing_id: spacings.get(spacing.folder)!,
      alignment_id: alignmentOf(document, at, alignments),
      is_author_submitted: deposition_id === at.dataset.deposition,
      neuroglancer_config: view ?? null,
    };
    return makeRow("Tomogram", rootOf(document), given, at);
  });
  const synced = await children(at, "Tomogram", run, "run_id", rows);
  const authors = below(tomograms, synced.ids, ({ document }, tomogram_id) =>
    authorRows("TomogramAuthor", rootOf(document), { tomogram_id }, at),
  );
  await children(at, "TomogramAuthor", synced, "tomogram_id", authors);
}

export function alignmentOf(document: Document, at: RowContext, alignments: ReadonlyMap<string, number>): number | null {
  const key = at.addresses.keyOf(rootOf(document).value.alignment_metadata_path);
  return (key && alignments.get(key)) || null;
}

/** Entities whose rows belong to a run, with the conditions for the runs `$1`. */
const RUN_SCOPES = runScopes();

function runScopes(): [EntityName, string][] {
  const scopes = new Map<EntityName, string>([["Run", "id = any($1::int[])"]]);
  for (const { name, keys } of ENTITIES) {
    const key = keys.find(({ target }) => target === "Run") ?? keys.find(({ target }) => scopes.has(target) && target !== "Run");
    const scope = key && scopes.get(key.target);
    if (!key || !scope || scopes.has(name)) continue;
    const own =
      key.target === "Run"
        ? `${key.column} = any($1::int[])`
        : `${key.column} in (select id from ${PORTAL_SCHEMA}.${getEntity(key.target).table} where ${scope})`;
    scopes.set(name, own);
  }
  return [...scopes];
}

/** Removes runs with all that belongs to them, and counts each row. */
export async function deleteRuns(session: Session, ids: readonly number[], counts: Counts): Promise<void> {
  for (const batch of batches(ids)) {
    for (const [name, scope] of RUN_SCOPES.toReversed()) {
      const text = `select id from ${PORTAL_SCHEMA}.${getEntity(name).table} where ${scope}`;
      const { rows } = await session.executeQuery<{ id: number }>(
        CompiledQuery.raw(text, [batch]) as CompiledQuery<{ id: number }>,
      );
      await deleteRows(
        session,
        name,
        rows.map(({ id }) => id),
        counts,
      );
    }
  }
}
