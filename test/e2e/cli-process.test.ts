import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const run = (...words: string[]) => spawnSync(process.execPath, [main, ...words], { encoding: "utf8" });

describe("the built program", () => {
  it("is executable and says its version", () => {
    expect(statSync(main).mode & 0o111).toBe(0o111);
    const { status, stdout, stderr } = spawnSync(main, ["--version"], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
    expect(stdout).toBe(`${manifest.version}\n`);
  });

  it("passes the exit status on", () => {
    expect([run("doctor").status, run("nonsense").status, run("harvest").status]).toEqual([0, 2, 2]);
  });

  it("writes all of a long answer to a pipe before it ends", () => {
    const { stdout } = run("completion", "zsh", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ shell: "zsh", errors: [] });
    expect(stdout.length).toBeGreaterThan(8192);
  });

  it("ends quietly when nobody reads its answer", async () => {
    const child = spawn(process.execPath, [main, "completion", "zsh"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let err = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect([status, err]).toEqual([0, ""]);
  });
});

describe("seam 43: few open files (ulimit -n 64)", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-files-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const limited = (...words: string[]) =>
    spawnSync("bash", ["-c", 'ulimit -n 64 && exec "$0" "$@"', process.execPath, main, ...words], {
      encoding: "utf8",
      cwd: folder,
    });

  it("seam 43: help, doctor, check and an ingest with threads, chunks and pictures work", async () => {
    const { input, deposits } = await generateLab({
      out: join(folder, "lab"),
      shape: [16, 256, 256],
      runs: 1,
      deposits: ["imod"],
    });
    const config = deposits[0]!.config;
    for (const words of [
      ["--help"],
      ["doctor"],
      ["ingest", "check", config],
      ["ingest", "run", config, input, "tree", "--import-everything", "--json"],
    ]) {
      const { status, stderr } = limited(...words);
      expect(stderr).not.toMatch(/EMFILE|too many open files/);
      expect([words[1] ?? words[0], status]).toEqual([words[1] ?? words[0], 0]);
    }
  });

  it("seam 43: the entry opens nothing but Node's own modules and what sees the limit", () => {
    const imports = (name: string) =>
      [...readFileSync(new URL(`../../src/${name}`, import.meta.url), "utf8").matchAll(/^import .* from "([^"]+)";$/gm)].map(
        ([, from]) => from,
      );
    expect(imports("cli/main.ts")).toEqual(["node:fs", "node:module", "../system/open-files.js"]);
    expect(imports("system/open-files.ts")).toEqual(["node:fs"]);
  });
});

describe("a signal", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-signal-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("stops an ingest with 130, says so, and the same command ends what it began", async () => {
    const { input, deposits } = await generateLab({ out: folder, shape: [64, 512, 512], runs: 3, deposits: ["imod"] });
    const selection = [
      "--import-depositions",
      "--import-datasets",
      "--import-runs",
      "--import-tomograms",
      "--import-all-metadata",
    ];
    const words = ["ingest", "run", deposits[0]!.config, input, join(folder, "tree"), ...selection];
    const where = ["--workspace", join(folder, "workspace"), "--jobs", "1", "--json", "--verbose"];
    const child = spawn(process.execPath, [main, ...words, ...where], { stdio: ["ignore", "pipe", "pipe"] });
    const text = { out: "", err: "" };
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text.out += part;
    });
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
      // the small files of the deposition come first: when one is done, the volumes are still to come
      if (!text.err.includes("done: ") && (text.err + part).includes("done: ")) child.kill("SIGINT");
      text.err += part;
    });
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect(status, text.err).toBe(130);
    expect(text.err).toContain("error[CANCELLED]: stopped by SIGINT");
    expect(text.err.match(/^error\[/gm), text.err).toHaveLength(1);
    expect(JSON.parse(text.out)).toMatchObject({ status: "cancelled", exitStatus: 130 });

    const again = run(...words, ...where);
    expect(again.status, again.stderr).toBe(0);
    const { done, already, failed } = JSON.parse(again.stdout) as Record<string, number>;
    expect([failed, already! > 0, done! > 0]).toEqual([0, true, true]);
  });
});
