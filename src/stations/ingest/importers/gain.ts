import { gainFolder } from "../../../model/layout.js";
import type { Draft, Whereabouts } from "../draft.js";
import type { Ancestor, Scope } from "../finders/scope.js";
import { GAIN_MEMORY_BYTES, GAIN_OPERATION } from "../ops/gain.js";
import { findSection, isAsked, type PlanContext } from "./context.js";
import { addCopies, distinctFiles } from "./copies.js";
import { baseName } from "./source-names.js";

/**
 * Plans the gain references of a run: DM4 files become MRC files of the same values, all others are copied under their names.
 *
 * @throws {EmporiumError} CONFIG_COLLISION for two that would have one name
 */
export async function planGains(
  context: PlanContext,
  draft: Draft,
  run: Ancestor,
  scope: Scope,
  where: Whereabouts,
): Promise<void> {
  if (!context.selection.items("gain")) return;
  const { items } = await findSection(context, "gain", scope);
  const files = distinctFiles(items.filter(({ atTarget }) => !atTarget)).filter((item) => isAsked(context, "gain", item));
  if (files.length === 0) return;
  const folder = gainFolder(run.folder);
  const title = `gain references of ${where.run}`;
  const copies = files.map((item) => {
    const name = baseName(item.key!);
    const converted = DM4.test(name);
    return {
      item,
      to: `${folder}/${converted ? name.replace(DM4, ".mrc") : name}`,
      title: `gain reference ${name} of ${where.run}`,
      conversion: converted ? { run: GAIN_OPERATION, memoryBytes: GAIN_MEMORY_BYTES } : undefined,
    };
  });
  addCopies(context, draft, { kind: "gain", title, copies, place: files[0]!.place, where });
}

const DM4 = /\.dm4$/i;
