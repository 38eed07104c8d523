import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/registry.js";
import { emporium } from "./cli-host.js";

const has = (shell: string) => spawnSync(shell, ["-c", "exit 0"]).status === 0;
const script = async (shell: string) => (await emporium(["completion", shell])).out;

/** What bash offers for a line whose last word is being typed. */
function bashOffers(source: string, line: string): string[] {
  const words = line.split(" ");
  const setUp = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}`;
  const call = `_emporium emporium '${words.at(-1)}' '${words.at(-2) ?? ""}'; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync("bash", ["--norc", "-c", `${source}\n${setUp}\n${call}`], {
    encoding: "utf8",
    cwd: "docs",
  });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.trim().split("\n");
}

describe.skipIf(!has("bash"))("bash (needs bash)", () => {
  it.each([
    ["emporium ", [...new Set(COMMANDS.map(({ name }) => name.split(" ")[0]!)), "help", "--help", "--version"]],
    ["emporium do", ["doctor"]],
    ["emporium ingest ", ["run", "watch", "queue", "plan", "new", "check", "validate", "upgrade", "convert", "--help"]],
    ["emporium ingest run a b c --import-tomogram", ["--import-tomograms", "--import-tomogram-metadata"]],
    ["emporium ingest run a b c --fail", ["--fail-fast"]],
    ["emporium ingest run a b c --executor l", ["local", "lsf"]],
    ["emporium completion ", ["bash", "zsh", "fish"]],
    ["emporium demo --dest ref", ["reference"]],
    ["emporium ingest convert ref", ["reference"]],
    ["emporium nonsense x", [""]],
  ])("offers for %j", async (line, offers) => {
    expect(bashOffers(await script("bash"), line)).toEqual(offers);
  });
});

describe.skipIf(!has("zsh"))("zsh (needs zsh)", () => {
  it("accepts the script", async () => {
    const { status, stderr } = spawnSync("zsh", ["-n"], { input: await script("zsh"), encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  });
});

describe.skipIf(!has("fish"))("fish (needs fish)", () => {
  it("accepts the script and completes with it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "emporium-fish-"));
    try {
      writeFileSync(join(folder, "emporium.fish"), await script("fish"));
      const words = `source ${join(folder, "emporium.fish")}; complete -C 'emporium ingest '`;
      const { status, stdout, stderr } = spawnSync("fish", ["-N", "-c", words], { encoding: "utf8" });
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout).toContain("convert");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("every shell", () => {
  it.each(["bash", "zsh", "fish"])("knows every option of every command in %s", async (shell) => {
    const text = await script(shell);
    const dashes = shell === "fish" ? "-l " : "--";
    for (const name of [
      "import-voxel-spacings",
      "filter-run-name",
      "no-write-mrc",
      "no-scale-z",
      "once",
      "workspace",
      "log-json",
    ]) {
      expect(text).toContain(`${dashes}${name}`);
    }
  });
});
