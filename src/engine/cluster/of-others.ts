import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import type { Location } from "../../stores/location.js";
import { parseLocation } from "../../stores/url.js";
import type { ClusterPlace } from "./begin.js";

/** Limits for many jobs that ask a server which belongs to others. */

/** Workers side by side: where nobody says how many, and at most. */
export const SLOTS = 4;
export const SLOTS_MAX = 8;

/** Number of workers for a place, with a note where it wanted more. */
export function fewSlots({ slots: wanted }: Pick<ClusterPlace, "slots">, usual = SLOTS, most = SLOTS_MAX) {
  const slots = Math.min(wanted ?? usual, most);
  const notes =
    slots < (wanted ?? slots) ? [`${counted(slots, "worker")} side by side: more would ask too much of a server`] : [];
  return { slots, notes };
}

/** Requests in flight of each of so many workers, {@link SLOTS_MAX} at most, of those that a host bears. */
export const requestsEach = (slots: number): number => Math.floor(LIMITS.requestsPerHost / slots);

/** A place that a node can open by its address alone. @param what how the command calls it @throws {EmporiumError} USAGE */
export function sharedLocation(text: string, what: string): Location {
  const location = parseLocation(text);
  const { query, authorization, login } = location;
  if (query === undefined && authorization === undefined && login?.password === undefined) return location;
  throw new EmporiumError(
    "USAGE",
    `${what} ${location.url} needs a secret, which is not written into the files of a cluster's jobs`,
    {
      hint: "leave out --executor; or name a bucket, whose credentials jobs find by themselves",
    },
  );
}
