import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../../core/clock.js";
import { errnoOf } from "../../../stores/file-errors.js";
import type { HeadFacts } from "./head-facts.js";
import { readHead } from "./read-head.js";
import { FolderWalk } from "./walk-folders.js";
import type { ThreadAnswer, ThreadJob, ThreadSetup } from "./walk-job.js";

/** A thread of a scan: does one job after the other, each answered once. */

const setup = workerData as ThreadSetup;
const port = parentPort!;
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

port.on("message", (job: ThreadJob) => {
  void answer(job)
    .catch((error: unknown): ThreadAnswer => {
      const message = error instanceof Error ? error.message : String(error);
      return { kind: "failed", message, errno: errnoOf(error) };
    })
    .then((result) => port.postMessage(result));
});
