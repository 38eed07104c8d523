import { createHash } from "node:crypto";
import { type JsonObject, parseJson } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { toNumber } from "../../../core/number.js";
import type { Task } from "../../../engine/task.js";
import { precomputeFolder, TOMOGRAM_METADATA, tomogramFolder } from "../../../model/layout.js";
import { scalarText } from "../config/nodes.js";
import { makeTask } from "../draft.js";
import { isFolder } from "../identifiers.js";
import { VIEW_CONFIG_OPERATION } from "../ops/names.js";
import { alignment } from "./alignment.js";
import type { PlanContext } from "./context.js";
import { addWritten, fail, found, type ImportContext, type Importer, passOver, warnOfLostAnnotations } from "./importer.js";
import { objectIdentity } from "./picture-layers.js";
import { type VoxelSpacing, voxelSpacing } from "./voxel-spacing.js";

const MEMORY_BYTES = 64 * 2 ** 20;
/** Sections of the coarsest level for the limits, and the bytes for each of their voxels: read, sorted, drawn, shared out. */
const SECTIONS = 31;
const VOXEL_BYTES = 32;

const KIND = "viz_config";

/**
 * The view of every tomogram at the voxel spacings of a run: those of this import, and those on the target, of any deposition. A
 * view follows tomograms, annotations and their views, and is made without those that fail.
 */
export const viewConfig: Importer<null> = {
  kind: KIND,
  per: "run",
  needs: [alignment],
  title: ({ location }) => `views of the tomograms of ${location.run}`,
  isWanted: ({ selection }) => selection.items(KIND),
  find: async () => null,
  plan: planViews,
};

async function planViews(context: ImportContext): Promise<void> {
  const { selection, draft, entity: run } = context;
  const layers = draft.tasks.filter(({ outputs }) => outputs.some((key) => isLayerOutput(key, run.folder)));
  const isThere = await isFolder(context.target, run.folder);
  const seen = isThere ? await seenOf(context, run.folder, layers) : "";
  const makers = new Map(draft.tasks.flatMap((task) => task.outputs.map((key): [string, Task] => [key, task])));
  const before = draft.tasks.length;
  for (const spacing of (await found(context, voxelSpacing))!) {
    if (!selection.accepts("voxel_spacing", spacing.name)) continue;
    const tomograms = await findTomograms(context, spacing.ancestor.folder, isThere ? run.folder : undefined, makers);
    for (const [id, metadata] of [...tomograms].sort(([a], [b]) => a - b)) {
      const title = `view of tomogram ${id} of ${context.location.run} (${spacing.name} Å)`;
      if (!selection.accepts(KIND, String(id)) || !selection.accepts("tomogram", String(id))) {
        passOver(context, { kind: KIND, title }, "filtered out");
        continue;
      }
      try {
        await planOne(context, { spacing, id, metadata, layers, seen, makers, title });
      } catch (error) {
        fail(context, error, { kind: KIND, title });
      }
    }
  }
  if (draft.tasks.length > before) warnOfLostAnnotations(context, viewConfig.title(context));
}

/** Tomograms with metadata, by their ids: what this plan will have made of them, else what is there. */
async function findTomograms(
  context: PlanContext,
  spacingFolder: string,
  run: string | undefined,
  makers: ReadonlyMap<string, Task>,
): Promise<Map<number, JsonObject>> {
  const tomograms = new Map<number, JsonObject>();
  const take = (key: string, metadata: JsonObject) => {
    const id = key.split("/").at(-2)!;
    if (key === `${tomogramFolder(spacingFolder, id)}/${TOMOGRAM_METADATA}`) tomograms.set(Number(id), metadata);
  };
  if (run !== undefined) for (const { key, metadata } of await context.stored(run, "tomogram")) take(key, metadata);
  for (const [key, { params }] of makers) {
    if (!key.endsWith(`/${TOMOGRAM_METADATA}`) || typeof params.metadata !== "string") continue;
    const metadata = parseJson(params.metadata);
    if (isJsonObject(metadata)) take(key, metadata);
  }
  return tomograms;
}

interface Parts {
  readonly spacing: VoxelSpacing;
  readonly id: number;
  readonly metadata: JsonObject;
  readonly layers: readonly Task[];
  readonly seen: string;
  readonly makers: ReadonlyMap<string, Task>;
  readonly title: string;
}

async function planOne(context: ImportContext, { spacing, id, metadata, layers, seen, makers, title }: Parts): Promise<void> {
  const { entity: run, deposition } = context;
  const { folder } = spacing.ancestor;
  const { omezarr_dir: zarr, mrc_file: mrc, alignment_metadata_path: alignment } = metadata;
  const because = (why: string) => passOver(context, { kind: KIND, title }, why);
  if (typeof alignment !== "string" || alignment === "") {
    because("its metadata name no alignment");
    return;
  }
  const tomogram = `${tomogramFolder(folder, id)}/${TOMOGRAM_METADATA}`;
  const pyramid = typeof zarr === "string" ? `${zarr.replace(/\/+$/, "")}/` : undefined;
  const isThere = pyramid !== undefined && (makers.has(pyramid) || (await storedPyramid(context, pyramid)) !== undefined);
  if (!isThere) {
    because("there is no OME-Zarr of it, which is what a view shows");
    return;
  }
  const needs = [tomogram, pyramid, String(mrc)].flatMap((key) => makers.get(key)?.id ?? []);
  const key = `${precomputeFolder(folder)}/${id}-neuroglancer_config.json`;
  const task = makeTask({
    title,
    run: VIEW_CONFIG_OPERATION,
    params: {
      key,
      tomogram,
      run: run.folder,
      spacing: folder,
      urlPrefix: context.viewUrl,
      depositionId: typeof deposition.name === "number" ? deposition.name : scalarText(deposition.name),
      compat: context.compat,
      // what is not made by this plan is known by what the plan saw of it
      seen,
      stored:
        needs.length > 0 ? null : [await objectIdentity(context, tomogram), await storedPyramid(context, pyramid)].join(" "),
      ...(context.force ? { force: true } : {}),
    },
    inputs: [],
    outputs: [key],
    needs: [...new Set(needs)],
    after: [...new Set([...needs, ...layers.map((layer) => layer.id)])],
    bytes: 0,
    memoryBytes: memoryOf(metadata),
    threads: 1,
  });
  context.draft.tasks.push(task);
  addWritten(context, { kind: KIND, title }, { reads: [], writes: [key], bytes: 0 });
}

/** Annotations of a run, and their views. */
function isLayerOutput(key: string, run: string): boolean {
  if (!key.startsWith(`${run}/Reconstructions/`)) return false;
  return key.includes("/Annotations/") || /\/NeuroglancerPrecompute\/[^/]+\/$/.test(key);
}

/**
 * A fingerprint of the annotations and views on the target that the plan does not make itself: if it changes, views are made
 * again. Layers are described in the metadata; only the names of the folders matter.
 */
async function seenOf(context: PlanContext, run: string, layers: readonly Task[]): Promise<string> {
  const own = new Set(layers.flatMap(({ outputs }) => outputs));
  const seen: string[] = [];
  const reconstructions = `${run}/Reconstructions`;
  if (!(await isFolder(context.target, reconstructions))) return "";
  for (const { key: folder } of await context.target.children(`${reconstructions}/`)) {
    if (!folder.endsWith("/")) continue;
    const spacing = folder.slice(0, -1);
    for (const { key } of await context.stored(spacing, "annotation"))
      if (!own.has(key)) seen.push(`${key} ${await objectIdentity(context, key)}`);
    if (!(await isFolder(context.target, precomputeFolder(spacing)))) continue;
    for (const { key } of await context.target.children(`${precomputeFolder(spacing)}/`))
      if (key.endsWith("/") && !own.has(key)) seen.push(key);
  }
  return seen.length === 0 ? "" : createHash("sha256").update(seen.join("\n")).digest("hex").slice(0, 32);
}

async function storedPyramid(context: PlanContext, folder: string): Promise<string | undefined> {
  return (await objectIdentity(context, `${folder}.zattrs`)) ?? (await objectIdentity(context, `${folder}zarr.json`));
}

function memoryOf({ size }: JsonObject): number {
  const length = (axis: "y" | "x") => Math.ceil(((isJsonObject(size) ? toNumber(size[axis]) : undefined) ?? 2048) / 4);
  return MEMORY_BYTES + SECTIONS * length("y") * length("x") * VOXEL_BYTES;
}
