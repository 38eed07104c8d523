import { EmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import type { Task } from "../../../engine/task.js";
import {
  type AnnotationFile,
  annotationFiles,
  annotationFolder,
  annotationMetadataKey,
  portalShape,
} from "../../../model/annotation-files.js";
import { makeTask } from "../draft.js";
import { allotIds, isFolder, type StoredMetadata } from "../identifiers.js";
import { metadataText } from "../metadata.js";
import type { CountedFile } from "../ops/annotation.js";
import { ANNOTATION_OPERATION } from "../ops/names.js";
import { alignment, alignmentNeeds } from "./alignment.js";
import type { Alignment } from "./alignment-find.js";
import {
  type AnnotationCandidate,
  type AnnotationSource,
  findAnnotations,
  listedFiles,
  storedIdentity,
} from "./annotation-candidates.js";
import { type AnnotationGate, annotationGate } from "./annotation-gate.js";
import { type AnnotationGeometry, geometryOf } from "./annotation-geometry.js";
import { planLeftovers } from "./annotation-leftovers.js";
import { dataTask } from "./annotation-tasks.js";
import { planAnnotationViews, type ViewedSource, wantsAnnotations } from "./annotation-view.js";
import type { PlanContext } from "./context.js";
import { addWritten, attempt, fail, found, type ImportContext, type Importer, passOver, warn } from "./importer.js";
import { placeOf, wants } from "./sections.js";
import { type VoxelSpacing, voxelSpacing } from "./voxel-spacing.js";

/** Buffers of the task that counts objects and writes one document. */
const METADATA_BYTES = 8 << 20;

const KIND = "annotation";

/** Annotations of a run's tomograms, and their views. A fault of one annotation concerns it alone. */
export const annotation: Importer<null> = {
  kind: KIND,
  per: "run",
  files: { emptyTold: "source", failsAlone: true, asVolumes: true },
  brings: ["annotation_viz"],
  needs: [alignment],
  notesFailures: true,
  title: ({ location }) => `annotations of ${location.run}`,
  isWanted: wantsAnnotations,
  find: async () => null,
  async plan(context) {
    const gate = annotationGate(context);
    for (const spacing of (await found(context, voxelSpacing))!) {
      if (!context.selection.accepts("voxel_spacing", spacing.name)) continue;
      const title = `annotations of ${context.location.run} (${spacing.name} Å)`;
      await attempt(context, { kind: KIND, title }, () => planSpacing(context, spacing, gate));
    }
  },
};

async function planSpacing(context: ImportContext, spacing: VoxelSpacing, gate: AnnotationGate): Promise<void> {
  const { depositionId, entity: run } = context;
  const [first] = (await found(context, alignment))!;
  const candidates = await findAnnotations(context, spacing, first!.metadataKey);
  if (candidates.length === 0) return;
  const usable: AnnotationCandidate[] = [];
  for (const candidate of dropTwins(context, candidates)) {
    const left = await passGate(context, candidate, gate);
    if (left) usable.push(left);
  }
  const container = spacing.ancestor.folder;
  // a run that is not there yet holds nothing: one listing of the dataset tells that of all its runs
  const isThere = await isFolder(context.target, run.folder);
  const stored = isThere ? await context.stored(container, KIND) : [];
  const known = stored.map(({ id, key, metadata }) => ({
    id,
    key: storedIdentity(metadata, key, depositionId, context.compat),
  }));
  const shown = wants(context, KIND) ? usable : onlyStored(context, usable, known);
  // the reference gives ids to all that it finds, before filters and gates; otherwise only what is written gets one
  const asked = (context.compat ? candidates : shown).map(({ identity }) => identity);
  const ids = allotIds(`${container}/Annotations`, known, context, asked);
  const geometry = shown.length > 0 ? await geometryOf(context, spacing, first!) : undefined;
  const outputs: string[] = [];
  for (const candidate of shown) {
    try {
      const id = ids.of(candidate.identity);
      const tasks = await planOne(context, candidate, { id, alignment: first!, stored, geometry: geometry! });
      for (const task of tasks) outputs.push(...task.outputs);
    } catch (error) {
      failAnnotation(context, candidate, error);
    }
  }
  if (isThere && context.selection.items(KIND)) await planLeftovers(context, container, outputs);
  context.draft.ids.push(...ids.given);
}

/** Views alone are made of annotations that are there: nothing else has an id. */
function onlyStored(
  context: ImportContext,
  candidates: readonly AnnotationCandidate[],
  known: readonly { key: readonly string[] }[],
): AnnotationCandidate[] {
  const ids = new Set(known.map(({ key }) => key.join("\n")));
  return candidates.filter(({ identity, title, block }) => {
    const isThere = ids.has(identity.join("\n"));
    if (!isThere) passOver(context, { kind: "annotation_viz", title: `views of ${title}` }, "not on the target", block.place);
    return isThere;
  });
}

/** Two blocks for one annotation are a failure of both: which metadata are meant is unknown. */
function dropTwins(context: ImportContext, found: readonly AnnotationCandidate[]): readonly AnnotationCandidate[] {
  if (context.compat) return found;
  const groups = new Map<string, AnnotationCandidate[]>();
  const keyOf = ({ identity }: AnnotationCandidate) => identity.join("\n");
  for (const candidate of found) {
    const key = keyOf(candidate);
    groups.set(key, [...(groups.get(key) ?? []), candidate]);
  }
  return found.filter((candidate) => {
    const twins = groups.get(keyOf(candidate))!;
    if (twins.length === 1) return true;
    const lines = twins.map(({ block }) => block.place.line).join(" and ");
    const error = new EmporiumError("CONFIG_COLLISION", `${candidate.title}: the blocks at lines ${lines} are one annotation`, {
      place: candidate.block.place,
      hint: "give each block an annotation_ingest_id of its own",
    });
    failAnnotation(context, candidate, error);
    return false;
  });
}

/** The candidate with its selected sources that are not empty. Undefined if none is left; warnings name those left out. */
async function passGate(
  context: ImportContext,
  candidate: AnnotationCandidate,
  gate: AnnotationGate,
): Promise<AnnotationCandidate | undefined> {
  const { title, block } = candidate;
  const accepted = candidate.sources.filter((source) => source.accepted);
  if (accepted.length === 0) {
    passOver(context, { kind: "annotation", title }, "filtered out", block.place);
    return undefined;
  }
  try {
    const sources: AnnotationSource[] = [];
    for (const source of accepted) {
      const why = await gate(source);
      if (why === undefined) {
        sources.push(source);
        continue;
      }
      const message = `${title} is not imported: ${why}`;
      warn(context, message, source.item.place);
    }
    if (sources.length > 0) return { ...candidate, sources };
    passOver(context, { kind: "annotation", title }, "the files contain nothing of the annotation", block.place);
  } catch (error) {
    failAnnotation(context, candidate, error);
  }
  return undefined;
}

/** Notes that an annotation cannot be made, with the files that it would be made of. */
function failAnnotation(context: ImportContext, { title, sources }: AnnotationCandidate, error: unknown): void {
  const accepted = sources.filter((one) => one.accepted);
  const reads = accepted.map(({ item }) => context.source.fullPath(item.key!));
  fail(context, error, { kind: "annotation", title }, accepted[0]?.item.place, reads);
}

interface Parts {
  readonly id: number;
  readonly alignment: Alignment;
  readonly stored: readonly StoredMetadata[];
  readonly geometry: AnnotationGeometry;
}

/** A source with the files that are made of it. */
interface Outputs {
  readonly source: AnnotationSource;
  readonly files: readonly AnnotationFile[];
}

async function planOne(context: ImportContext, candidate: AnnotationCandidate, parts: Parts): Promise<Task[]> {
  const { prefix, spacing, configured } = candidate;
  const { id, geometry } = parts;
  const { selection, draft, location } = context;
  const folder = annotationFolder(spacing.ancestor.folder, id);
  const outputs = outputsOf(context, candidate, folder);
  const title = `annotation ${id} of ${location.run} (${spacing.name} Å), ${prefix}`;
  const needs = alignmentNeeds(context, candidate.title, candidate.sources[0]?.item.place);
  const tasks: Task[] = [];
  const viewed: ViewedSource[] = [];
  for (const { source, files } of outputs) {
    const task = selection.items(KIND) ? await dataTask(context, source, files, { title, spacing, geometry }) : undefined;
    if (task) tasks.push(task);
    viewed.push({ source, files, task });
  }
  if (selection.metadata(KIND)) tasks.push(await metadataTask(context, candidate, parts, { title, outputs, tasks, needs }));
  for (const task of tasks) draft.tasks.push(task);
  if (wants(context, KIND)) {
    const entity = { kind: KIND, title: `${candidate.title} as ${id}` } as const;
    addWritten(context, entity, {
      reads: outputs.map(({ source }) => context.source.fullPath(source.item.key!)),
      writes: tasks.flatMap((task) => task.outputs),
      bytes: tasks.reduce((sum, { bytes }) => sum + bytes, 0),
      place: outputs[0]!.source.item.place,
    });
  }
  await planAnnotationViews(context, { id, title, configured, spacing, shape: geometry.tomogramShape, sources: viewed });
  return tasks;
}

/** Counts the objects of all files and writes the document that vouches for them. */
async function metadataTask(
  context: ImportContext,
  { block, prefix, spacing, configured }: AnnotationCandidate,
  { id, alignment: { metadataKey: alignmentPath }, stored }: Parts,
  { title, outputs, tasks, needs }: { title: string; outputs: readonly Outputs[]; tasks: readonly Task[]; needs: string[] },
): Promise<Task> {
  const key = annotationMetadataKey(annotationFolder(spacing.ancestor.folder, id), prefix);
  const entries = outputs.flatMap(({ source, files }) => files.map((file) => fileEntry(source, file)));
  const files = [...entries, ...(await keptEntries(context, stored, key, entries))];
  const counted: CountedFile[] = files.map(({ path, format, shape }) => ({
    key: String(path),
    format: String(format),
    shape: String(shape),
  }));
  const measured: JsonObject = { object_count: 0, files, alignment_metadata_path: alignmentPath };
  return makeTask({
    title: `metadata of ${title}`,
    run: ANNOTATION_OPERATION,
    params: {
      key,
      metadata: metadataText(configured, measured, context.deposition.name),
      counted: counted.map((file) => ({ ...file })),
      ...(context.force ? { force: true } : {}),
    },
    inputs: [],
    outputs: [key],
    needs: [...needs, ...tasks.map((task) => task.id)],
    bytes: 0,
    memoryBytes: METADATA_BYTES,
    threads: 1,
    place: placeOf(block),
  });
}

/** @throws {EmporiumError} CONFIG_COLLISION for two files of one shape. (`compat`: the last one wins, with a warning.) */
function outputsOf(context: ImportContext, { sources, prefix, title }: AnnotationCandidate, folder: string): Outputs[] {
  const taken = new Map<string, Outputs>();
  for (const source of sources) {
    const files = annotationFiles(folder, prefix, source.shape.shape, source.shape.companionShape);
    const name = files[0]!.key;
    const other = taken.get(name);
    if (other) {
      const paths = [other.source, source].map(({ item }) => context.source.fullPath(item.key!));
      const message = `${title}: ${paths.join(" and ")} would both be written as ${name}`;
      const { place } = source.item;
      if (!context.compat) {
        throw new EmporiumError("CONFIG_COLLISION", message, {
          place,
          hint: "narrow the glob to one file per run, or make two annotations of them",
        });
      }
      warn(context, `${message}; the last one is`, place);
    }
    taken.set(name, { source, files });
  }
  return [...taken.values()];
}

function fileEntry({ shape }: AnnotationSource, { format, key }: AnnotationFile): JsonObject {
  const isCaption = shape.shape.endsWith("Caption");
  return {
    format,
    path: key,
    shape: portalShape(shape.shape),
    is_visualization_default: isCaption ? false : shape.isVisualizationDefault,
    // the portal's database reads it from here; the reference never writes it, so it is written only if it is configured
    ...(shape.isPortalStandard ? { is_portal_standard: true } : {}),
  };
}

/** Entries of the stored metadata for other files that still exist: an import of one source must not lose the others. */
async function keptEntries(
  { target, compat }: PlanContext,
  stored: readonly StoredMetadata[],
  metadataKey: string,
  entries: readonly JsonObject[],
): Promise<JsonObject[]> {
  if (compat) return [];
  const paths = new Set(entries.map(({ path }) => path));
  const kept: JsonObject[] = [];
  for (const entry of listedFiles(stored.find(({ key }) => key === metadataKey)?.metadata)) {
    const path = String(entry.path);
    if (paths.has(path)) continue;
    const slash = path.lastIndexOf("/") + 1;
    if (!(await target.child(path.slice(0, slash), path.slice(slash)))) continue;
    paths.add(path);
    kept.push(entry);
  }
  return kept;
}
