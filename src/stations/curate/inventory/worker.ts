import { workerData } from "node:worker_threads";
import { systemClock } from "../../../core/clock.js";
import { EmporiumError } from "../../../core/errors.js";
import { errnoOf } from "../../../stores/file/errors.js";
import { answerJobs } from "../../../system/thread-side.js";
import type { HeadFacts } from "./head-facts.js";
import { readHead } from "./read-head.js";
import { FolderWalk } from "./walk-folders.js";
import type { ThreadAnswer, ThreadJob, ThreadSetup } from "./walk-job.js";

/** A thread of a scan. */

const setup = workerData as ThreadSetup;
const { segment } = setup;
const walk = segment === undefined ? undefined : new FolderWalk({ ...setup, segment }, systemClock);

async function answer(job: ThreadJob): Promise<ThreadAnswer> {
  switch (job.kind) {
    case "walk":
      return { kind: "walk", walked: walk!.walk(job.folders) };
    case "flush":
      walk?.close();
      return { kind: "flush" };
    case "heads": {
      const heads: HeadFacts[][] = [];
      for (const { path, names } of job.folders) {
        const below = path === "" ? setup.root : `${setup.root}/${path}`;
        const facts: HeadFacts[] = [];
        for (const name of names) facts.push(await readHead(`${below}/${name}`));
        heads.push(facts);
      }
      return { kind: "heads", heads };
    }
  }
}

answerJobs((job: ThreadJob) =>
  answer(job).catch((error: unknown) => {
    const errno = errnoOf(error);
    const code = errno === "ENOSPC" || errno === "EDQUOT" ? "DISK_FULL" : "STORE_FAILED";
    throw new EmporiumError(code, `the inventory cannot be written: ${error instanceof Error ? error.message : error}`);
  }),
);
