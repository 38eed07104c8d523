import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateMicroscopy } from "../../examples/lab/generate.mjs";
import { giveTree } from "../made-tree.js";
import { hasEnvironment, python, type Verdict } from "./environment.js";

/**
 * What `catalog export copick` writes, opened by copick itself: of a tree on this machine, of the same tree behind a web server, and of a portal. All that
 * copick lists is held against the tree, byte for byte: volumes, masks, places and turns of points.
 */
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const interpreter = fileURLToPath(new URL("../../.cache/venv-peers/bin/python", import.meta.url));

interface Found {
  verdicts: Verdict[];
  listed: Record<string, { tomograms: string[]; picks: number; points: number; segmentations: number }>;
}

describe.skipIf(!hasEnvironment("peers"))("exported projects of copick", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-copick-"));
  const tree = join(folder, "tree");
  const workspace = ["--workspace", join(folder, ".emporium")];
  const running: ChildProcess[] = [];
  /** Starts a program that stays, and waits for what it says first. */
  const started = (command: string, words: string[], pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const child = spawn(command, words, { cwd: tree, stdio: ["ignore", "pipe", "inherit"] });
      running.push(child);
      let text = "";
      child.on("exit", () => reject(new Error(`ended: ${text}`)));
      child.stdout.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
        const [, found] = pattern.exec(text) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
  const exported = (location: string, name: string, ...more: string[]) => {
    const out = join(folder, name);
    const words = [program, "catalog", "export", "copick", location, "--out", out, "--json", ...more];
    return { out, report: JSON.parse(execFileSync(process.execPath, words, { encoding: "utf8" })) };
  };
  const opened = async (project: string, server?: string): Promise<Found> => {
    const env = server === undefined ? {} : { AWS_ENDPOINT_URL_S3: `${server}/s3`, AWS_REGION: "us-east-1" };
    const words = [project, tree, ...(server === undefined ? [] : [`${server}/graphql`])];
    return JSON.parse((await python("peers", "copick_project.py", words, env)).trim().split("\n").at(-1)!);
  };
  const failures = ({ verdicts }: Found) => verdicts.filter(({ passed }) => !passed);

  beforeAll(async () => {
    await giveTree({ deposits: ["imod"] }, { tree });
  });
  afterAll(async () => {
    for (const child of running) {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it("a tree on this machine: linked", async () => {
    const { out, report } = exported(tree, "local.json");
    expect(report).toMatchObject({ status: "done", config_type: "filesystem", runs: 2, errors: [] });
    const found = await opened(out);
    expect(failures(found)).toEqual([]);
    expect(Object.keys(found.listed)).toEqual(["TS_0001", "TS_0002"]);
    expect(found.listed.TS_0001).toEqual({ tomograms: ["13.48/wbp-raw"], picks: 2, points: 10, segmentations: 5 });
    const sum = (of: "picks" | "segmentations") => Object.values(found.listed).reduce((all, run) => all + run[of], 0);
    expect([report.picks, report.segmentations]).toEqual([sum("picks"), sum("segmentations")]);
  });

  it("the same tree behind a web server: referred to", async () => {
    const server =
      "import http.server; s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)";
    const quiet = "http.server.SimpleHTTPRequestHandler.log_message = lambda *_: None";
    const words = ["-c", `${server}; ${quiet}; print(s.server_port, flush=True); s.serve_forever()`];
    const port = await started("python3", words, /^(\d+)\n/);
    const { out, report } = exported(`http://127.0.0.1:${port}`, "remote.json", "--dataset", "10401");
    expect(report).toMatchObject({ status: "done", config_type: "filesystem", runs: 2, picks: 4, segmentations: 10 });
    const found = await opened(out);
    expect(failures(found)).toEqual([]);
    expect(Object.keys(found.listed)).toEqual(["TS_0001", "TS_0002"]);
  });

  describe("a portal of one's own", () => {
    let server: string;
    beforeAll(async () => {
      const words = [program, "serve", tree, "--port", "0", ...workspace];
      server = await started(process.execPath, words, /Serving at (http:\/\/127\.0\.0\.1:\d+) /);
    });

    it("is asked", async () => {
      const { out, report } = exported(server, "project.json");
      expect(report).toMatchObject({
        status: "done",
        config_type: "cryoet_data_portal",
        datasets: [10401],
        runs: 2,
        picks: 4,
        segmentations: 10,
      });
      expect(report.settings).toEqual({ graphql: `${server}/graphql`, s3: `${server}/s3` });
      const found = await opened(out, server);
      expect(failures(found)).toEqual([]);
      expect(found.listed.TS_0001).toEqual({ tomograms: ["13.48/wbp-raw"], picks: 2, points: 10, segmentations: 5 });
    });

    // after the one above, whose project the last of them opens
    const guide = readFileSync(new URL("../../docs/guides/query.md", import.meta.url), "utf8");
    const programs = [...guide.matchAll(/^```python\n([\s\S]*?)^```$/gm)].map(([, text]) => text!);
    it.each<[string, RegExp]>([
      ["psycopg", /^\[\('CELLS-2024-05-17-10-30-00-0001', 6\)\]\n$/],
      ["requests", /^\S.* \[\{.*'objectName': 'cytosolic ribosome'.*\n$/],
      ["the portal's client", /^cytosolic ribosome \['Point'\]\n$/],
      ["copick", /TS_0001 \[.*'cytosolic-ribosome'.*\] 5\nTS_0002 /],
    ])("is what the guide's Python is for: %s", async (name, wanted) => {
      const at = ["psycopg", "requests", "the portal's client", "copick"].indexOf(name);
      if (at === 0) {
        await generateMicroscopy({ out: join(folder, "demo-out/microscopy") });
        const upload = /^ {4}emporium (catalog upload .*)$/m.exec(guide)![1]!;
        execFileSync(process.execPath, [program, ...upload.split(" "), ...workspace], { cwd: folder, stdio: "ignore" });
      }
      const file = join(folder, `guide${at}.py`);
      writeFileSync(file, programs[at]!.replaceAll("http://127.0.0.1:8080", server));
      const env = { ...process.env, AWS_REGION: "us-east-1" };
      expect(execFileSync(interpreter, ["-W", "ignore", file], { cwd: folder, env, encoding: "utf8" })).toMatch(wanted);
      expect(programs).toHaveLength(4);
    });
  });
});
