import { stat } from "node:fs/promises";
import { EmporiumError } from "../core/errors.js";
import { errnoOf } from "./file/errors.js";
import type { Store } from "./store.js";

/**
 * Refuses a folder of this machine that somebody named and that is not there: everything that looks into it would call it empty. Buckets know no
 * folders, and servers need not list them.
 *
 * @param what names it in the message: `INPUT`
 * @param code STORE_ABSENT where programs know it by that
 * @throws {EmporiumError} USAGE, or as `code` says
 */
export async function refuseGone(store: Store, what: string, code: "USAGE" | "STORE_ABSENT" = "USAGE"): Promise<void> {
  const path = store.local?.path("");
  if (path === undefined) return;
  const gone = await stat(path).then(
    () => false,
    (error: unknown) => errnoOf(error) === "ENOENT",
  );
  if (!gone) return;
  throw new EmporiumError(code, `${what} ${path} does not exist`, {
    place: { file: path },
    hint: "check the path; a relative one is taken from the folder in which the command was given",
  });
}
