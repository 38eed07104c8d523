import { isEmporiumError } from "../../core/errors.js";
import { Recent } from "../../core/recent.js";
import { parseRef } from "../../model/ref.js";
import type { OpenVolume } from "../open-volume.js";
import type { ApiContext } from "./context.js";

/**
 * Milliseconds for which a volume counts as unchanged without a look at its files. Readers notice all the same when the files are
 * others.
 */
const UNCHANGED_MS = 500;
const VOLUMES_MAX = 64;
/** Codes of errors that a change of the file would not remove. */
const FINAL: ReadonlySet<string> = new Set(["USAGE", "STORE_THROTTLED", "CANCELLED"]);

export interface VolumeUseOptions {
  /** The etag of the volume that the caller began with. */
  readonly etag?: string | undefined;
  /** Look at the files in any case: the client asks whether its copy is still current. */
  readonly looks?: boolean | undefined;
  readonly signal: AbortSignal;
}

/**
 * Runs work with the volume of a reference. For the many requests of one who scrolls, the volume's files are looked at only twice
 * a second; where the work fails with the volume as it was, or while it changes, it is done again with the volume as it is now.
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
