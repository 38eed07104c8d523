/** Engines that this version submits to; `local` is this machine. */
export const ENGINES = ["local", "slurm", "lsf", "sge", "pbs", "aws-batch", "kubernetes", "command"] as const;
export type EngineName = (typeof ENGINES)[number];

const TITLES: Readonly<Record<EngineName, string>> = {
  local: "this machine",
  slurm: "Slurm",
  lsf: "LSF",
  sge: "Grid Engine",
  pbs: "PBS",
  "aws-batch": "AWS Batch",
  kubernetes: "Kubernetes",
  command: "the cluster's engine",
};

/** An engine as people call it. */
export const engineTitle = (name: string): string => TITLES[name as EngineName] ?? name;

/** Engines that are nothing without settings of a profile: the field that holds them. */
export const ENGINE_SETTINGS = { "aws-batch": "batch", kubernetes: "kubernetes", command: "templates" } as const satisfies {
  readonly [K in EngineName]?: string;
};
