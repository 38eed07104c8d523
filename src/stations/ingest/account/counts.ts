import { few } from "../../../core/finding.js";
import { counted } from "../../../core/units.js";
import { runFolder } from "../../../model/layout.js";
import { type Finding, finding } from "./finding.js";
import { type Count, type UseLedger, useName } from "./ledger.js";

/**
 * Runs whose files disagree on the number of images: one sentence for each pair of things that are counted.
 *
 * @param isTold whether a count follows from another finding, so that it is not told again.
 */
export function countFindings({ counts }: UseLedger, isTold: (count: Count) => boolean): Finding[] {
  const groups = new Map<string, Count[]>();
  const bare = (text: string) => text.replace(/^\d+ /, "");
  for (const one of counts.filter((count) => !isTold(count))) {
    const id = `${one.kind} ${bare(one.found).replace(/s$/, "")} ${bare(one.expected).replace(/s$/, "")} ${one.isUsual}`;
    groups.set(id, [...(groups.get(id) ?? []), one]);
  }
  return [...groups.values()].map((group) => {
    const [first] = group;
    const shown = few(group.map(({ run, found, expected }) => `${run} has ${found}, but ${expected}`));
    const message = `${useName(first!.kind)}: numbers differ in ${counted(group.length, "run")}: ${shown}`;
    const place = first!.place ?? {};
    const runs = group.map(({ dataset, run }) => runFolder(dataset, run));
    if (first!.isUsual) {
      const hint = "check the globs; where images were left out when the stack was made, do nothing";
      return { ...finding("CONFIG_COUNTS", message, { place, hint, runs, isSure: false }), isUsual: true };
    }
    const hint = "check that the globs find the files of one tilt series, all of them and no others";
    return finding("CONFIG_COUNTS", message, { place, hint, runs, isSure: false });
  });
}
