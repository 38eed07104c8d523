import { few } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import type { Question, Role } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId } from "../questions.js";
import { baseName, folderOf } from "../recognisers/common/paths.js";
import type { Laboratory } from "../survey/laboratory.js";
import { outOrAsIs } from "./claim.js";

/** What was made of the images of a series: an entry may have it, and whoever reconstructs the series anew has another one. */
const MADE: readonly Role[] = ["tomogram", "half map", "mask", "mesh", "points"];

/**
 * Entries of EMPIAR that lie in the folder as they were downloaded, beside what somebody has made of them or of other series. Series of which everything lies
 * in the entry, and what the entry has made of others, are public already: whether they are published once more is asked. Where there is nothing else
 * somebody wants the entry published.
 */
export function empiarQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const entryOf = entryFinder(laboratory);
  const used = [...files.values()].filter(({ role, run }) => role !== "left out" && run !== undefined);
  const inEntries = used.filter(({ path }) => entryOf(path) !== undefined);
  if (inEntries.length === 0 || inEntries.length === used.length) return [];
  const outside = groupsOf(
    used.filter(({ path }) => entryOf(path) === undefined),
    ({ run }) => run!,
  );
  const isMade = ({ role }: Decision) => MADE.includes(role);
  const doubts = inEntries.filter((file) => {
    const others = outside.get(file.run!);
    return file.strength !== "person" && (others === undefined || (isMade(file) && others.some(isMade)));
  });
  return [...groupsOf(doubts, ({ path }) => entryOf(path)!)].map(([folder, own]): Question => {
    const entry = `EMPIAR-${/\d+$/.exec(folder)![0]}`;
    const made = own.filter(isMade);
    const some = (made.length > 0 ? made : own).map(({ path }) => path);
    return {
      id: stableId("empiar", folder),
      text: `Should the files of ${entry} be published again?`,
      why: `They are in ${folder} as EMPIAR has them, such as ${few(some)}; what somebody made from them, or from other series, is in other folders.`,
      files: own.map(({ path }) => path),
      options: outOrAsIs(own, {
        because: `of the entry ${entry}, which is public already`,
        ...{ out: "no: EMPIAR has them", as: "publish", says: "yes: published" },
      }),
      guess: "leave-out",
    };
  });
}

const NUMBERED = /^(?:EMPIAR[-_ ]?)?\d{5,6}$/i;

/** The folder of the entry that a file lies in: called by its number, as EMPIAR calls it, with a folder `data`; and its number is no other one. */
function entryFinder(laboratory: Laboratory): (path: string) => string | undefined {
  const entries = new Set<string>();
  for (const folder of laboratory.folders()) {
    const parts = folder.split("/");
    for (const [at, part] of parts.entries()) {
      if (part !== "data" || at === 0 || !NUMBERED.test(parts[at - 1]!)) continue;
      const entry = parts.slice(0, at).join("/");
      const number = /\d+$/.exec(entry)![0];
      const isCalled = /empiar/i.test(parts[at - 1]!) || /empiar/i.test(parts[at - 2] ?? "");
      const isDescribed = ["xml", "json"].some((end) => laboratory.get(`${entry}/${number}.${end}`) !== undefined);
      if (isCalled || isDescribed) entries.add(entry);
    }
  }
  return (path) => {
    if (entries.size === 0) return undefined;
    for (let folder = folderOf(path); folder !== ""; folder = folderOf(folder))
      if (NUMBERED.test(baseName(folder)) && entries.has(folder)) return folder;
    return undefined;
  };
}
