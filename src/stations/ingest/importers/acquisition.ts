import { EmporiumError } from "../../../core/errors.js";
import type { Task } from "../../../engine/task.js";
import { type Mdoc, parseMdoc } from "../../../formats/mdoc/read.js";
import { mdocKey } from "../../../model/layout.js";
import { scalarText } from "../config/nodes.js";
import type { Draft, Whereabouts } from "../draft.js";
import type { Ancestor, Scope } from "../finders/scope.js";
import { findSection, isAsked, type PlanContext, type SectionItem, sectionOf } from "./context.js";
import { addCopies, distinctFiles } from "./copies.js";
import { placeOfFinder } from "./source-names.js";

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

/** Finds the acquisition file that a run's sources name. Nothing is read yet. */
export async function findAcquisition(context: PlanContext, run: Ancestor, scope: Scope): Promise<Acquisition> {
  const name = scalarText(run.name);
  const key = mdocKey(run.folder, name);
  const { items, applied } = await findSection(context, "collection_metadata", scope);
  const files = distinctFiles(items).filter((item) => isAsked(context, "collection_metadata", item));
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
        throw new EmporiumError("STORE_ABSENT", `${name}: no acquisition file (mdoc) is configured, and ${key} is not there`, {
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
        throw new EmporiumError("FORMAT_FIELD", `${shown}: no section [ZValue = …], an acquisition file has one for each image`, {
          place: { file: shown },
          hint: "check that this is the mdoc of the tilt series",
        });
      });
    },
  };
}

/** Plans the copy. Its failure is the run's alone. */
export function planAcquisition(
  context: PlanContext,
  draft: Draft,
  { item, key, problem }: Acquisition,
  where: Whereabouts,
): Task[] {
  if (!context.selection.items("collection_metadata")) return [];
  if (problem?.code === "CONFIG_COLLISION") throw problem;
  if (!item || item.atTarget) return [];
  const title = `acquisition file of ${where.run}`;
  return addCopies(context, draft, {
    kind: "collection_metadata",
    title,
    copies: [{ item, to: key, title }],
    place: item.place,
    where,
  });
}

/** Whether a file of the target is there. Asks for the listing of its folder, where the folder is there. */
async function storedFile({ target }: PlanContext, key: string): Promise<boolean> {
  const folder = key.slice(0, key.lastIndexOf("/") + 1);
  const entry = await target.child(folder, key.slice(folder.length));
  return entry !== undefined && !entry.key.endsWith("/");
}
