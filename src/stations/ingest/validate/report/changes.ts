import type { ReportedFinding } from "../tally.js";

/** Differences between a report and the one before it. */
export interface Changes {
  /** For each finding of the later report, in its order: true if the earlier one does not have it. */
  readonly isNew: readonly boolean[];
  /** Findings that only the earlier report has, in its order. */
  readonly gone: readonly ReportedFinding[];
}

/**
 * Compares the findings of two reports on the same tree. A finding is the same if its check, entity, object and field are; if
 * several are, those of the same place and value first: lines move when a document is edited, and a wrong value may become
 * another wrong value.
 */
export function changesOf(before: readonly ReportedFinding[], now: readonly ReportedFinding[]): Changes {
  const isNew = now.map(() => true);
  let left: readonly ReportedFinding[] = before;
  for (const nameOf of [exactly, roughly]) {
    const waiting = new Map<string, ReportedFinding[]>();
    for (const finding of left) {
      const name = nameOf(finding);
      const those = waiting.get(name);
      if (those) those.push(finding);
      else waiting.set(name, [finding]);
    }
    const taken = new Set<ReportedFinding>();
    for (const [at, finding] of now.entries()) {
      const same = isNew[at] ? waiting.get(nameOf(finding))?.shift() : undefined;
      if (!same) continue;
      isNew[at] = false;
      taken.add(same);
    }
    left = left.filter((finding) => !taken.has(finding));
  }
  return { isNew, gone: left };
}

const roughly = ({ check, entity, dataset, run, key, path }: ReportedFinding) =>
  JSON.stringify([check, entity, dataset, run, key, path]);

const exactly = (finding: ReportedFinding) =>
  JSON.stringify([roughly(finding), finding.line, finding.byte, finding.found, finding.wanted]);
