import type { Triple } from "../../../core/box.js";
import { inMemory } from "../../../core/bytes.js";
import { type DType, HOST_LITTLE_ENDIAN, ITEM_BYTES, swapBytes } from "../../../core/dtype.js";
import { encodeSegmentation } from "../../../formats/precomputed/compressed-segmentation.js";
import type { VolumeInfo, VolumeScale } from "../../../formats/precomputed/info.js";
import { printVolumeInfo } from "../../../formats/precomputed/print-info.js";
import { readPrecomputedBox } from "../../../formats/precomputed/read.js";
import { viewAs } from "../../../formats/zarr/elements.js";
import { absent, type Store } from "../../../stores/store.js";
import type { OutputDocument } from "./document.js";
import type { Faults } from "./faults.js";
import type { Facts } from "./nodes.js";
import { levelsOf, type OutputPlan } from "./outputs.js";
import { each } from "./reach.js";
import type { ArrayAccess, StoredArray } from "./stored-array.js";

/** Types that tensorstore, cloud-volume and Neuroglancer all know. */
const DTYPES: readonly DType[] = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "uint64", "float32"];

/** Blocks of compressed chunks, as most volumes have them. */
const BLOCK: Triple = [8, 8, 8];

/** Whether a type has labels of objects where nobody says so. */
export function isLabels(dtype: DType): boolean {
  return dtype === "uint32" || dtype === "uint64";
}

/** Scales are called by their resolution, x first: `8_8_8`. */
export function scaleKey({ voxelSizeNm }: Facts): string {
  return each((axis) => Number((voxelSizeNm[axis] ?? 0).toPrecision(9)))
    .reverse()
    .join("_");
}

/** Parts of a voxel that are rounding errors. */
const ROUNDING = 1e-6;

/**
 * Voxel offset of a level, by which names of chunks count: the voxel of the format's grid, whose voxels begin at multiples of
 * their size, in which the centre of the finest level's first voxel lies; of coarser levels the one in which that voxel begins,
 * as igneous counts them.
 */
export function voxelOffset(finest: Facts, level: Facts): Triple {
  return each((axis) => {
    const size = finest.voxelSizeNm[axis]!;
    const first = Math.floor(finest.offsetNm[axis]! / size + ROUNDING);
    return Math.floor((first * size) / level.voxelSizeNm[axis]! + ROUNDING) + 0; // no -0
  });
}

/** Notes on places of a volume and its levels that the format cannot express. */
export function precomputedNotes(output: OutputPlan): string[] {
  if (output.array.format !== "precomputed") return [];
  const levels = levelsOf(output).map(({ array, node: { facts } }) => {
    const moved = each((axis) => (array.offset![axis]! + 0.5) * facts.voxelSizeNm[axis]! - facts.offsetNm[axis]!);
    const isMoved = moved.some((nm, axis) => Math.abs(nm) > ROUNDING * facts.voxelSizeNm[axis]!);
    return isMoved ? moved.map((nm) => Number(nm.toPrecision(6))).join(", ") : "";
  });
  const [finest, ...coarser] = levels;
  const why = "voxels of precomputed volumes begin at multiples of their size";
  const notes = finest === "" ? [] : [`${output.name}: ${why}: its own are moved by ${finest} nm (z, y, x)`];
  const others = coarser.flatMap((moved, at) =>
    moved === "" || moved === finest ? [] : [`level ${at + 1} is moved by ${moved} nm`],
  );
  return others.length === 0 ? notes : [...notes, `${output.name}: ${why}: ${others.join(", ")} (z, y, x)`];
}

/** Adds a fault for everything that an output asks for and the format does not have. */
export function refusePrecomputed(
  { shard, codec, type, dtype }: OutputDocument,
  levels: readonly Facts[],
  path: readonly PropertyKey[],
  faults: Faults,
): void {
  const facts = levels[0]!;
  const place = dtype === undefined ? [...path, "format"] : [...path, "dtype"];
  if (shard) faults.add([...path, "shard"], "precomputed volumes are written without shards", { hint: "leave shard out" });
  if (codec !== undefined && codec !== "raw" && codec !== "compressed_segmentation")
    faults.add([...path, "codec"], `precomputed volumes have no chunks of ${codec}`, {
      hint: "write codec: raw or compressed_segmentation",
    });
  if (!DTYPES.includes(facts.dtype))
    faults.add(place, `precomputed volumes have no ${facts.dtype}`, { hint: `write dtype: one of ${DTYPES.join(", ")}` });
  if (codec === "compressed_segmentation" && !isLabels(facts.dtype))
    faults.add(
      [...path, "codec"],
      `compressed_segmentation is of uint32 and uint64, and ${path.at(-1)?.toString()} is ${facts.dtype}`,
      {
        hint: "write codec: raw, or dtype: uint32",
      },
    );
  if (type === "segmentation" && facts.dtype === "float32")
    faults.add([...path, "type"], "the labels of a segmentation are whole numbers, and these are float32", {
      hint: "write type: image, or dtype: uint32",
    });
  if (facts.voxelSizeNm.some((size) => size === undefined || !(size > 0)))
    faults.add([...path, "format"], "the voxel size is not known along every axis, and precomputed volumes must say it", {
      hint: "write format: ome-zarr-0.5, or write the voxel size into the metadata of the input",
    });
}

/** The volume's own document. */
export function infoOf(output: OutputPlan): string {
  const { type, dtype } = { ...output.document, dtype: output.array.dtype };
  return printVolumeInfo({
    kind: "volume",
    type: type ?? (isLabels(dtype) ? "segmentation" : "image"),
    dtype,
    channels: 1,
    scales: levelsOf(output).map(({ node, array }) => ({
      ...scaleOf(array),
      key: scaleKey(node.facts),
      voxelSizeNm: node.facts.voxelSizeNm as Triple,
    })),
  });
}

function scaleOf({ shape, offset, chunk, codec }: StoredArray): Omit<VolumeScale, "key" | "voxelSizeNm"> {
  const isCompressed = codec === "compressed_segmentation";
  return {
    shape,
    offset: offset ?? [0, 0, 0],
    chunks: [chunk],
    encoding: isCompressed ? codec : "raw",
    block: isCompressed ? BLOCK : undefined,
  };
}

/** Reads and encodes chunks before there is a document. */
export function accessPrecomputed(store: Store, array: StoredArray, name: string): ArrayAccess {
  const info: Pick<VolumeInfo, "dtype" | "channels"> = { dtype: array.dtype, channels: 1 };
  const scale: VolumeScale = { ...scaleOf(array), key: "", voxelSizeNm: [1, 1, 1] };
  return {
    isPadded: false,
    async read(box, signal) {
      const open = async (key: string) => {
        const bytes = await store.read(`${array.folder}${key}`, undefined, { signal });
        if (!bytes) throw absent(store, `${array.folder}${key}`);
        return inMemory(bytes, `${name}/${key}`);
      };
      return readPrecomputedBox(open, { kind: "volume", type: "image", scales: [scale], ...info }, scale, box, { name, signal });
    },
    async encode(plain, shape) {
      if (array.codec !== "compressed_segmentation") return littleEndian(plain, array.dtype);
      return encodeSegmentation(viewAs(plain, array.dtype) as Uint32Array | BigUint64Array, shape, BLOCK);
    },
  };
}

function littleEndian(plain: Uint8Array, dtype: DType): Uint8Array {
  if (HOST_LITTLE_ENDIAN) return plain;
  const swapped = new Uint8Array(plain);
  swapBytes(swapped, ITEM_BYTES[dtype]);
  return swapped;
}
