import { compilePattern } from "../../../engine/pattern.js";
import type { Store } from "../../../stores/store.js";
import { DEPOSITIONS } from "./tree.js";

/** Expressions on the names of datasets' folders, each matched from the start of the name. An exclusion wins. */
export interface DatasetExpressions {
  readonly filter?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

export interface ChosenDatasets {
  readonly folders: readonly string[];
  /** Warnings: named datasets that are excluded, and expressions without a dataset. */
  readonly warnings: readonly string[];
}

/**
 * Selects the folders of datasets.
 *
 * @param named datasets that were given by name; undefined: the tree is listed
 * @returns undefined without expressions
 * @throws {EmporiumError} CONFIG_REGEX for an invalid expression; STORE_…
 */
export async function chooseDatasets(
  store: Store,
  named: readonly string[] | undefined,
  { filter = [], exclude = [] }: DatasetExpressions,
  signal?: AbortSignal,
): Promise<ChosenDatasets | undefined> {
  if (filter.length + exclude.length === 0) return undefined;
  const wanted = filter.map((source) => compilePattern(source, { path: "--filter-datasets" }));
  const unwanted = exclude.map((source) => compilePattern(source, { path: "--exclude-dataset" }));
  const candidates = named ?? (await foldersOf(store, signal));
  const matches = (patterns: typeof wanted, name: string) => patterns.some((pattern) => pattern.atStart(name) !== undefined);
  const accepts = (name: string) => (wanted.length === 0 || matches(wanted, name)) && !matches(unwanted, name);
  return {
    folders: candidates.filter(accepts),
    warnings: [
      ...(named ?? []).filter((name) => !accepts(name)).map((name) => `--dataset ${name} is left out by another option`),
      ...filter
        .filter((_, i) => !candidates.some((name) => matches([wanted[i]!], name)))
        .map((source) => `--filter-datasets ${source}: no dataset's name begins so`),
    ],
  };
}

async function foldersOf(store: Store, signal: AbortSignal | undefined): Promise<string[]> {
  const names: string[] = [];
  for await (const { key } of store.children("", { signal })) {
    const name = key.slice(0, -1);
    if (key.endsWith("/") && !name.startsWith(".") && name !== DEPOSITIONS) names.push(name);
  }
  return names;
}
