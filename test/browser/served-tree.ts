import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateLab } from "../../examples/lab/generate.mjs";
import { giveTree, ingestDeposit } from "../made-tree.js";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Where a server of one's own answers. */
export interface ServedAt {
  readonly url: string;
  readonly graphql: string;
  readonly files: string;
}

/** A tree of the miniature laboratory, and servers of it, which share a workspace. */
export interface LabTree {
  readonly folder: string;
  readonly tree: string;
  /** Until `close`. */
  serve(...words: readonly string[]): Promise<ServedAt>;
  close(): Promise<void>;
}

/**
 * @param deposits of the laboratory: `imod`, `cell`
 * @param options `hasRun`: the workspace has the run that made the tree; else that was made elsewhere
 */
export async function makeLabTree(
  deposits: readonly ("imod" | "cell")[],
  { hasRun = false }: { hasRun?: boolean } = {},
): Promise<LabTree> {
  const folder = mkdtempSync(join(tmpdir(), "emporium-tree-"));
  const tree = join(folder, "tree");
  const workspace = ["--workspace", join(folder, "workspace")];
  const servers: ChildProcess[] = [];
  if (hasRun) {
    const lab = join(folder, "lab");
    await generateLab({ out: lab, deposits: [...deposits], sections: "all" });
    for (const deposit of deposits) await ingestDeposit(lab, deposit, tree, ...workspace);
  } else await giveTree({ deposits }, { tree });
  return {
    folder,
    tree,
    async serve(...words) {
      const options = ["--json", ...workspace, ...(words.includes("--port") ? [] : ["--port", "0"])];
      const server = spawn(
        process.execPath,
        [PROGRAM, "serve", ...(words[0]?.startsWith("-") === false ? [] : [tree]), ...words, ...options],
        {
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      servers.push(server);
      return await new Promise((resolve, reject) => {
        let text = "";
        server.on("exit", () => reject(new Error(`serve has ended: ${text}`)));
        server.stdout!.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
          if (text.endsWith("\n}\n")) resolve(JSON.parse(text) as ServedAt);
        });
      });
    },
    async close() {
      for (const server of servers.toReversed()) {
        if (server.exitCode !== null) continue;
        server.kill("SIGINT");
        await once(server, "exit");
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
