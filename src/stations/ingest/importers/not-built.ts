import type { Place } from "../../../core/errors.js";
import { KINDS, type TypeKey } from "../../../model/kinds.js";
import type { IngestConfig } from "../config/schema.js";
import type { Selection } from "../selection.js";

/** A part of what was asked for that this version cannot make. */
export interface NotBuilt {
  readonly type: TypeKey;
  readonly section: string;
  /** Source entries of the configuration; 0 for what the reference makes unasked. */
  readonly sources: number;
  /** Where the section begins. */
  readonly place: Place | undefined;
}

const MISSING: ReadonlySet<TypeKey> = new Set<TypeKey>(["annotation_viz", "viz_config"]);

/** What the reference makes of every import, whether the configuration has a section for it or not. */
const UNASKED: ReadonlySet<TypeKey> = new Set<TypeKey>(["viz_config", "annotation_viz"]);

/** Sections that were selected and are left out, in walking order. */
export function notBuiltSections(config: IngestConfig, selection: Selection): NotBuilt[] {
  const missing: NotBuilt[] = [];
  for (const { type, section } of KINDS) {
    if (!selection.items(type) && !selection.metadata(type)) continue;
    const configured = config.sections.get(section);
    const place = configured && { ...configured.place, path: undefined };
    const sources = (configured?.blocks ?? []).flatMap((block) => block.sources);
    if (MISSING.has(type) && (sources.length > 0 || (UNASKED.has(type) && isPossible(type, config)))) {
      missing.push({ type, section, sources: sources.length, place });
    }
  }
  return missing;
}

/** Whether there is anything to make it from. */
function isPossible(type: TypeKey, { sections }: IngestConfig): boolean {
  return (sections.get(type === "annotation_viz" ? "annotations" : "tomograms")?.blocks.length ?? 0) > 0;
}
