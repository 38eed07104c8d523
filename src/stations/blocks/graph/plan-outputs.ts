import { cast } from "../../../arrays/operators/cast.js";
import type { Triple } from "../../../core/box.js";
import { isEmporiumError } from "../../../core/errors.js";
import type { OutputDocument } from "./document.js";
import type { Faults } from "./faults.js";
import { DEFAULT_CHUNK } from "./grids.js";
import { type Facts, factsAfter, type GraphNode, type LocalNode } from "./nodes.js";
import type { OutputPlan, ResultPlan } from "./outputs.js";
import { isLabels, refusePrecomputed, scaleKey, voxelOffset } from "./precomputed-array.js";
import { each } from "./reach.js";
import { formatsOf, LAST_OF_FOLDER, RESULT_FORMATS } from "./reduce/print-result.js";
import type { ResolvedGraph } from "./resolve.js";
import type { StoredArray } from "./stored-array.js";
import type { Placed } from "./targets.js";

/** Decides how each output is stored. */
export function planOutputs(
  { outputs, document, pyramids }: ResolvedGraph,
  placed: ReadonlyMap<string, Placed>,
  faults: Faults,
): OutputPlan[] {
  const taken = new Set<GraphNode>();
  const takenLevels = new Set<GraphNode>();
  return [...outputs].flatMap(([name, node]): OutputPlan[] => {
    const written = document.outputs[name]!;
    if (node.kind === "reduce") return [];
    const path = ["outputs", name];
    const dtype = written.dtype ?? node.facts.dtype;
    const isOwn = node.kind !== "read" && dtype === node.facts.dtype && !taken.has(node);
    const stored = isOwn ? node : copyOf(node, name, dtype, outputs, faults);
    if (!stored) return [];
    taken.add(stored);
    const { location = "", key = "", place = "" } = placed.get(name) ?? {};
    const folder = `${key}/`;
    const levels = takenLevels.has(node) ? [] : (pyramids.get(node) ?? []);
    takenLevels.add(node);
    if (levels.length > 0 && dtype !== levels[0]!.facts.dtype)
      faults.add([...path, "dtype"], `its levels are ${levels[0]!.facts.dtype}`, {
        hint: "put a cast before the output and its levels",
      });
    refuseLayout(written, [stored, ...levels], path, faults);
    const arrayAt = ({ facts }: GraphNode, level: number) => arrayOf(written, [stored.facts, facts], folder, level);
    const coarser = levels.map((one, at) => ({ node: one, array: arrayAt(one, at + 1) }));
    return [{ name, node: stored, array: arrayAt(stored, 0), coarser, document: written, location, place, folder }];
  });
}

/** Decides where and in which format results of reductions are written; formats that do not fit are faults. */
export function planResults(
  { outputs, document }: ResolvedGraph,
  placed: ReadonlyMap<string, Placed>,
  faults: Faults,
): Omit<ResultPlan, "from">[] {
  return [...outputs].flatMap(([name, node], at) => {
    const isResult = node.kind === "reduce";
    const format = RESULT_FORMATS.find((one) => one === document.outputs[name]!.format);
    const able = isResult ? formatsOf(node.reduction) : [];
    if (isResult && format && !able.includes(format))
      faults.add(["outputs", name, "format"], `${node.reduction} is written as ${able.join(", ")}`);
    if (format && LAST_OF_FOLDER[format] && [...outputs.values()].indexOf(node) !== at)
      faults.add(["outputs", name], `${node.name} has its files in one place already`);
    if (isResult !== (format !== undefined))
      faults.add(["outputs", name], isResult ? `${node.name} is a result, no volume` : `${node.name} is a volume`, {
        hint: isResult ? `write format: ${able[0]}` : `leave format: ${format} out`,
      });
    const place = placed.get(name);
    return isResult && format && place ? [{ name, node, format, ...place }] : [];
  });
}

/** A node that stores another one's value, perhaps as another type. */
function copyOf(
  node: GraphNode,
  name: string,
  dtype: Facts["dtype"],
  outputs: ReadonlyMap<string, GraphNode>,
  faults: Faults,
): LocalNode | undefined {
  const path = ["outputs", name];
  try {
    const bound = cast.bind({ dtype }, [node.facts]);
    const own = [...outputs.values()].some((other) => other.name === name) ? `${name}-out` : name;
    const facts = factsAfter(bound, node.facts);
    return { kind: "local", name: own, path, facts, operator: "cast", version: cast.version, bound, from: [node], fuse: true };
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    faults.addError(path, error);
    return undefined;
  }
}

/** @param facts of the finest level, and of this one */
function arrayOf(
  { format, chunk, shard, codec }: OutputDocument,
  [finest, facts]: readonly [Facts, Facts],
  folder: string,
  level: number,
): StoredArray {
  const { shape, dtype } = facts;
  const smaller = (given: Triple) => each((axis) => Math.min(given[axis]!, shape[axis]!));
  // what nobody asked for is not larger than the volume
  const chunks = chunk ?? (shard ? each((axis) => divisor(shard[axis]!)) : smaller(DEFAULT_CHUNK));
  const layout = { shape, dtype, chunk: chunks, shard: shard ?? null };
  if (format === "precomputed") {
    const encoding = codec ?? (isLabels(dtype) ? "compressed_segmentation" : "raw");
    return { ...layout, format, folder: `${folder}${scaleKey(facts)}/`, codec: encoding, offset: voxelOffset(finest, facts) };
  }
  const zarr = format === "ome-zarr-0.4" ? "zarr2" : "zarr3";
  return { ...layout, format: zarr, folder: `${folder}${level}/`, codec: codec ?? "blosc-lz4", offset: null };
}

/** The largest edge of a chunk, up to the usual one, that divides a shard. */
function divisor(shard: number): number {
  for (let size = Math.min(shard, DEFAULT_CHUNK[0]); size > 1; size--) if (shard % size === 0) return size;
  return 1;
}

function refuseLayout(written: OutputDocument, levels: readonly GraphNode[], path: readonly PropertyKey[], faults: Faults): void {
  const { format, chunk, shard, codec, type } = written;
  if (format === "precomputed") {
    const facts = levels.map((level) => level.facts);
    refusePrecomputed(written, facts, path, faults);
    return;
  }
  if (type) faults.add([...path, "type"], `${format} has no type`, { hint: "write format: precomputed, or leave type out" });
  if (codec === "compressed_segmentation")
    faults.add([...path, "codec"], `${format} has no chunks of ${codec}`, {
      hint: "write format: precomputed, or another codec",
    });
  if (shard && format !== "ome-zarr-0.5")
    faults.add([...path, "shard"], `${format} has no shards`, { hint: "write format: ome-zarr-0.5, or leave shard out" });
  if (codec === "zstd" && format === "ome-zarr-0.4")
    faults.add([...path, "codec"], "OME-Zarr 0.4 is written with blosc-lz4 or raw", { hint: "write format: ome-zarr-0.5" });
  if (shard && chunk && shard.some((length, axis) => length % chunk[axis]! !== 0))
    faults.add([...path, "shard"], `a shard of ${shard.join("×")} is not a whole number of chunks of ${chunk.join("×")}`);
}
