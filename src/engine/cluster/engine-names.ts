/** Engines that this version submits to; `local` is this machine. */
export const ENGINES = ["local", "slurm", "lsf", "sge", "pbs", "aws-batch", "kubernetes", "command"] as const;
export type EngineName = (typeof ENGINES)[number];

/** Engines that are nothing without settings of a profile: the field that holds them. */
export const ENGINE_SETTINGS = { "aws-batch": "batch", kubernetes: "kubernetes", command: "templates" } as const satisfies {
  readonly [K in EngineName]?: string;
};
