import type { ReadGrid } from "../../../arrays/blocks/grid.js";
import type { MaskRequest } from "../../../arrays/blocks/mask.js";
import type { Resampling } from "../../../arrays/blocks/register.js";
import type { BlocksRequest } from "../../../arrays/blocks/sequence.js";
import type { LoadedVolume } from "../../../arrays/loader/volume.js";
import type { Triple } from "../../../core/box.js";
import type { StoreOptions } from "../../../stores/location.js";
import type { Share } from "./batch.js";

/** Which blocks of which volumes. */
export interface StreamRequest
  extends Omit<BlocksRequest, "shard" | "resumeFrom" | "epoch" | "prefetch" | "prefetchBytes" | "edge" | "mask"> {
  /** The voxels of the first one are the grid. */
  readonly volumes: readonly NamedLocation[];
  /** Resampling, by name, of the other volumes that do not lie on that grid. Default: they are refused. */
  readonly resample?: Readonly<Record<string, Resampling>> | undefined;
  readonly mask?: (Omit<MaskRequest, "source"> & { readonly location: string }) | undefined;
  /** Blocks of a batch. */
  readonly batch: number;
  /** Blocks of a batch have one shape, so they cannot shrink at the edges. */
  readonly edge?: "reflect" | "constant" | undefined;
  /** Chunks as they are stored, in place of voxels. */
  readonly compressed?: boolean | undefined;
  /** Bytes of the chunks that are kept and the blocks that are read ahead, over all volumes and clients. */
  readonly memoryBytes: number;
  readonly threads?: number | undefined;
  readonly store?: StoreOptions | undefined;
}

/** A volume and the name of its array. */
export interface NamedLocation {
  readonly name: string;
  readonly location: string;
}

export type OpenVolumes = Readonly<Record<string, LoadedVolume>>;

/** A request whose volumes are open. */
export interface OpenRequest extends Omit<StreamRequest, "volumes" | "mask" | "store" | "threads"> {
  readonly mask?: MaskRequest | undefined;
}

/** Share of the memory for blocks that are read ahead for one client. */
const AHEAD_SHARE = 1 / 8;

/** Request for the blocks that one client reads of an epoch. */
export function epochOf(
  { batch, seed = 0, memoryBytes, ...request }: OpenRequest,
  share: Share,
  signal: AbortSignal,
): BlocksRequest {
  const { rank, world, epoch, skip } = share;
  return {
    ...request,
    shard: { rank, world },
    resumeFrom: { seed, epoch, position: skip * batch },
    prefetch: 2 * batch,
    prefetchBytes: memoryBytes * AHEAD_SHARE,
    signal,
  };
}

export function shapeWithHalo({ shape, halo }: ReadGrid): Triple {
  return shape.map((length, axis) => length + 2 * halo[axis]!) as Triple;
}
