import { isEmporiumError } from "../../core/errors.js";
import { Recent } from "../../core/recent.js";
import { parseRef } from "../../model/ref.js";
import type { OpenVolume } from "../open-volume.js";
import type { ApiContext } from "./context.js";

/** How long a volume counts as unchanged without a look at its files. Their readers notice all the same when files are others. */
const UNCHANGED_MS = 500;
const VOLUMES_MAX = 64;
/** Errors that no other state of a file would change. */
const FINAL: ReadonlySet<string> = new Set(["USAGE", "STORE_THROTTLED", "CANCELLED"]);

export interface VolumeUseOptions {
  /** The one that the caller goes on with. */
  readonly etag?: string | undefined;
  /** Look at the files: the client asks whether they are what it has. */
  readonly looks?: boolean | undefined;
  readonly signal: AbortSignal;
}

/**
 * Works with the volume of a reference. For the many requests of one who scrolls it is found and looked at twice a second; where the work fails with what it
 * was, or while it changes, it is done again with what it is.
 *
 * @throws {EmporiumError} SOURCE_CHANGED, NOT_FOUND, and what opening and the work throw
 */
export function volumeUse({ find, volumes, clock }: Pick<ApiContext, "find" | "volumes" | "clock">) {
  const lately = new Recent<string, { readonly volume: OpenVolume; readonly ms: number }>(VOLUMES_MAX);
  return async <T>(
    ref: string,
    { etag, looks = false, signal }: VolumeUseOptions,
    work: (volume: OpenVolume) => T | Promise<T>,
  ): Promise<T> => {
    const known = lately.get(ref);
    const isCurrent = known && !looks && clock.monotonic() - known.ms < UNCHANGED_MS;
    const opened = async () => {
      const ms = clock.monotonic();
      const volume = await volumes.open(await find(parseRef(ref), signal), { etag, signal });
      lately.set(ref, { volume, ms });
      return volume;
    };
    const trusted = isCurrent && (etag === undefined || etag === known.volume.etag) ? known.volume : undefined;
    const volume = trusted ?? (await opened());
    try {
      return await work(volume);
    } catch (error) {
      if (signal.aborted || !isEmporiumError(error) || FINAL.has(error.code)) throw error;
      lately.delete(ref);
      if (!trusted && error.code !== "STORE_CONFLICT") throw error;
    }
    return work(await opened());
  };
}
