import type { ArrayJob } from "../engine-executor.js";
import { indexRanges } from "./index-ranges.js";

/** Seconds before the end of the allotted time at which a worker is told to stop. */
const NOTICE_S = 120;

/**
 * The words behind `sbatch` for a script on its standard input (sbatch(1)). The signal goes to the script's own process, which is the
 * worker: it stops at the next border between tasks.
 */
export function sbatchWords({ name, indices, resources, slots, after = [], logs }: ArrayJob): string[] {
  const { cpus, memoryBytes, gpus, walltimeMinutes, queue, account, words } = resources;
  const at = indices === undefined ? "%j" : "%A_%a";
  return [
    "--parsable",
    `--job-name=${name}`,
    ...(indices === undefined ? [] : [`--array=${indexRanges(indices)}${slots === undefined ? "" : `%${slots}`}`]),
    "--requeue",
    "--open-mode=append",
    `--signal=B:TERM@${NOTICE_S}`,
    "--nodes=1",
    "--ntasks=1",
    `--cpus-per-task=${cpus}`,
    `--mem=${Math.ceil(memoryBytes / 2 ** 20)}M`,
    ...(gpus > 0 ? [`--gres=gpu:${gpus}`] : []),
    ...(walltimeMinutes === undefined ? [] : [`--time=${walltimeMinutes}`]),
    ...(queue === undefined ? [] : [`--partition=${queue}`]),
    ...(account === undefined ? [] : [`--account=${account}`]),
    ...(after.length === 0 ? [] : [`--dependency=afterany:${after.map(({ id }) => id).join(":")}`, "--kill-on-invalid-dep=yes"]),
    `--output=${logs === undefined ? "/dev/null" : `${logs}/${name}.${at}.log`}`,
    ...words,
  ];
}
