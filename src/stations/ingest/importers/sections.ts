import type { Place } from "../../../core/errors.js";
import type { TypeKey } from "../../../model/kinds.js";
import { scalarText } from "../config/nodes.js";
import type { Block, Source } from "../config/schema.js";
import { type FinderContext, type Found, findItems } from "../finders/finder.js";
import type { Looked } from "../finders/near-names.js";
import type { Scope } from "../finders/scope.js";
import type { PlanContext } from "./context.js";

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
  const patterns: string[] = [];
  let current: Source | undefined;
  const finderContext: FinderContext = {
    onGlob(where, pattern) {
      looked.push({ listing: context[where], pattern });
      if (where === "target") return;
      patterns.push(pattern);
      context.arriving?.looksFor?.(type, scope, pattern);
    },
    onReplaced: (item, by) => {
      replaced.push(item);
      const other = by.key === null ? "another find" : by.key.slice(by.key.lastIndexOf("/") + 1);
      if (item.key !== null) context.finds.because(item.key, `its name is also that of ${other}`);
    },
    onLeft(key, by, name) {
      context.uses.leave(key, by, current!);
      if (type === "run" && name !== undefined) context.uses.nameRun(scope, name);
    },
    source: context.source,
    target: context.target,
    type,
    sourcePrefix: context.config.sourcePrefix,
    compat: context.compat,
    literal,
    signal: context.signal,
    isLeft: context.arriving && ((find) => context.arriving!.leaves(type, scope, find)),
  };
  for (const block of sectionOf(context, type)?.blocks ?? []) {
    for (const source of block.sources) {
      current = source;
      const found = await findItems(source, scope, finderContext);
      if (!found) {
        context.uses.skip({ type, source, scope });
        continue;
      }
      applied.push(source);
      context.uses.note(type, source, scope, { found, patterns: patterns.splice(0) });
      context.finds.note(type, source, scope, [...found, ...replaced.splice(0)]);
      for (const item of found) items.push({ ...item, block, source });
      context.empty.note(type, source, scope, found.length === 0, looked.splice(0));
    }
  }
  if (items.length === 0 && applied.length > 0) context.arriving?.foundNothing(type, scope);
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
