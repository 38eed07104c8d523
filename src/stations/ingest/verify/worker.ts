import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { workerData } from "node:worker_threads";
import { errnoOf, fileError } from "../../../stores/file/errors.js";
import { answerJobs } from "../../../system/thread-side.js";
import type { Reader } from "./array-place.js";
import { type Job, runJob } from "./jobs.js";

/** Entry of a thread that checks objects of one folder of this machine. */
const reader = fileReader((workerData as { root: string }).root);

answerJobs((job: Job) => runJob(job, reader));

/** Reads files below a folder, for threads that have nothing else to do meanwhile. */
function fileReader(root: string): Reader {
  const orAbsent = <T>(path: string, look: () => T): T | undefined => {
    try {
      return look();
    } catch (error) {
      if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
      throw fileError(error, path, "read");
    }
  };
  return {
    async size(key) {
      const path = join(root, key);
      return orAbsent(path, () => statSync(path).size);
    },
    async read(key, range, room) {
      const path = join(root, key);
      return orAbsent(path, () => {
        const fd = openSync(path, "r");
        try {
          const { size } = fstatSync(fd);
          const offset = Math.min(range?.offset ?? 0, size);
          const length = Math.min(range?.length ?? size, size - offset);
          const bytes = room?.(length) ?? new Uint8Array(length);
          for (let done = 0; done < bytes.length; ) {
            const got = readSync(fd, bytes, done, bytes.length - done, offset + done);
            if (got === 0) return bytes.subarray(0, done);
            done += got;
          }
          return bytes;
        } finally {
          closeSync(fd);
        }
      });
    },
  };
}
