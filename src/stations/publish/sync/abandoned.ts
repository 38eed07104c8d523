import { asEmporiumError } from "../../../core/errors.js";
import type { Log } from "../../../core/log.js";
import type { Store } from "../../../stores/store.js";
import type { RunLog } from "./run-log.js";

/** Aborts uploads that the run before began and this one did not need: no run would finish them. */
export async function abortAbandoned(record: RunLog, target: Store, log: Log): Promise<void> {
  for (const { key, token } of record.abandoned()) {
    try {
      const upload = await target.create(key, { resume: token });
      await upload.abort();
      record.ended(key);
    } catch (error) {
      log.warn(`the unfinished upload of ${key} could not be aborted: ${asEmporiumError(error).message}`);
    }
  }
}
