import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { portalRuns, smallArchive } from "../e2e/curate-kit.js";

const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
export const PAYLOAD = '"><img src=x onerror=window.hit=1>';

/** A laboratory at work: what its commands print, and a server of the workspace that they share by their defaults. */
export interface Desk {
  readonly folder: string;
  /** Runs a command in the folder. @returns its stdout; the exit status may be 3, of rows to look at */
  run(...words: readonly string[]): Promise<string>;
  /** Without a location. @returns the address */
  serve(...words: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

/** Two drives. On the first: an exact name; two letters for three, of one run and of two; a label that nobody explains; a sidecar. */
export function desk(): Desk {
  const folder = smallArchive([
    { drive: 1, run: "mka2019-11-19-71", file: "MS.mod", points: [[1, 2, 3]] },
    { drive: 1, run: "mka2019-11-19-71", file: "hat.mod", points: [[1, 2, 3]] },
    { drive: 1, run: "mk2019-11-19-72", file: "MS.mod", species: "Caulobacter_crescentus" },
    { drive: 1, run: "mk2019-11-19-73", file: "zzz.mod", points: [[1, 2, 3]] },
    { drive: 2, run: "mka2019-11-19-71", file: "MS.mod", points: [[1, 2, 3]] },
    { drive: 2, run: "xy2001-01-01-1", file: "MS.mod" },
  ]);
  portalRuns(folder, {
    10001: [
      { name: "mka2019-11-19-71", id: 71 },
      { name: "mka2019-11-19-72", id: 72 },
      { name: "mka2019-11-19-73", id: 73 },
      { name: "mkb2019-11-19-73", id: 74 },
    ],
  });
  mkdirSync(join(folder, "documents"));
  const put = (name: string, document: object) => writeFileSync(join(folder, "documents", name), JSON.stringify(document));
  put("file_metadata.json", { retina: record("retina", { microscope: "FEI Quanta" }), [PAYLOAD]: record(PAYLOAD, {}) });
  put("web_metadata.json", { retina: { portal: "empiar", ...described } });
  const servers: ChildProcess[] = [];
  const env = { ...process.env, EMPORIUM_WORKSPACE: "" };
  return {
    folder,
    async run(...words) {
      const done = await promisify(execFile)(process.execPath, [PROGRAM, ...words], { cwd: folder, env }).catch(
        (error: { code?: number; stdout: string; stderr: string }) => {
          if (error.code !== 3) throw new Error(`${words.join(" ")}: ${error.stderr}`);
          return error;
        },
      );
      return done.stdout;
    },
    async serve(...words) {
      const server = spawn(process.execPath, [PROGRAM, "serve", "--port", "0", "--json", ...words], {
        cwd: folder,
        env,
        stdio: ["ignore", "pipe", "ignore"],
      });
      servers.push(server);
      return await new Promise((resolve, reject) => {
        let text = "";
        server.on("exit", () => reject(new Error(`serve has ended: ${text}`)));
        server.stdout!.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
          if (text.endsWith("\n}\n")) resolve((JSON.parse(text) as { url: string }).url);
        });
      });
    },
    async close() {
      for (const server of servers) {
        if (server.exitCode !== null) continue;
        server.kill("SIGINT");
        await once(server, "exit");
      }
    },
  };
}

/** As EMPIAR answers. */
const described = {
  source_url: "https://www.ebi.ac.uk/empiar/api/entry/10001/",
  retrieved_at: "2026-11-01T00:00:00Z",
  raw_metadata: { "EMPIAR-10001": { title: "Retina", imagesets: [{ details: "FEI Magellan400" }] } },
  download_links: [],
};

function record(name: string, acquisition: object): object {
  return {
    ...{ name, format: "mrc", shape: [10, 20, 30], dtype: "float32", unit: ["Å", "Å", "Å"], voxel_size: [13.48, 13.48, 13.48] },
    ...{ offset: [0, 0, 0], channels: 1, axes: ["z", "y", "x"], contrast: null, acquisition },
    ...{ sources: { shape: "file", acquisition: "file" }, warnings: [], raw_metadata: {} },
  };
}
