import { fixedMoment } from "../moment.js";
import type { CheckContext } from "./context.js";
import { proofFolderOf } from "./groups.js";
import { PROOF_NAME, type Proof, type ProofBasis, type ProofLine, proofWriter } from "./proof.js";
import type { Records } from "./records.js";

/** The moment that a proof names: whole seconds. */
export function proofMoment(nowMs: number): number {
  return fixedMoment(process.env) ?? Math.floor(nowMs / 1000) * 1000;
}

export interface ProofContext extends Pick<CheckContext, "store" | "findings" | "tally" | "signal"> {
  readonly records: Pick<Records, "journals" | "names"> & { readonly proofs: readonly Pick<Proof, "key" | "basis">[] };
}

/** Proofs folder by folder, while their groups are checked. A folder in which something is wrong gets none. */
export function proofsOf({ store, findings, records, tally, signal }: ProofContext, version: string, madeMs: number) {
  let open: { folder: string; writer: ReturnType<typeof proofWriter>; wrong: number; proven: number; lines: number } | undefined;
  const written: string[] = [];
  /** Only what was proven by what ingest wrote down proves what ingest wrote. */
  const basisOf = ({ folder, proven, lines }: NonNullable<typeof open>): ProofBasis => {
    const before = records.proofs.find(({ key }) => key === folder + PROOF_NAME);
    const known = before ? before.basis === "receipts" : records.journals.length > 0;
    return known && tally.objectsProven - proven === lines ? "receipts" : "as found";
  };
  const close = async () => {
    const done = open;
    if (!done) return;
    open = undefined;
    if (findings.count("wrong") > done.wrong) return done.writer.abort();
    await done.writer.finish(basisOf(done));
    written.push(done.writer.key);
  };
  return {
    written,
    /** Counts of wrong findings and of proven objects before a group is checked. */
    start: () => ({ wrong: findings.count("wrong"), proven: tally.objectsProven }),
    async add(group: string, lines: readonly ProofLine[], start: { wrong: number; proven: number }): Promise<void> {
      const folder = proofFolderOf(group);
      if (open?.folder !== folder) {
        await close();
        if (lines.length === 0) return;
        const head = {
          folder: records.names.get(folder) ?? folder,
          madeMs,
          program: `emporium ${version}`,
        };
        const writer = proofWriter(store, folder, head, signal);
        open = { folder, writer, wrong: start.wrong, proven: start.proven, lines: 0 };
      }
      for (const line of lines) await open.writer.add(line);
      open.lines += lines.length;
    },
    finish: close,
    async abort(): Promise<void> {
      await open?.writer.abort();
    },
  };
}
