import { Readable } from "node:stream";
import type { RandomAccess, ReadOptions } from "../../../core/bytes.js";
import { asEmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { printJsonLine } from "../../../core/json.js";
import { readPointLines } from "../../../formats/points/ndjson.js";
import { openObject, type Store } from "../../../stores/store.js";
import { forEachLimited } from "../../../system/parallel.js";
import { distinctNames, partName, runName } from "./copick-names.js";
import { objectKey, type PickableObject } from "./copick-objects.js";
import { isPicked, type TreeRun } from "./copick-tree.js";
import type { StaticWriter } from "./static-root.js";

/** User of the picks and masks: the one that copick itself gives those of the portal. */
const USER = "data-portal";

export interface Placing {
  store: Store;
  writer: StaticWriter;
  /** Objects by `objectKey`. */
  objects: ReadonlyMap<string, PickableObject>;
  jobs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Gives everything of the runs its place in copick's layout:
 *
 *     ExperimentRuns/RUN/VoxelSpacing13.480/wbp-raw.zarr
 *     ExperimentRuns/RUN/Picks/data-portal_101_cytosolic-ribosome.json
 *     ExperimentRuns/RUN/Segmentations/13.480_data-portal_102_mitochondrion.zarr
 *     ExperimentRuns/RUN/InstanceSegmentations/…
 *
 * A session is the annotation's folder. A run whose name another dataset has as well gets its dataset's number before it.
 *
 * @returns the files of points that could not be read; without them the rest is whole.
 */
export async function placeRuns(
  runs: readonly TreeRun[],
  { store, writer, objects, jobs, signal }: Placing,
): Promise<ErrorRecord[]> {
  const names = runNames(runs);
  const failed: ErrorRecord[] = [];
  await forEachLimited(runs.entries(), jobs, async ([i, { tomograms, annotations }]) => {
    const run = `ExperimentRuns/${names[i]!}`;
    // copick's own mark of a run: one that has nothing else is listed as well
    await writer.text(`${run}/.meta`, Readable.from(["meta"]));
    const types = distinctNames(
      tomograms,
      ({ voxelSpacingAngstrom, type }) => `VoxelSpacing${voxelSpacingAngstrom.toFixed(3)}/${type}`,
      ({ id }) => partName(id),
    );
    for (const [at, { key }] of tomograms.entries()) await writer.volume(`${run}/${types[at]!}.zarr`, key);
    // the file names of picks say neither shape nor spacing, so a session has one file of an object
    const kinds = annotations.map(({ shape, object, voxelSpacingAngstrom }) => {
      const kind = isPicked(shape) ? "Picks" : shape === "SegmentationMask" ? "Segmentations" : "InstanceSegmentations";
      const { name } = objects.get(objectKey(object))!;
      return { kind, name, spacing: isPicked(shape) ? "" : `${voxelSpacingAngstrom.toFixed(3)}_` };
    });
    const sessions = sessionNames(
      annotations.map(({ id }, at) => ({
        id: partName(id),
        scope: `${kinds[at]!.kind} ${kinds[at]!.spacing} ${kinds[at]!.name}`,
      })),
    );
    for (const [at, { key, shape, voxelSpacingAngstrom }] of annotations.entries()) {
      signal?.throwIfAborted();
      const { kind, name, spacing } = kinds[at]!;
      const path = `${run}/${kind}/${spacing}${USER}_${sessions[at]!}_${name}`;
      if (kind !== "Picks") {
        await writer.volume(`${path}.zarr`, key);
        continue;
      }
      const isOriented = shape === "OrientedPoint";
      const head = { object: name, user: USER, session: sessions[at]!, run: names[i]!, voxelSpacingAngstrom, isOriented };
      try {
        const source = await openObject(store, key, { signal });
        await writer.text(`${path}.json`, picksDocument(source, head, { signal }));
      } catch (error) {
        if (signal?.aborted) throw error;
        failed.push(toErrorRecord(asEmporiumError(error)));
      }
    }
  });
  return failed;
}

function runNames(runs: readonly TreeRun[]): string[] {
  const bare = runs.map(({ name }) => runName(name));
  const datasets = new Map<string, Set<string>>();
  for (const [i, { dataset }] of runs.entries()) datasets.set(bare[i]!, (datasets.get(bare[i]!) ?? new Set()).add(dataset));
  return distinctNames(
    runs.map(({ dataset }, i) => (datasets.get(bare[i]!)!.size > 1 ? `${dataset}-${bare[i]!}` : bare[i]!)),
    (name) => name,
    () => "2",
  );
}

/** The second of a kind in one annotation gets a number behind it. */
function sessionNames(items: readonly { id: string; scope: string }[]): string[] {
  const taken = new Set<string>();
  return items.map(({ id, scope }) => {
    let session = id;
    for (let n = 2; taken.has(`${scope} ${session}`); n++) session = `${id}-${n}`;
    taken.add(`${scope} ${session}`);
    return session;
  });
}

/** Fields of a picks file beside its points. */
interface PicksHead {
  readonly object: string;
  readonly user: string;
  readonly session: string;
  readonly run: string;
  readonly voxelSpacingAngstrom: number;
  /** The points are `orientedPoint`s. */
  readonly isOriented: boolean;
}

const IDENTITY = "[[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]";

/**
 * Converts a file of points to copick's picks. Positions are in Å: voxels times the spacing, as copick itself computes them from
 * the portal's files.
 *
 * @returns the document, in pieces of some hundred points
 * @throws {EmporiumError} FORMAT_FIELD for an invalid line; STORE_…
 */
async function* picksDocument(
  source: RandomAccess,
  { object, user, session, run, voxelSpacingAngstrom: spacing, isOriented }: PicksHead,
  read?: ReadOptions,
): AsyncGenerator<string> {
  const head = printJsonLine({
    pickable_object_name: object,
    user_id: user,
    session_id: session,
    run_name: run,
    voxel_spacing: spacing,
    unit: "angstrom",
    trust_orientation: isOriented,
  });
  yield `${head.slice(0, -1)}, "points": [`;
  let first = true;
  for await (const { count, positions, rotations, instanceIds } of readPointLines(source, read)) {
    let text = "";
    for (let i = 0; i < count; i++) {
      const at = (axis: number) => positions[3 * i + axis]! * spacing;
      const turned = (row: number) => [0, 1, 2].map((column) => rotations![9 * i + 3 * row + column]!).join();
      const matrix = rotations ? `[${[0, 1, 2].map((row) => `[${turned(row)},0]`).join()},[0,0,0,1]]` : IDENTITY;
      text += `${first ? "" : ","}\n{"location":{"x":${at(0)},"y":${at(1)},"z":${at(2)}},"transformation_":${matrix},"instance_id":${instanceIds?.[i] ?? 0},"score":1}`;
      first = false;
    }
    yield text;
  }
  yield "\n]}\n";
}
