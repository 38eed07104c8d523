import { inMemory } from "../../../core/bytes.js";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import type { Task } from "../../../engine/task.js";
import type { CtfEntry } from "../../../formats/ctf/entry.js";
import { ctfFormat, parseCtf } from "../../../formats/ctf/read.js";
import { readRelionCtf } from "../../../formats/ctf/relion.js";
import { parseTiltAngles, type TiltAngle } from "../../../formats/tilt-angles/read.js";
import { ctfKey, tiltseriesKeys } from "../../../model/layout.js";
import { checkName } from "../../../model/names.js";
import { textOfNode } from "../config/nodes.js";
import { wantsTiltseries } from "./acquisition.js";
import type { PlanContext } from "./context.js";
import { addCopies, distinctFiles, extensionOf } from "./copies.js";
import { attempt, type ImportContext, type Importer, warn } from "./importer.js";
import { findSection, isAsked, placeOf, type SectionItem } from "./sections.js";

/** A small file that lies beside a tilt series: its raw tilt angles, or its CTF table. */
export interface SideFile {
  readonly item: SectionItem | undefined;
  /** Key of the copy on the target. */
  readonly key: string;
  /** Why there is none, though sources were to find one. */
  readonly problem: EmporiumError | undefined;
  /** `format` of a CTF table as the configuration writes it. */
  readonly format: string;
  /** Whether any source applies to the run. */
  readonly configured: boolean;
}

/** The raw tilt angles of a tilt series. Planned are the tasks that copy them. */
export const rawtilt: Importer<SideFile, readonly Task[]> = {
  kind: "rawtilt",
  per: "tiltseries",
  files: { emptyTold: "section", feeds: ["tiltseries"] },
  needs: [],
  title: ({ location }) => `raw tilt angles of ${location.run}`,
  isWanted: wantsTiltseries,
  async find(context) {
    const { items, applied } = await findSection(context, "rawtilt", context.scope);
    const key = tiltseriesKeys(context.entity.folder, context.location.run!).rawtilt;
    let files = distinctFiles(items).filter((item) => isAsked(context, "rawtilt", item));
    // of several files the one that is called so is meant, whatever else a wide glob finds
    const named = files.filter((item) => extensionOf(item.key!).toLowerCase() === ".rawtlt");
    if (named.length > 0 && !context.compat) {
      for (const file of files) if (!named.includes(file)) context.finds.passedOver(file.key!, "a .rawtlt beside it is used");
      files = named;
    }
    return { ...chooseOne(context, files, key), key, format: "", configured: applied.length > 0 };
  },
  plan: async (context, file) => planSideFile(context, rawtilt, file),
};

/** The CTF tables of a tilt series. Tables of several formats have several names; the values of the first one count. */
export const ctf: Importer<readonly SideFile[], readonly Task[]> = {
  kind: "ctf",
  per: "tiltseries",
  files: { emptyTold: "section", feeds: ["tiltseries"] },
  needs: [],
  title: ({ location }) => `CTF table of ${location.run}`,
  isWanted: wantsTiltseries,
  async find(context) {
    const { items, applied } = await findSection(context, "ctf", context.scope);
    const files = distinctFiles(items).filter((item) => isAsked(context, "ctf", item));
    const byFormat = new Map<string, SectionItem[]>();
    for (const item of files) {
      const format = textOfNode(item.block.metadata?.entries.get("format")) ?? "unknown";
      checkName(format, "CTF format", placeOf(item.block, "format"));
      byFormat.set(format, [...(byFormat.get(format) ?? []), item]);
    }
    return [...byFormat].map(([format, group]) => {
      const key = ctfKey(context.entity.folder, context.location.run!, format);
      return { ...chooseOne(context, group, key), key, format, configured: applied.length > 0 };
    });
  },
  async plan(context, files) {
    const entity = { kind: ctf.kind, title: ctf.title(context) };
    const tasks: Task[] = [];
    for (const file of files)
      tasks.push(...((await attempt(context, entity, async () => planSideFile(context, ctf, file))) ?? []));
    return tasks;
  },
};

/** Two files for one name are an error: which one is meant is unknown. (`compat`: the last one wins.) */
function chooseOne(context: ImportContext, files: readonly SectionItem[], key: string): Pick<SideFile, "item" | "problem"> {
  if (files.length <= 1 || context.compat) return { item: files.at(-1), problem: undefined };
  const found = files.map((file) => context.source.fullPath(file.key!));
  const names = `${found.slice(0, 3).join(" and ")}${found.length > 3 ? ` and ${found.length - 3} more` : ""}`;
  const problem = new EmporiumError("CONFIG_COLLISION", `${context.location.run}: ${names} would all be written as ${key}`, {
    place: files[1]!.place,
    hint: "narrow the glob to one file a tilt series",
  });
  return { item: undefined, problem };
}

/** Plans the copy of a side file. @throws {EmporiumError} its problem */
function planSideFile(context: ImportContext, importer: Importer, { item, key, problem }: SideFile): Task[] {
  const { kind } = importer;
  if (!context.selection.items(kind)) return [];
  if (problem) throw problem;
  if (!item || item.atTarget) return [];
  const title = importer.title(context);
  return addCopies(context, { kind, title, copies: [{ item, to: key, title }], place: item.place });
}

/** @throws {EmporiumError} FORMAT_…, STORE_… */
export async function readAngles(context: PlanContext, { item }: SideFile): Promise<{ angles: TiltAngle[]; name: string }> {
  const file = await context.files.read(item!.atTarget ? "target" : "source", item!.key!, item!.stat);
  return { angles: context.files.parsed(file, "angles", ({ bytes, name }) => parseTiltAngles(bytes, name)), name: file.name };
}

/** Entries of a CTF table; none of a table in a format that is not read. @throws {EmporiumError} FORMAT_…, STORE_… */
export async function readCtf(context: ImportContext, { item, format }: SideFile, runName: string): Promise<CtfEntry[]> {
  const known = ctfFormat(format);
  const ours = known === "relion" || known === "warp";
  if (known === undefined || !item || (ours && context.compat)) return [];
  const file = await context.files.read(item.atTarget ? "target" : "source", item.key!, item.stat);
  // one STAR file may hold the tilt series of all runs
  const onUnfitted = (unfitted: number, rows: number) => warn(context, unfittedText(file.name, unfitted, rows), item.place);
  if (known === "relion") {
    return readRelionCtf(inMemory(file.bytes, file.name), { tomoName: runName, onUnfitted, signal: context.signal });
  }
  if (known !== "warp") return context.files.parsed(file, `ctf ${known}`, ({ bytes, name }) => parseCtf(bytes, known, name));
  const { parseWarpCtf } = await import("../../../formats/ctf/warp.js"); // with a reader of XML
  return context.files.parsed(file, "ctf warp", ({ bytes, name }) => parseWarpCtf(bytes, name, onUnfitted));
}

function unfittedText(file: string, unfitted: number, rows: number): string {
  return `${file}: ${unfitted} of ${counted(rows, "image")} ${unfitted === 1 ? "has" : "have"} no CTF fit and ${unfitted === 1 ? "is" : "are"} left out`;
}
