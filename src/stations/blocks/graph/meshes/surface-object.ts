import type { VoxelSurface } from "../../../../arrays/surface/surface.js";
import { printJsonLine } from "../../../../core/json.js";
import { absent, type Store } from "../../../../stores/store.js";
import type { LabelSurface } from "./block-surfaces.js";

/** Bytes before the head, which have its length. */
const PREFIX_BYTES = 4;
const FIRST_BYTES = 2 ** 16;

/** Head of the object: for each label its digits, and the numbers of its coordinates and of its triangles' corners. */
type Head = { readonly surfaces: readonly (readonly [label: string, coordinates: number, corners: number])[] };

/** The object of a block between two stages: `u32` bytes of the head, the head (JSON), then coordinates (int32) and corners (uint32) of each label. */
export function encodeSurfaces(found: readonly LabelSurface[]): Uint8Array {
  const head: Head = {
    surfaces: found.map(({ label, surface }) => [String(label), surface.positions.length, surface.triangles.length]),
  };
  const text = new TextEncoder().encode(printJsonLine(head));
  const prefix = new Uint8Array(PREFIX_BYTES);
  new DataView(prefix.buffer).setUint32(0, text.length, true);
  return Buffer.concat([
    prefix,
    text,
    ...found.flatMap(({ surface }) => [bytesOf(surface.positions), bytesOf(surface.triangles)]),
  ]);
}

/** Place of a label's surface in the object of a block: the byte offset, and the numbers of its coordinates and corners. */
export interface SurfacePlace {
  readonly label: string;
  readonly key: string;
  readonly offset: number;
  readonly coordinates: number;
  readonly corners: number;
}

export async function surfacePlaces(store: Store, key: string, signal: AbortSignal): Promise<SurfacePlace[]> {
  const first = await read(store, key, 0, FIRST_BYTES, signal);
  const headBytes = new DataView(first.buffer, first.byteOffset).getUint32(0, true);
  let offset = PREFIX_BYTES + headBytes;
  const head = offset <= first.length ? first : await read(store, key, 0, offset, signal);
  const { surfaces } = JSON.parse(new TextDecoder().decode(head.subarray(PREFIX_BYTES, offset))) as Head;
  return surfaces.map(([label, coordinates, corners]) => {
    const place = { label, key, offset, coordinates, corners };
    offset += 4 * (coordinates + corners);
    return place;
  });
}

export async function readSurface(store: Store, place: SurfacePlace, signal: AbortSignal): Promise<VoxelSurface> {
  const { key, offset, coordinates, corners } = place;
  const { buffer } = (await read(store, key, offset, 4 * (coordinates + corners), signal)).slice();
  return { positions: new Int32Array(buffer, 0, coordinates), triangles: new Uint32Array(buffer, 4 * coordinates, corners) };
}

async function read(store: Store, key: string, offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = await store.read(key, { offset, length }, { signal });
  if (!bytes) throw absent(store, key);
  return bytes;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array | Uint32Array) => new Uint8Array(buffer, byteOffset, byteLength);
