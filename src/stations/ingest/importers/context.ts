import type { ShardCodec } from "../../../arrays/stream/plan/layout.js";
import type { Place } from "../../../core/errors.js";
import type { TypeKey } from "../../../model/kinds.js";
import { scalarText } from "../config/nodes.js";
import type { RunData } from "../config/run-data-map.js";
import type { Block, IngestConfig, Source } from "../config/schema.js";
import { type FinderContext, type Found, findItems } from "../finders/finder.js";
import type { Listing } from "../finders/listing.js";
import type { Looked } from "../finders/near-names.js";
import type { Scope } from "../finders/scope.js";
import type { GivenId, StoredEntities } from "../identifiers.js";
import type { OpenAddress } from "../ops/photo.js";
import type { OmeZarrVersion } from "../ops/volume-params.js";
import type { Selection } from "../selection.js";
import type { SourceFiles } from "../source-files.js";
import type { EmptyFinds } from "./empty-finds.js";
import type { FindLedger } from "./unused-finds.js";

/** What every importer sees while a plan is made. Nothing in it is changed. */
export interface PlanContext {
  readonly config: IngestConfig;
  readonly selection: Selection;
  readonly source: Listing;
  readonly target: Listing;
  /** Small files of the source and the target, each read once. */
  readonly files: SourceFiles;
  /** Metadata that is on the target, each container read once. */
  readonly stored: StoredEntities;
  readonly runData: RunData;
  readonly compat: boolean;
  readonly writeMrc: boolean;
  readonly writeZarr: boolean;
  readonly omeZarr: OmeZarrVersion;
  /** Of the chunks of OME-Zarr 0.5. Default `blosc-lz4`. */
  readonly codec?: ShardCodec | undefined;
  /** Address of the published tree, as views name it. */
  readonly viewUrl: string;
  readonly force: boolean;
  /** Point lists without a row of their tomogram are written empty. */
  readonly allowEmpty: boolean;
  /** Points outside of their tomogram are a failure. */
  readonly strict: boolean;
  /** Worker threads that a large volume may use: for estimates of memory. */
  readonly threads: number;
  readonly reserved: readonly GivenId[];
  /** Ids that other imports, which may be running, have laid claim to. */
  readonly claimed: readonly GivenId[];
  readonly signal: AbortSignal | undefined;
  /** Opens what lies outside of source and target: pictures by their address. */
  readonly open: OpenAddress;
  /** Takes note of sources that find nothing: told once for all runs. */
  readonly empty: EmptyFinds;
  /** Takes note of what sources find: what nothing comes of is told in the end. */
  readonly finds: FindLedger;
}

/** One item that a section's sources found, with the block it belongs to. */
export interface SectionItem extends Found {
  readonly block: Block;
  readonly source: Source;
}

export interface SectionItems {
  readonly items: readonly SectionItem[];
  /** Sources whose parent filters let this scope through: something was expected of each. */
  readonly applied: readonly Source[];
}

/** Runs all sources of a section in a scope: blocks in the order of the file, sources in the order of their list. */
export async function findSection(
  context: PlanContext,
  type: TypeKey,
  scope: Scope,
  literal?: FinderContext["literal"],
): Promise<SectionItems> {
  const items: SectionItem[] = [];
  const applied: Source[] = [];
  const replaced: Found[] = [];
  const looked: Looked[] = [];
  const finderContext: FinderContext = {
    onGlob: (where, pattern) => void looked.push({ listing: context[where], pattern }),
    onReplaced: (item, by) => {
      replaced.push(item);
      const other = by.key === null ? "another find" : by.key.slice(by.key.lastIndexOf("/") + 1);
      if (item.key !== null) context.finds.because(item.key, `its name is also that of ${other}`);
    },
    source: context.source,
    target: context.target,
    type,
    sourcePrefix: context.config.sourcePrefix,
    compat: context.compat,
    literal,
    signal: context.signal,
  };
  for (const block of sectionOf(context, type)?.blocks ?? []) {
    for (const source of block.sources) {
      const found = await findItems(source, scope, finderContext);
      if (!found) continue;
      applied.push(source);
      context.finds.note(type, source, scope, [...found, ...replaced.splice(0)]);
      for (const item of found) items.push({ ...item, block, source });
      context.empty.note(type, source, scope, found.length === 0, looked.splice(0));
    }
  }
  return { items, applied };
}

export function sectionOf(context: Pick<PlanContext, "config">, type: TypeKey) {
  return [...context.config.sections.values()].find((section) => section.type === type);
}

/** Place of a field of a block's metadata, or of the block. */
export function placeOf(block: Block, field?: string): Place {
  const node = field === undefined ? undefined : block.metadata?.entries.get(field);
  return node?.place ?? block.metadata?.place ?? block.place;
}

/** Whether the filters of the command let an item through. */
export function isAsked({ selection }: Pick<PlanContext, "selection">, type: TypeKey, item: Pick<SectionItem, "name">): boolean {
  return selection.accepts(type, scalarText(item.name));
}

/** Whether items or metadata of a kind were asked for. */
export function wants({ selection }: Pick<PlanContext, "selection">, type: TypeKey): boolean {
  return selection.items(type) || selection.metadata(type);
}

/** Whether anything of tomograms was asked for: only then is a run without one worth a word. */
export function wantsTomograms(context: Pick<PlanContext, "selection">): boolean {
  return wants(context, "tomogram");
}
