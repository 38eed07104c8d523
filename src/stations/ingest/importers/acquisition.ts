import { EmporiumError } from "../../../core/errors.js";
import type { Task } from "../../../engine/task.js";
import { type Mdoc, parseMdoc } from "../../../formats/mdoc/read.js";
import { mdocKey } from "../../../model/layout.js";
import { orNothing } from "../draft.js";
import type { PlanContext } from "./context.js";
import { addCopies, distinctFiles } from "./copies.js";
import type { ImportContext, Importer } from "./importer.js";
import { findSection, isAsked, type SectionItem, sectionOf, wants } from "./sections.js";
import { placeOfFinder } from "./source-names.js";

const KIND = "collection_metadata";

/** The acquisition file (mdoc) of a run. */
export interface Acquisition {
  /** Undefined where none is configured for the run, or none could be found or chosen. */
  readonly item: SectionItem | undefined;
  /** Key of the copy on the target. */
  readonly key: string;
  /** Why there is none, though one was to be expected. */
  readonly problem: EmporiumError | undefined;
  /** @throws {EmporiumError} FORMAT_…, STORE_…; the problem where there is one; STORE_ABSENT where none is configured */
  read(): Promise<Mdoc>;
}

/** The acquisition file of a run, read when it is first needed. The plan has the tasks that copy it. */
export const acquisition: Importer<Acquisition, readonly Task[]> = {
  kind: KIND,
  per: "run",
  files: { emptyTold: "section", feeds: ["frame", "tiltseries"] },
  needs: [],
  title: ({ location }) => `acquisition file of ${location.run}`,
  isWanted: wantsAcquired,
  find: findAcquisition,
  async plan(context, { item, key, problem, read }) {
    // of the target's there is nothing to be said: its series is there, too
    const mdoc = item && !item.atTarget ? await orNothing(read) : undefined;
    const runFolder = context.entity.folder;
    if (mdoc) context.uses.countImages({ runFolder, count: mdoc.sections.length, words: "images in its mdoc" });
    if (!context.selection.items(KIND)) return [];
    if (problem?.code === "CONFIG_COLLISION") throw problem;
    if (!item || item.atTarget) return [];
    const title = acquisition.title(context);
    return addCopies(context, { kind: KIND, title, copies: [{ item, to: key, title }], place: item.place });
  },
};

/** Whether anything is selected that uses the acquisition: alignments name the tilt series. */
export function wantsAcquired(context: PlanContext): boolean {
  const { selection } = context;
  return selection.walks(KIND) || selection.walks("frame") || wantsTiltseries(context);
}

export function wantsTiltseries(context: PlanContext): boolean {
  return context.selection.walks("tiltseries") || wants(context, "alignment");
}

async function findAcquisition(context: ImportContext): Promise<Acquisition> {
  const name = context.location.run!;
  const key = mdocKey(context.entity.folder, name);
  const { items, applied } = await findSection(context, KIND, context.scope);
  const files = distinctFiles(items).filter((item) => isAsked(context, KIND, item));
  const item = context.compat ? files.at(-1) : files[0];
  let problem: EmporiumError | undefined;
  if (!item && applied.length > 0) {
    problem = new EmporiumError("CONFIG_EMPTY", `${name}: no acquisition file (mdoc) found`, {
      place: placeOfFinder(applied[0]!),
      hint: "check the glob, or exclude the run by parent_filters",
    });
  } else if (files.length > 1 && !context.compat) {
    const found = files.map((file) => context.source.fullPath(file.key!));
    problem = new EmporiumError(
      "CONFIG_COLLISION",
      `${name}: ${found.slice(0, 3).join(" and ")}${found.length > 3 ? ` and ${found.length - 3} more` : ""} would all be written as ${key}`,
      { place: files[1]!.place, hint: "narrow the glob to one mdoc a run" },
    );
  }
  return {
    item: problem ? undefined : item,
    key,
    problem,
    async read() {
      if (problem) throw problem;
      const stored = item ? undefined : await storedFile(context, key);
      if (!item && !stored) {
        throw new EmporiumError("STORE_ABSENT", `${name}: no acquisition file (mdoc) is configured, and ${key} does not exist`, {
          place: sectionOf(context, "frame")?.place,
          hint: "add a section collection_metadata that finds it",
        });
      }
      const file = item
        ? await context.files.read(item.atTarget ? "target" : "source", item.key!, item.stat)
        : await context.files.read("target", key);
      return context.files.parsed(file, "mdoc", ({ bytes, name: shown }) => {
        const mdoc = parseMdoc(bytes, shown);
        if (mdoc.sections.length > 0) return mdoc;
        throw new EmporiumError("FORMAT_FIELD", `${shown}: no section [ZValue = …]; an acquisition file has one for each image`, {
          place: { file: shown },
          hint: "check that this is the mdoc of the tilt series",
        });
      });
    },
  };
}

/** Whether a file of the target is there. Asks for the listing of its folder, where the folder is there. */
async function storedFile({ target }: PlanContext, key: string): Promise<boolean> {
  const folder = key.slice(0, key.lastIndexOf("/") + 1);
  const entry = await target.child(folder, key.slice(folder.length));
  return entry !== undefined && !entry.key.endsWith("/");
}
