/** Engines that this version submits to; `local` is this machine. */
export const ENGINES = ["local", "slurm", "lsf", "sge", "pbs"] as const;
export type EngineName = (typeof ENGINES)[number];
