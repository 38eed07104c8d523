import { gainFolder } from "../../../model/layout.js";
import { baseName } from "../../../stores/keys.js";
import { GAIN_MEMORY_BYTES } from "../ops/memory.js";
import { GAIN_OPERATION } from "../ops/names.js";
import { addCopies, distinctFiles } from "./copies.js";
import type { Importer } from "./importer.js";
import { findSection, isAsked, type SectionItem } from "./sections.js";

const DM4 = /\.dm4$/i;

/**
 * The gain references of a run: DM4 files are converted to MRC with the same values, all others are copied under their names. Two
 * with one name are a failure (CONFIG_COLLISION).
 */
export const gain: Importer<readonly SectionItem[]> = {
  kind: "gain",
  per: "run",
  files: { emptyTold: "section" },
  needs: [],
  title: ({ location }) => `gain references of ${location.run}`,
  isWanted: ({ selection }) => selection.items("gain"),
  async find(context) {
    const { items } = await findSection(context, "gain", context.scope);
    return distinctFiles(items.filter(({ atTarget }) => !atTarget)).filter((item) => isAsked(context, "gain", item));
  },
  async plan(context, files) {
    if (files.length === 0) return;
    const folder = gainFolder(context.entity.folder);
    const copies = files.map((item) => {
      const name = baseName(item.key!);
      const converted = DM4.test(name);
      return {
        item,
        to: `${folder}/${converted ? name.replace(DM4, ".mrc") : name}`,
        title: `gain reference ${name} of ${context.location.run}`,
        conversion: converted ? { run: GAIN_OPERATION, memoryBytes: GAIN_MEMORY_BYTES } : undefined,
      };
    });
    addCopies(context, { kind: "gain", title: gain.title(context), copies, place: files[0]!.place });
  },
};
