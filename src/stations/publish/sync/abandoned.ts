import { asEmporiumError } from "../../../core/errors.js";
import type { Log } from "../../../core/log.js";
import type { Store } from "../../../stores/store.js";
import type { RunLog } from "./run-log.js";
import type { UnheardUpload } from "./task.js";

/** By how much the clocks of a server and of this machine may differ: S3 refuses requests beyond that. */
const CLOCKS_MS = 15 * 60_000;

/** Aborts uploads that the run before began and this one did not need: no run would finish them. */
export async function abortAbandoned(record: RunLog, target: Store, log: Log): Promise<void> {
  const aborting = async (key: string, abort: () => Promise<void>) => {
    try {
      await abort();
      record.ended(key);
    } catch (error) {
      log.warn(`the unfinished upload of ${key} could not be aborted: ${asEmporiumError(error).message}`);
    }
  };
  const open = new Map(record.abandoned().map((upload) => [upload.key, upload.token]));
  for (const upload of record.abandonedUnheard()) {
    const { key } = upload;
    const earlier = open.get(key);
    open.delete(key);
    await aborting(key, async () => {
      await abortUnheard(upload, target, { but: earlier });
      if (earlier !== undefined) await (await target.create(key, { resume: earlier })).abort();
    });
  }
  for (const [key, token] of open) {
    await aborting(key, async () => (await target.create(key, { resume: token })).abort());
  }
}

/**
 * Aborts what the server began of an upload that this program had asked for. What others had begun of the key before stays.
 *
 * @param but the upload with this token stays, too
 */
export async function abortUnheard(
  { key, sinceMs }: UnheardUpload,
  target: Store,
  { signal, but }: { signal?: AbortSignal | undefined; but?: string | undefined },
): Promise<void> {
  for await (const { token, begunMs } of target.openUploads(key, { signal })) {
    if (token === but || (begunMs !== undefined && begunMs < sinceMs - CLOCKS_MS)) continue;
    await (await target.create(key, { resume: token, signal })).abort();
  }
}
