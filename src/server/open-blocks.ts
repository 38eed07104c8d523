import { blockPlanes } from "../arrays/loader/block-planes.js";
import { openBlockVolume } from "../arrays/loader/volume.js";
import { inAngstrom } from "../arrays/plane/facts.js";
import { isEmporiumError } from "../core/errors.js";
import type { PeekFacts } from "../formats/peek/facts.js";
import { peekFolder } from "../formats/peek/peek.js";
import { linkedInside } from "../stores/wrap/linked-inside.js";
import { cutHere, etagOf, type OpenVolume, type PlaneMeans } from "./open-volume.js";
import type { PlacedKey } from "./places.js";

/** Volumes of chunks. */
export async function openBlocks(at: PlacedKey, means: PlaneMeans, signal: AbortSignal | undefined): Promise<OpenVolume> {
  const { place, key } = at;
  const volume = await openBlockVolume({ store: linkedInside(place.store), key }, { context: await means.context(), signal });
  const keys = volume.identity.map((object) => object.key);
  const source = blockPlanes(volume);
  const { voxelSizeNm, offsetNm } = volume.levels[0]!;
  return {
    ...at,
    keys,
    etag: await etagOf(at, keys, signal),
    source,
    peeked: await peekedFolder(at, signal),
    notes: volume.notes,
    voxelSizeAngstrom: voxelSizeNm.map((size) => (size === undefined ? undefined : inAngstrom(size * 10))),
    originAngstrom: offsetNm.map((offset) => inAngstrom(offset * 10)),
    cut: cutHere(source, means),
    close: () => volume.close(),
  };
}

async function peekedFolder(
  { place: { store }, key }: PlacedKey,
  signal: AbortSignal | undefined,
): Promise<PeekFacts | undefined> {
  const read = (path: string) => store.read(key === "" ? path : `${key}/${path}`, undefined, { signal });
  try {
    return (await peekFolder({ name: key || store.url, read }, { signal })).images[0];
  } catch (error) {
    // HDF5 is none of its formats
    if (isEmporiumError(error) && error.code === "FORMAT_UNKNOWN") return undefined;
    throw error;
  }
}
