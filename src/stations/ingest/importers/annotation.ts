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
import { scalarText } from "../config/nodes.js";
import { addFailure, type Draft, leave, makeTask, type Whereabouts } from "../draft.js";
import type { Ancestor, Scope } from "../finders/scope.js";
import { allotIds, type GivenId, isFolder, type StoredMetadata } from "../identifiers.js";
import { metadataText } from "../metadata.js";
import { ANNOTATION_OPERATION, type CountedFile } from "../ops/annotation.js";
import {
  type AnnotationCandidate,
  type AnnotationSource,
  findAnnotations,
  listedFiles,
  storedIdentity,
} from "./annotation-candidates.js";
import { type AnnotationGate, annotationGate } from "./annotation-gate.js";
import { type AnnotationGeometry, geometryOf, type RunVolumes } from "./annotation-geometry.js";
import { planLeftovers } from "./annotation-leftovers.js";
import { dataTask } from "./annotation-tasks.js";
import { planAnnotationViews, type ViewedSource, wantsAnnotations } from "./annotation-view.js";
import { type PlanContext, placeOf, wants } from "./context.js";
import type { VoxelSpacing } from "./voxel-spacing.js";

/** Buffers of the task that counts objects and writes one document. */
const METADATA_BYTES = 8 << 20;

export interface AnnotationParts extends RunVolumes {
  readonly deposition: Ancestor;
  readonly scope: Scope;
  readonly spacings: readonly VoxelSpacing[];
  /** Tasks that make the alignment. */
  readonly needs: readonly string[];
}

/**
 * Plans what was marked in the tomograms of a run: for each annotation a task for every file that it comes from, and one for the metadata that
 * vouch for all of them. What is wrong with one annotation concerns it alone.
 */
export async function planAnnotations(
  context: PlanContext,
  draft: Draft,
  parts: AnnotationParts,
  where: Whereabouts,
): Promise<readonly GivenId[]> {
  if (!wantsAnnotations(context)) return [];
  const given: GivenId[] = [];
  const gate = annotationGate(context);
  for (const spacing of parts.spacings) {
    if (!context.selection.accepts("voxel_spacing", spacing.name)) continue;
    try {
      for (const id of await planSpacing(context, draft, spacing, parts, gate, where)) given.push(id);
    } catch (error) {
      addFailure(draft, error, `annotations of ${where.run} (${spacing.name} Å)`, "annotation", where);
    }
  }
  return given;
}

async function planSpacing(
  context: PlanContext,
  draft: Draft,
  spacing: VoxelSpacing,
  parts: AnnotationParts,
  gate: AnnotationGate,
  where: Whereabouts,
): Promise<readonly GivenId[]> {
  const { scope, alignment, deposition } = parts;
  const depositionId = scalarText(deposition.name);
  const below: Scope = { ...scope, ancestors: [...scope.ancestors, spacing.ancestor] };
  const found = await findAnnotations(context, spacing, below, {
    depositionId,
    alignmentPath: alignment.metadataKey,
    runName: where.run ?? "",
  });
  if (found.length === 0) return [];
  const usable: AnnotationCandidate[] = [];
  for (const candidate of dropTwins(context, draft, found, where)) {
    const left = await passGate(context, draft, candidate, gate, where);
    if (left) usable.push(left);
  }
  const container = spacing.ancestor.folder;
  // a run that is not there yet holds nothing: one listing of the dataset tells that of all its runs
  const isThere = await isFolder(context.target, parts.run.folder);
  const stored = isThere ? await context.stored(container, "annotation") : [];
  const known = stored.map(({ id, key, metadata }) => ({
    id,
    key: storedIdentity(metadata, key, depositionId, context.compat),
  }));
  const shown = wants(context, "annotation") ? usable : onlyStored(draft, usable, known, where);
  // the reference gives ids to all that it finds, before filters and gates; otherwise only what is written gets one
  const asked = (context.compat ? found : shown).map(({ identity }) => identity);
  const ids = allotIds(`${container}/Annotations`, known, context, asked);
  const geometry = shown.length > 0 ? await geometryOf(context, spacing, parts) : undefined;
  const planned: string[] = [];
  for (const candidate of shown) {
    try {
      const id = ids.of(candidate.identity);
      const tasks = await planOne(context, draft, candidate, { ...parts, id, stored, geometry: geometry!, where });
      for (const { outputs } of tasks) planned.push(...outputs);
    } catch (error) {
      failAnnotation(context, draft, candidate, error, where);
    }
  }
  if (isThere && context.selection.items("annotation")) await planLeftovers(context, draft, container, planned, where);
  return ids.given;
}

/** Views alone are made of annotations that are there: nothing else has an id. */
function onlyStored(
  draft: Draft,
  candidates: readonly AnnotationCandidate[],
  known: readonly { key: readonly string[] }[],
  where: Whereabouts,
): AnnotationCandidate[] {
  const ids = new Set(known.map(({ key }) => key.join("\n")));
  return candidates.filter(({ identity, title, block }) => {
    const isThere = ids.has(identity.join("\n"));
    if (!isThere)
      draft.entities.push(leave("annotation_viz", `views of ${title}`, "it is not on the target", where, block.place));
    return isThere;
  });
}

/** Two blocks for one annotation are a failure of both: nobody can say whose metadata are meant. */
function dropTwins(
  context: PlanContext,
  draft: Draft,
  found: readonly AnnotationCandidate[],
  where: Whereabouts,
): readonly AnnotationCandidate[] {
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
    failAnnotation(context, draft, candidate, error, where);
    return false;
  });
}

/** The candidate with those of its sources that were asked for and hold something. Undefined where none is left; what was left out is told. */
async function passGate(
  context: PlanContext,
  draft: Draft,
  candidate: AnnotationCandidate,
  gate: AnnotationGate,
  where: Whereabouts,
): Promise<AnnotationCandidate | undefined> {
  const { title, block } = candidate;
  const accepted = candidate.sources.filter((source) => source.accepted);
  if (accepted.length === 0) {
    draft.entities.push(leave("annotation", title, "filtered out", where, block.place));
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
      const message = `${title}: ${why}; nothing of it is imported`;
      draft.warnings.push({ message, place: source.item.place, ...where });
    }
    if (sources.length > 0) return { ...candidate, sources };
    draft.entities.push(leave("annotation", title, "its files hold nothing of it", where, block.place));
  } catch (error) {
    failAnnotation(context, draft, candidate, error, where);
  }
  return undefined;
}

/** Notes that an annotation cannot be made, with the files that it would be made of. */
function failAnnotation(
  { source }: PlanContext,
  draft: Draft,
  { title, sources }: AnnotationCandidate,
  error: unknown,
  where: Whereabouts,
): void {
  const accepted = sources.filter((one) => one.accepted);
  const reads = accepted.map(({ item }) => source.fullPath(item.key!));
  addFailure(draft, error, title, "annotation", where, accepted[0]?.item.place, reads);
}

interface OneParts extends AnnotationParts {
  readonly id: number;
  readonly stored: readonly StoredMetadata[];
  readonly geometry: AnnotationGeometry;
  readonly where: Whereabouts;
}

/** A source with the files that are made of it. */
interface Outputs {
  readonly source: AnnotationSource;
  readonly files: readonly AnnotationFile[];
}

async function planOne(context: PlanContext, draft: Draft, candidate: AnnotationCandidate, parts: OneParts): Promise<Task[]> {
  const { block, prefix, spacing, title, configured } = candidate;
  const { id, alignment, deposition, geometry, where } = parts;
  const folder = annotationFolder(spacing.ancestor.folder, id);
  const metadataKey = annotationMetadataKey(folder, prefix);
  const outputs = outputsOf(context, draft, candidate, folder, where);
  const titled = `annotation ${id} of ${where.run} (${spacing.name} Å), ${prefix}`;
  const tasks: Task[] = [];
  const viewed: ViewedSource[] = [];
  for (const { source, files } of outputs) {
    const isWanted = context.selection.items("annotation");
    const task = isWanted
      ? await dataTask(context, draft, source, files, { title: titled, spacing, geometry, where })
      : undefined;
    if (task) tasks.push(task);
    viewed.push({ source, files, task });
  }
  if (context.selection.metadata("annotation")) {
    const made = outputs.flatMap(({ source, files }) => files.map((file) => ({ source, file })));
    const entries = made.map(({ source, file }) => fileEntry(source, file));
    const kept = await keptEntries(context, parts.stored, metadataKey, entries);
    const counted: CountedFile[] = [...entries, ...kept].map((entry) => ({
      key: String(entry.path),
      format: String(entry.format),
      shape: String(entry.shape),
    }));
    const measured: JsonObject = {
      object_count: 0,
      files: [...entries, ...kept],
      alignment_metadata_path: alignment.metadataKey,
    };
    tasks.push(
      makeTask({
        title: `metadata of ${titled}`,
        run: ANNOTATION_OPERATION,
        params: {
          key: metadataKey,
          metadata: metadataText(configured, measured, deposition.name),
          counted: counted.map((file) => ({ ...file })),
          ...(context.force ? { force: true } : {}),
        },
        inputs: [],
        outputs: [metadataKey],
        needs: [...parts.needs, ...tasks.map((task) => task.id)],
        bytes: 0,
        memoryBytes: METADATA_BYTES,
        threads: 1,
        place: placeOf(block),
      }),
    );
  }
  for (const task of tasks) draft.tasks.push(task);
  if (wants(context, "annotation")) {
    draft.entities.push({
      kind: "annotation",
      title: `${title} as ${id}`,
      ...where,
      action: "write",
      reads: outputs.map(({ source }) => context.source.fullPath(source.item.key!)),
      writes: tasks.flatMap((task) => task.outputs),
      bytes: tasks.reduce((sum, { bytes }) => sum + bytes, 0),
      place: outputs[0]!.source.item.place,
    });
  }
  const scope = { ...parts.scope, ancestors: [...parts.scope.ancestors, spacing.ancestor] };
  const shape = geometry.tomogramShape;
  await planAnnotationViews(context, draft, {
    id,
    title: titled,
    configured,
    spacing,
    shape,
    deposition,
    scope,
    sources: viewed,
    where,
  });
  return tasks;
}

/** @throws {EmporiumError} CONFIG_COLLISION for two files of one shape. (`compat`: the last one wins, with a warning.) */
function outputsOf(
  context: PlanContext,
  draft: Draft,
  { sources, prefix, title }: AnnotationCandidate,
  folder: string,
  where: Whereabouts,
): Outputs[] {
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
      draft.warnings.push({ message: `${message}; the last one is`, place, ...where });
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
    // the portal's database reads it from here; the reference never writes it, so it stands only where somebody said so
    ...(shape.isPortalStandard ? { is_portal_standard: true } : {}),
  };
}

/** What the metadata that are there list beside the files of this import, as far as it is still there: an import of one source must not lose the others. */
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
