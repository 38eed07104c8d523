import type { SelectionFlags } from "../selection.js";

export interface JobChoices {
  readonly selection: SelectionFlags;
  readonly writeMrc: boolean;
  readonly writeZarr: boolean;
  readonly forceOverwrite: boolean;
  readonly httpsPrefix: string;
}

/** Types by which jobs are cut: each job has filters of its own for them. */
const CUT_BY = new Set(["dataset", "run"]);

/** Flags for every job: those of the call, without filters of datasets and runs. */
export function jobFlags({ selection, writeMrc, writeZarr, forceOverwrite, httpsPrefix }: JobChoices): string[] {
  const { everything, allMetadata, items = [], metadata = [], filter = {}, exclude = {} } = selection;
  const kebab = (name: string) => name.replaceAll("_", "-");
  const rules = (verb: string, all: NonNullable<SelectionFlags["filter"]>) =>
    Object.entries(all)
      .filter(([type]) => !CUT_BY.has(type))
      .flatMap(([type, sources = []]) => sources.flatMap((source) => [`--${verb}-${kebab(type)}-name`, source]));
  return [
    ...(everything ? ["--import-everything"] : []),
    ...(allMetadata ? ["--import-all-metadata"] : []),
    ...items.map((section) => `--import-${kebab(section)}`),
    ...metadata.map((type) => `--import-${kebab(type)}-metadata`),
    ...rules("filter", filter),
    ...rules("exclude", exclude),
    ...(writeMrc ? [] : ["--no-write-mrc"]),
    ...(writeZarr ? [] : ["--no-write-zarr"]),
    ...(forceOverwrite ? ["--force-overwrite"] : []),
    ...["--https-prefix", httpsPrefix],
  ];
}
