import { isEmporiumError } from "../core/errors.js";
import { isJsonObject, jsonList, member } from "../core/json-fields.js";
import { LIMITS } from "../core/limits.js";
import { parseMdoc, tiltAxisAngle } from "../formats/mdoc/read.js";
import { NO_SHAPES, type OverlayGround, type OverlayShapes } from "../model/overlay-bytes.js";
import type { OpenVolume } from "./open-volume.js";

export interface TiltAxis {
  /** Angle from the y-axis of the projections, counter-clockwise where y goes up, as SerialEM and IMOD count it. */
  readonly degrees: number;
  readonly from: string;
}

/** Names of stacks that an alignment has rotated: their tilt axis is along y, whatever the labels say. */
const ALIGNED = /\.ali$|_ali\.\w+$/i;

/** The tilt axis of a tilt series: from its name, its document in a tree, the .mdoc beside it, or the labels of its header. */
export async function tiltAxisOf(
  { place, key, peeked }: OpenVolume,
  signal: AbortSignal | undefined,
): Promise<TiltAxis | undefined> {
  const slash = key.lastIndexOf("/") + 1;
  const [folder, name] = [key.slice(0, slash), key.slice(slash)];
  if (ALIGNED.test(name)) return { degrees: 0, from: "aligned" };
  const read = async <T>(file: string, parse: (bytes: Uint8Array) => T): Promise<T | undefined> => {
    try {
      const bytes = await place.store.read(`${folder}${file}`, { offset: 0, length: LIMITS.metadataBytes }, { signal });
      return bytes && parse(bytes);
    } catch (error) {
      signal?.throwIfAborted();
      // what is broken there is said with the angles
      if (isEmporiumError(error) || error instanceof SyntaxError) return undefined;
      throw error;
    }
  };
  const document = await read("tiltseries_metadata.json", (bytes) => JSON.parse(new TextDecoder().decode(bytes)));
  const told = isJsonObject(document) && (member(document, "is_aligned") === true ? 0 : member(document, "tilt_axis"));
  if (typeof told === "number") return { degrees: told, from: "tiltseries_metadata.json" };
  for (const file of [`${name}.mdoc`, `${name.replace(/\.[^.]*$/, "")}.mdoc`]) {
    const degrees = await read(file, (bytes) => tiltAxisAngle(parseMdoc(bytes, file)));
    if (degrees !== undefined) return { degrees, from: file };
  }
  const labels = jsonList(peeked?.raw && member(peeked.raw, "labels")).filter((one) => typeof one === "string");
  const degrees = tiltAxisAngle({ titles: labels });
  return degrees === undefined ? undefined : { degrees, from: "header" };
}

/** The axis through the middle of all projections, as a surface that every section cuts in a line. */
export function tiltAxisShapes(
  { degrees }: TiltAxis,
  { sizeVoxels: [nx, ny, nz], voxelAngstrom, originAngstrom }: OverlayGround,
): OverlayShapes {
  const [dx, dy] = [-Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  // voxels from the middle to the edge that the axis leaves by
  const half = Math.min(nx / 2 / Math.abs(dx || 1e-12), ny / 2 / Math.abs(dy || 1e-12));
  const corners = [-1, 1].flatMap((end) =>
    [-1, nz].map((z) => [(nx - 1) / 2 + end * half * dx, (ny - 1) / 2 + end * half * dy, z] as const),
  );
  const xyz = Float32Array.from(
    corners.flatMap((corner) => corner.map((value, i) => originAngstrom[i]! + value * voxelAngstrom[i]!)),
  );
  return { ...NO_SHAPES, xyz, triangles: Uint32Array.of(0, 1, 2, 1, 3, 2) };
}
