import { CompiledQuery } from "kysely";
import { PORTAL_SCHEMA } from "../../../catalog/portal-rows.js";
import type { Store } from "../../../stores/store.js";
import { type Document, type Node, nodesOf, readDocument, rootOf } from "./documents.js";
import { SHAPES } from "./mapping.js";
import { makeRow } from "./rows.js";
import { type AnnotationKey, depositionOf, inTurn, type Spacing, vanished } from "./run-documents.js";
import { alignmentOf, authorRows, children, type RunIds, type RunSession } from "./run-rows.js";
import { batches, syncRows } from "./sync.js";
import type { Row } from "./values.js";

/** Documents in memory at once. */
const PIECE = 200;

/** Annotations are read and written in pieces, since a run may have any number, all in the run's transaction. */
export async function syncAnnotations(
  at: RunSession,
  store: Store,
  keys: readonly AnnotationKey[],
  ids: RunIds,
  ensureDepositions: (ids: readonly number[]) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!at.wanted.has("Annotation")) return;
  const seen = new Set<number>();
  for (const piece of batches(keys, PIECE)) {
    signal?.throwIfAborted();
    const documents = await inTurn(piece, async ({ key, spacing }) => {
      const document = await readDocument(store, key, signal);
      if (!document) throw vanished(store, key);
      return { document, spacing, deposition: depositionOf(document, at.dataset.deposition) };
    });
    await ensureDepositions(documents.map(({ deposition }) => deposition));
    await syncPiece(at, documents, ids, seen);
  }
  if (ids.run.old.length > 0) await noteStale(at, ids, seen);
}

interface AnnotationDocument {
  readonly document: Document;
  readonly spacing: Spacing;
  readonly deposition: number;
}

async function syncPiece(
  at: RunSession,
  documents: readonly AnnotationDocument[],
  ids: RunIds,
  seen: Set<number>,
): Promise<void> {
  const rows = documents.map(({ document, spacing, deposition }) => {
    const given = {
      run_id: ids.run.ids[0]!,
      deposition_id: deposition,
      tomogram_voxel_spacing_id: ids.spacings.get(spacing.folder)!,
      s3_metadata_path: at.addresses.s3(document.key),
      https_metadata_path: at.addresses.https(document.key),
    };
    return makeRow("Annotation", rootOf(document), given, at);
  });
  const known = rows.map(({ annotation_ingest_id: id }) => id as string);
  const annotations = await syncRows(
    at.session,
    {
      entity: "Annotation",
      rows,
      scope: { column: "run_id", values: ids.run.old },
      only: { column: "annotation_ingest_id", texts: known },
      except: seen,
    },
    at.counts,
  );
  const before = new Set(annotations.old);
  const old = annotations.ids.filter((id) => before.has(id));
  for (const id of annotations.ids) seen.add(id);
  const rowsOf = (make: (root: Node, id: number) => Row[]) =>
    documents.flatMap(({ document }, i) => make(rootOf(document), annotations.ids[i]!));
  const parent = { old };
  await children(
    at,
    "AnnotationMethodLink",
    parent,
    "annotation_id",
    rowsOf((root, annotation_id) =>
      nodesOf(root, "method_links").map((link) => makeRow("AnnotationMethodLink", link, { annotation_id }, at)),
    ),
  );
  await children(
    at,
    "AnnotationAuthor",
    parent,
    "annotation_id",
    rowsOf((root, annotation_id) => authorRows("AnnotationAuthor", root, { annotation_id }, at)),
  );
  await syncShapes(at, documents, annotations.ids, parent, ids);
}

/** A shape has one row for all its files. */
async function syncShapes(
  at: RunSession,
  documents: readonly AnnotationDocument[],
  annotationIds: readonly number[],
  parent: { old: readonly number[] },
  ids: RunIds,
): Promise<void> {
  const shapes: Row[] = [];
  const files: { shape: number; file: Node; of: AnnotationDocument }[] = [];
  for (const [i, of] of documents.entries()) {
    const places = new Map<unknown, number>();
    for (const file of nodesOf(rootOf(of.document), "files")) {
      const given = file.value.shape;
      const shape_type = typeof given === "string" ? (SHAPES[given] ?? given) : given;
      const row = makeRow("AnnotationShape", file, { annotation_id: annotationIds[i]!, shape_type }, at);
      const place = places.get(row.shape_type) ?? shapes.push(row) - 1;
      places.set(row.shape_type, place);
      files.push({ shape: place, file, of });
    }
  }
  const synced = await children(at, "AnnotationShape", parent, "annotation_id", shapes);
  const rows = files.map(({ shape, file, of: { document, spacing, deposition } }) => {
    const standard = file.value.is_portal_standard === true ? "portal_standard" : "community";
    const given = {
      annotation_shape_id: synced.ids[shape]!,
      alignment_id: alignmentOf(document, at, ids.alignments),
      tomogram_voxel_spacing_id: ids.spacings.get(spacing.folder)!,
      source: deposition === at.dataset.deposition ? "dataset_author" : standard,
    };
    return makeRow("AnnotationFile", file, given, at);
  });
  await children(at, "AnnotationFile", synced, "annotation_shape_id", rows);
}

/** Marks annotations of the run without a document, with all their rows, for removal. */
async function noteStale(at: RunSession, { run }: RunIds, seen: ReadonlySet<number>): Promise<void> {
  const text = `select id from ${PORTAL_SCHEMA}.annotation where run_id = any($1::int[]) and not (id = any($2::int[])) order by id`;
  const query = CompiledQuery.raw(text, [run.ids, [...seen]]) as CompiledQuery<{ id: number }>;
  const { rows } = await at.session.executeQuery<{ id: number }>(query);
  const gone = rows.map(({ id }) => id);
  at.stale.push(["Annotation", gone]);
  for (const batch of batches(gone)) {
    for (const entity of ["AnnotationMethodLink", "AnnotationAuthor"] as const) {
      await children(at, entity, { old: batch }, "annotation_id", []);
    }
    const shapes = await children(at, "AnnotationShape", { old: batch }, "annotation_id", []);
    await children(at, "AnnotationFile", shapes, "annotation_shape_id", []);
  }
}
