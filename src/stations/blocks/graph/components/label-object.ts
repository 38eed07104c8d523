import { decodeBlosc, encodeBlosc } from "../../../../arrays/kernels/blosc.js";
import { type Face, faceOf } from "../../../../arrays/operators/components/faces.js";
import type { BlockComponents, LabelledBlock } from "../../../../arrays/operators/components/label-block.js";
import type { Box, Triple } from "../../../../core/box.js";
import { EmporiumError } from "../../../../core/errors.js";
import { counted } from "../../../../core/units.js";
import { absent, type Store } from "../../../../stores/store.js";

/**
 * The object of a block that is labelled by itself. What the other stages need of its neighbours comes first, so that they read little:
 *
 * | bytes | what |
 * |---|---|
 * | 0–3 | components |
 * | 4–7 | bytes of the faces |
 * | 8–11 | bytes of the labels |
 * | 12–15 | 0 |
 * | 16– | float64 for each component: its first voxel; then for each its size |
 * | … | the six faces, uint32, −z +z −y +y −x +x: a Blosc frame |
 * | … | the labels, uint32: a Blosc frame |
 *
 * All numbers are little-endian.
 */
const HEAD_BYTES = 16;
/** Bytes of the first read: the faces of most blocks are among them. */
const FIRST_BYTES = 2 ** 16;

const SIDES: readonly Triple[] = [
  [-1, 0, 0],
  [1, 0, 0],
  [0, -1, 0],
  [0, 1, 0],
  [0, 0, -1],
  [0, 0, 1],
];

export function encodeLabels({ labels, components }: LabelledBlock): Uint8Array {
  const planes = SIDES.map((side) => faceOf(0, labels, components.box, side).labels);
  const joined = new Uint32Array(planes.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const plane of planes) {
    joined.set(plane, at);
    at += plane.length;
  }
  const faces = encodeBlosc(bytesOf(joined), 4);
  const body = encodeBlosc(bytesOf(labels), 4);
  const head = new Uint32Array([components.count, faces.length, body.length, 0]);
  return Buffer.concat([bytesOf(head), bytesOf(components.first), bytesOf(components.sizes), faces, body]);
}

const bytesOf = (array: Uint32Array | Float64Array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Reads parts of a labelled block. */
export interface LabelObject {
  readonly components: Omit<BlockComponents, "box">;
  /** The face toward a neighbour, for `matchFaces`. @param box of the block */
  face(block: number, box: Box, toward: Triple): Face;
  labels(): Promise<Uint32Array>;
}

export async function openLabels(store: Store, key: string, signal: AbortSignal): Promise<LabelObject> {
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const bytes = await store.read(key, { offset, length }, { signal });
    if (!bytes) throw absent(store, key);
    return bytes;
  };
  const first = await read(0, FIRST_BYTES);
  const [count = 0, faceBytes = 0, labelBytes = 0] = wordsOf(first.subarray(0, HEAD_BYTES));
  const end = HEAD_BYTES + 16 * count + faceBytes;
  const head = end <= first.length ? first : await read(0, end);
  if (head.length < end)
    throw new EmporiumError("FORMAT_TRUNCATED", `${key} has ${counted(head.length, "byte")}; expected at least ${end}`);
  const numbers = new Float64Array(head.slice(HEAD_BYTES, HEAD_BYTES + 16 * count).buffer);
  const components = { count, first: numbers.subarray(0, count), sizes: numbers.subarray(count) };
  let planes: Uint32Array | undefined;
  return {
    components,
    face(block, box, toward) {
      planes ??= wordsOf(decodeBlosc(head.subarray(end - faceBytes, end))!);
      return faceFrom(planes, block, box, toward);
    },
    labels: async () => wordsOf(decodeBlosc(await read(end, labelBytes))!),
  };
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice().buffer);
}

/** A face, an edge or a corner: a part of the plane on one of the sides that it lies on. */
function faceFrom(planes: Uint32Array, block: number, box: Box, toward: Triple): Face {
  let at = 0;
  for (const side of SIDES) {
    const plane: Box = {
      start: box.start.map((from, axis) => (side[axis]! > 0 ? box.stop[axis]! - 1 : from)) as Triple,
      stop: box.stop.map((to, axis) => (side[axis]! < 0 ? box.start[axis]! + 1 : to)) as Triple,
    };
    const length = plane.start.reduce((product, from, axis) => product * (plane.stop[axis]! - from), 1);
    if (side.every((step, axis) => step === 0 || step === toward[axis]))
      return faceOf(block, planes.subarray(at, at + length), plane, toward);
    at += length;
  }
  throw new EmporiumError("INTERNAL", `no side of a block is toward ${toward.join(",")}`);
}
