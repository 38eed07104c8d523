import type { EmporiumError } from "../../../core/errors.js";
import type { TypeKey } from "../../../model/kinds.js";
import { checkNames, isTemplate, templatesOf } from "./expand.js";
import type { ScalarNode } from "./nodes.js";
import type { Report } from "./parts.js";
import type { Finder, IngestConfig } from "./schema.js";

/** Kinds whose metadata is filled in from a run's row. */
export const EXPANDED: ReadonlySet<TypeKey> = new Set<TypeKey>(["tomogram", "tiltseries", "frame"]);

export interface KnownNames {
  /** Every name that templates of a type's sources may use. */
  of(type: TypeKey): ReadonlySet<string>;
  /** Columns of the run data map; undefined where they are not known. */
  readonly columns: ReadonlySet<string> | undefined;
}

/** Every template is compared with the names that exist where it stands, before anything is listed: CONFIG_VARIABLE. */
export function checkTemplates(config: IngestConfig, names: KnownNames, report: Report): void {
  const { columns } = names;
  const check = (node: ScalarNode, known: ReadonlySet<string>): void => {
    try {
      checkNames(node, known);
    } catch (error) {
      report(error as EmporiumError);
    }
  };
  const hasMap = config.maps.run_data_map_file !== undefined;
  for (const { type, blocks } of config.sections.values()) {
    const known = names.of(type);
    for (const { metadata, sources } of blocks) {
      for (const { finder, shape } of sources) {
        for (const node of finder ? templatedNodes(finder) : []) check(node, known);
        for (const node of [shape?.filterValue, shape?.meshSourcePath]) if (node) check(node, known);
      }
      if (!columns) continue;
      for (const { finder } of sources) for (const node of finder ? rowTemplates(finder, type) : []) check(node, columns);
      if (EXPANDED.has(type) && metadata && hasMap) for (const node of templatesOf(metadata)) check(node, columns);
    }
  }
}

/** Strings of a finder that are filled in with the names of entities and columns. */
function templatedNodes(finder: Finder): readonly ScalarNode[] {
  if ("glob" in finder) return [finder.glob];
  return finder.kind === "source_multi_glob" ? finder.globs : [];
}

/** Strings of a finder that are filled in from a run's row alone. */
function rowTemplates(finder: Finder, type: TypeKey): readonly ScalarNode[] {
  if (finder.kind !== "literal" || type !== "voxel_spacing") return [];
  return finder.values.map(({ name }) => name).filter(({ value }) => typeof value === "string" && isTemplate(value));
}
