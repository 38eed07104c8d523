import type { VoxelSurface } from "../../../arrays/surface/surface.js";

/** Words before each surface: label, vertices, corners of triangles. */
const HEAD_WORDS = 3;

/** A surface with its label as bytes: how pieces of it wait in a file, in the order of bytes of this machine. */
export function packSurface(label: number, { positions, triangles }: VoxelSurface): Uint8Array {
  const words = new Uint32Array(HEAD_WORDS + positions.length + triangles.length);
  words.set([label, positions.length / 3, triangles.length]);
  words.set(new Uint32Array(positions.buffer, positions.byteOffset, positions.length), HEAD_WORDS);
  words.set(triangles, HEAD_WORDS + positions.length);
  return new Uint8Array(words.buffer);
}

export function unpackSurface(bytes: Uint8Array): VoxelSurface {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
  const coordinates = 3 * words[1]!;
  const positions = new Int32Array(words.buffer, words.byteOffset + 4 * HEAD_WORDS, coordinates);
  return { positions, triangles: words.subarray(HEAD_WORDS + coordinates) };
}

/** One packed surface among others. */
export interface PackedPlace {
  label: number;
  offset: number;
  length: number;
  triangles: number;
}

/** Labels, offsets and lengths in bytes, and numbers of triangles of several packed surfaces, one after the other. */
export function packedPlaces(bytes: Uint8Array): PackedPlace[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (at: number) => view.getUint32(at, LITTLE_ENDIAN);
  const places: PackedPlace[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const corners = word(offset + 8);
    const length = 4 * (HEAD_WORDS + 3 * word(offset + 4) + corners);
    places.push({ label: word(offset), offset, length, triangles: corners / 3 });
    offset += length;
  }
  return places;
}

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
