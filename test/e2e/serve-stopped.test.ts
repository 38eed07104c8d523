import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

describe("a server that is told to stop", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-stopped-"));
  const tree = join(folder, "tree");
  beforeAll(async () => {
    await generateLab({ out: join(folder, "lab"), deposits: ["imod"], runs: 2, shape: [8, 32, 32] });
    const words = ["ingest", "run", join(folder, "lab/imod.yaml"), join(folder, "lab/input"), tree, "--import-everything", "-q"];
    execFileSync(process.execPath, [PROGRAM, ...words], { cwd: folder, stdio: "ignore" });
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Serves the tree, sends a signal as soon as a line is there, and ends with its status and all that it said. */
  async function stopped(line: RegExp, signal: NodeJS.Signals): Promise<{ status: number | null; said: string }> {
    const server = spawn(process.execPath, [PROGRAM, "serve", tree, "--port", "0", "--workspace", join(folder, signal)], {
      cwd: folder,
    });
    let said = "";
    for (const stream of [server.stdout, server.stderr])
      stream.setEncoding("utf8").on("data", (piece: string) => {
        const isNews = !line.test(said);
        said += piece;
        if (isNews && line.test(said)) server.kill(signal);
      });
    const [status] = (await once(server, "close")) as [number | null];
    return { status, said };
  }

  it.each(["SIGTERM", "SIGINT"] as const)(
    "ends well by %s, in the middle of an update of the catalogue, too, which the next one ends",
    async (signal) => {
      const early = await stopped(/the catalogue is being updated/, signal);
      expect([early.status, /error\[/.test(early.said)], early.said).toEqual([0, false]);
      const late = await stopped(/Ctrl-C stops/, signal);
      expect(late.status, late.said).toBe(0);
      const [, imported, unchanged] = /runs: (\d+) imported, (\d+) unchanged, 0 removed, 0 failed/.exec(late.said)!;
      expect(Number(imported) + Number(unchanged)).toBe(2);
    },
    120_000,
  );
});
