import { ENGINES, type EngineName } from "../../src/engine/cluster/engine-names.js";

/** What every engine must do. The suite takes its titles from here, and so does docs/reference/engines.md. */
export const ROWS = {
  limits: "says how long an array may be",
  list: "runs each slice of a list once, whatever its number",
  one: "runs an array of one slice",
  plain: "runs a job without slices",
  words: "quotes nothing and loses nothing of the script",
  logs: "keeps what a job prints in the folder that is named",
  find: "finds a job by its name while it is there, and not afterwards",
  cancel: "cancels what waits and what runs",
  gone: "knows nothing of a job that is long gone, and says so",
  after: "begins a job when those before it are over, however they ended",
  refuse: "refuses a queue that is not there, in the engine's words, with a hint",
} as const;
export type Row = keyof typeof ROWS;

/** Engines that run on this machine: test/peers/engines.test.ts starts them. */
export const REAL = ["slurm", "sge"] as const satisfies readonly EngineName[];
/** Engines that a program of ours plays by their documentation: test/conformance/engines.test.ts. */
export const PLAYED = ["lsf", "sge", "pbs", "aws-batch", "kubernetes", "command"] as const satisfies readonly EngineName[];

/** What an engine does not have. */
export const LACKS: { readonly [K in EngineName]?: readonly Row[] } = {
  local: ["after", "refuse"],
  "aws-batch": ["logs"],
  kubernetes: ["logs", "after", "refuse"],
};

/** Where else an engine is compared with what its makers publish. */
const MODELS: { readonly [K in EngineName]?: string } = {
  "aws-batch": "requests and replies: Amazon's model, moto",
  kubernetes: "manifests: the published model; flags: the real kubectl",
};

/** The page that tells what was tried on what. */
export function engineTable(): string {
  const cell = (engine: EngineName, row: Row) => {
    if (LACKS[engine]?.includes(row)) return "–";
    if (engine === "local" || (REAL as readonly EngineName[]).includes(engine)) return "real";
    return (PLAYED as readonly EngineName[]).includes(engine) ? "played" : "";
  };
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rows = (Object.keys(ROWS) as Row[]).map((row) => line([ROWS[row], ...ENGINES.map((engine) => cell(engine, row))]));
  const models = ENGINES.map((engine) => MODELS[engine] ?? "");
  return [
    "# What was tried on which engine",
    "",
    "Written by `npx vitest run test/conformance/engine-table.test.ts -u` from the suites themselves. *real*: the engine itself ran the jobs.",
    "*played*: a program of ours took the documented words or requests and ran the jobs; nobody has tried the engine itself. –: the engine",
    "has no such thing.",
    "",
    line(["what an engine must do", ...ENGINES]),
    line(["---", ...ENGINES.map(() => "---")]),
    ...rows,
    line(["compared with what its makers publish", ...models]),
    "",
  ].join("\n");
}
