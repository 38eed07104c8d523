import { quoteWords } from "../../../core/shell.js";
import type { Plan, PlanItem } from "../plan/plan.js";

/** The words of the command that sends an item. */
export function awsWords({ action, source, target }: PlanItem, { transfer }: Plan): string[] {
  const { awsFlags, awsProfile, region, endpoint, acl, storageClass, filters } = transfer;
  const given = (flag: string) => awsFlags.some((word) => word === flag || word.startsWith(`${flag}=`));
  const flag = (name: string, value: string | undefined) => (value === undefined || given(name) ? [] : [name, value]);
  return [
    ...["aws", "s3", action, source, target],
    ...awsFlags,
    ...flag("--profile", awsProfile),
    ...flag("--region", region),
    ...flag("--endpoint-url", endpoint),
    ...flag("--acl", acl),
    ...flag("--storage-class", storageClass),
    ...filters.flatMap((filter) => [`--${filter.action}`, filter.pattern]),
    ...(transfer.delete && action === "sync" ? ["--delete"] : []),
  ];
}

/** A job that waits for another one. LSF takes the other job's name; Slurm its number, from a variable of the script. */
export interface JobOptions {
  readonly job: string;
  readonly after?: string | undefined;
}

/** The words of `bsub`. Its last word is a command line, which LSF runs in a shell. */
export function bsubWords(command: readonly string[], { job, after }: JobOptions, { cluster }: Plan): string[] {
  const { slots, project, queue, walltimeMinutes, memoryBytes, logs } = cluster;
  return [
    ...["bsub", "-J", job, "-n", String(slots)],
    ...(project === undefined ? [] : ["-P", project]),
    ...(queue === undefined ? [] : ["-q", queue]),
    ...(walltimeMinutes === undefined ? [] : ["-W", hoursAndMinutes(walltimeMinutes)]),
    ...(memoryBytes === undefined ? [] : ["-M", `${mebibytes(memoryBytes)}MB`]),
    ...(logs === undefined ? [] : ["-o", `${logs}/${job}.%J.log`]),
    ...(after === undefined ? [] : ["-w", `done("${after}")`]),
    quoteWords(command),
  ];
}

/** The words of `sbatch`, without a dependency. Slurm runs the command line behind `--wrap` in a shell. */
export function sbatchWords(command: readonly string[], { job }: JobOptions, { cluster }: Plan): string[] {
  const { slots, project, queue, walltimeMinutes, memoryBytes, logs } = cluster;
  return [
    ...["sbatch", "-J", job, "-n", String(slots)],
    ...(project === undefined ? [] : ["-A", project]),
    ...(queue === undefined ? [] : ["-p", queue]),
    ...(walltimeMinutes === undefined ? [] : ["-t", `${hoursAndMinutes(walltimeMinutes)}:00`]),
    ...(memoryBytes === undefined ? [] : [`--mem=${mebibytes(memoryBytes)}M`]),
    ...(logs === undefined ? [] : ["-o", `${logs}/${job}.%j.log`]),
    ...["--wrap", quoteWords(command)],
  ];
}

const hoursAndMinutes = (minutes: number): string => `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;

const mebibytes = (bytes: number): number => Math.ceil(bytes / 2 ** 20);
