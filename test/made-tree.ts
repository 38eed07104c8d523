import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type DepositName, generateLab, type LabOptions } from "../examples/lab/generate.mjs";
import { copy, madeOnce } from "./e2e/cluster-template.js";
import { programIdentity } from "./e2e/demo-kit.js";

const PROGRAM = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

/**
 * Gives a test deposits of the miniature laboratory, and the tree that `ingest run --import-everything` makes of them, for what comes after an
 * ingest. Each is made once, for all files and runs with the same sources: that takes seconds, a copy tenths of one. The workspace in which it was
 * made does not come along.
 *
 * @param options of the laboratory; `sections` are all
 * @param to folders that are made or filled; a laboratory that is left out is none
 */
export async function giveTree(
  { deposits, ...options }: { deposits: readonly DepositName[] } & Pick<LabOptions, "runs" | "shape">,
  to: { readonly lab?: string; readonly tree: string },
): Promise<void> {
  for (const deposit of deposits) {
    const { runs = "all", shape = "own" } = options;
    const kept = await madeOnce(
      `tree-${deposit}-${runs}-${String(shape)}-${programIdentity(import.meta.url)}`,
      "made",
      async (folder) => {
        const made = (name: string) => join(folder, "made", name);
        await generateLab({ out: made("lab"), deposits: [deposit], sections: "all", ...options });
        await ingestDeposit(made("lab"), deposit, made("tree"), "--workspace", join(folder, "workspace"));
      },
    );
    for (const name of ["lab", "tree"] as const) {
      const folder = to[name];
      if (folder === undefined) continue;
      mkdirSync(folder, { recursive: true });
      copy(`${kept}/made/${name}/.`, folder);
    }
  }
}

/** A deposit of a laboratory by `ingest run --import-everything`, in a process of its own. @param more words for it */
export async function ingestDeposit(lab: string, deposit: DepositName, tree: string, ...more: string[]): Promise<void> {
  const words = ["ingest", "run", join(lab, `${deposit}.yaml`), join(lab, "input"), tree, "--import-everything", "--quiet"];
  await promisify(execFile)(process.execPath, [PROGRAM, ...words, ...more]);
}
