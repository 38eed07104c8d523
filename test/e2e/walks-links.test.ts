import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import type { JobForms, Listing } from "../../src/model/page-api.js";
import { findConfigs } from "../../src/server/found-configs.js";
import { listFolder } from "../../src/server/listing.js";
import { openPlaces } from "../../src/server/places.js";
import { walk } from "../../src/server/s3-walk.js";

/**
 * Every walk over somebody's folder meets four links in each folder: to a folder outside, to a file outside, to the folder above, and to nothing. None
 * may read what is outside or go round in circles. Each tells the links that leave by name, or counts links, as its guide says.
 */
const PROGRAM = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const SECRET = "nobody may read this";
const folder = realpathSync(mkdtempSync(join(tmpdir(), "emporium-walks-")));
const at = (...names: string[]) => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every folder below, links not followed. */
function foldersOf(root: string): string[] {
  const below = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [root, ...below.flatMap(({ name }) => foldersOf(join(root, name)))];
}

function addLinks(root: string, into = foldersOf(root)): void {
  for (const one of into) {
    symlinkSync(at("outside"), join(one, "zz-out"));
    symlinkSync(at("outside/secret.rec"), join(one, "zz-file.rec"));
    symlinkSync(".", join(one, "zz-loop"));
    symlinkSync("no-such", join(one, "zz-gone"));
  }
}

beforeAll(async () => {
  mkdirSync(at("outside"));
  writeFileSync(at("outside/secret.rec"), SECRET);
  writeFileSync(at("outside/secret.yaml"), `standardization_config: {source_prefix: ${SECRET}}\n`);
  await generateLab({ out: at("lab"), deposits: ["imod"], runs: 1, shape: [8, 32, 32] });
  const words = ["ingest", "run", at("lab/imod.yaml"), at("lab/input"), at("tree"), "--import-everything", "-q"];
  execFileSync(process.execPath, [PROGRAM, ...words], { cwd: folder, stdio: "ignore" });
  cpSync(at("tree"), at("plain"), { recursive: true });
  addLinks(at("lab/input"));
  addLinks(at("tree"), [at("tree"), at("tree/10401"), at("tree/10401/TS_0001")]);
}, 120_000);

interface Walk {
  name: string;
  words: string[];
  /** The statuses that are right. */
  status: number[];
  /** What must be said. */
  says: readonly RegExp[];
}

const NAMED = [/zz-out/, /zz-file\.rec/] as const;
const WALKS: Walk[] = [
  {
    name: "ingest plan",
    words: ["ingest", "plan", "lab/imod.yaml", "lab/input", "new", "--import-everything"],
    status: [0],
    says: [/links are not followed in .*zz-out leaves it for/],
  },
  {
    name: "ingest new",
    words: ["ingest", "new", "--from", "lab/input"],
    status: [0],
    says: [/links are not followed in the folder: .*zz-out leaves it for/],
  },
  {
    name: "ingest validate source",
    words: ["ingest", "validate", "source", "lab/imod.yaml", "lab/input"],
    status: [4],
    says: [/error\[files\.links\]/, /leaves for \S*outside\/,.*\n +at \S+\/zz-out$/m, /link to nothing;.*\n +at \S+\/zz-gone$/m],
  },
  {
    name: "ingest validate standardized",
    words: ["ingest", "validate", "standardized", "lab/imod.yaml", "tree"],
    status: [4],
    says: [/error\[files\.links\]/, /at 10401\/TS_0001\/zz-out$/m, /at 10401\/TS_0001\/zz-gone$/m],
  },
  {
    name: "catalog import",
    words: ["catalog", "import", "tree", "--workspace", "ws"],
    status: [0],
    says: [/links are not followed in .*zz-out leaves it for/],
  },
  {
    name: "catalog export copick",
    words: ["catalog", "export", "copick", "tree", "--out", "copick.json"],
    status: [0],
    says: [/links are not followed in .*zz-out leaves it for/],
  },
  { name: "publish tree", words: ["publish", "tree", "tree", "published"], status: [3], says: NAMED },
  { name: "publish verify", words: ["publish", "verify", "tree", "published"], status: [4], says: NAMED },
  { name: "harvest inspect", words: ["harvest", "inspect", "lab/input"], status: [3], says: NAMED },
  { name: "harvest peek", words: ["harvest", "peek", "lab/input"], status: [3], says: NAMED },
  {
    name: "curate scan",
    words: ["curate", "scan", "lab/input", "--workspace", "scanned"],
    status: [0],
    says: [/\d+ link\b/, /\d+ broken-link/],
  },
];

describe("(34.10) links on the way of", () => {
  it.each(WALKS)("$name", ({ words, status, says }) => {
    const {
      status: found,
      stdout,
      stderr,
    } = spawnSync(process.execPath, [PROGRAM, ...words], { cwd: folder, encoding: "utf8", timeout: 60_000 });
    const said = `${stdout}${stderr}`;
    expect(status, said).toContain(found);
    for (const one of says) expect(said).toMatch(one);
    expect(said).not.toContain("zz-loop/zz-loop");
    expect(said).not.toContain(SECRET);
  });

  it("publishing, verification and validation: each link is named, and the copy has what is inside alone", () => {
    const json = (...words: string[]) => {
      const { status, stdout } = spawnSync(process.execPath, [PROGRAM, ...words, "--json"], { cwd: folder, encoding: "utf8" });
      return {
        exit: status,
        ...(JSON.parse(stdout) as { errors: { file: string }[]; findings: { check: string; key: string }[] }),
      };
    };
    const folders = ["", "10401/", "10401/TS_0001/"];
    const links = ["zz-file.rec", "zz-gone", "zz-loop", "zz-out"];
    const all = folders.flatMap((one) => links.map((name) => one + name)).sort();
    const namedIn = (errors: readonly { file: string }[]) =>
      errors.map(({ file }) => file.slice(at("tree/").length).replace(/\/$/, "")).sort();
    const sent = json("publish", "tree", "tree", "sent");
    expect([sent.exit, namedIn(sent.errors)]).toEqual([3, all]);
    const compared = json("publish", "verify", "tree", "sent");
    expect([compared.exit, namedIn(compared.errors)]).toEqual([4, all]);
    const { exit, findings } = json("ingest", "validate", "standardized", "tree");
    const told = findings.map(({ check, key }) => `${check} ${key}`).filter((text) => text.includes("zz-"));
    const wanted = all.map((key) => `files.${key.endsWith("zz-loop") ? "circular-links" : "links"} ${key}`);
    expect([exit, told.sort()]).toEqual([4, wanted.sort()]);
    const filesOf = (where: string) =>
      readdirSync(at(where), { recursive: true, encoding: "utf8" }).filter(
        (name) => statSync(at(where, name)).isFile() && !name.startsWith(".emporium"),
      );
    // documents wait for what their folders lack
    const held = ["10401/TS_0001/run_metadata.json", "10401/dataset_metadata.json"];
    const isHeld = (name: string) => held.includes(name) || name.startsWith("depositions_metadata/");
    expect(filesOf("sent").sort()).toEqual(
      filesOf("plain")
        .filter((name) => !isHeld(name))
        .sort(),
    );
  });

  it("a dataset that is a link to nothing is named by publishing and by validation", () => {
    mkdirSync(at("drive"));
    symlinkSync("no-such", at("drive/10401"));
    const run = (...words: string[]) => spawnSync(process.execPath, [PROGRAM, ...words], { cwd: folder, encoding: "utf8" });
    const sent = run("publish", "tree", "drive", "nothing-sent");
    expect([sent.status, sent.stderr]).toEqual([1, expect.stringMatching(/drive\/10401 is a link to nothing/)]);
    const validated = run("ingest", "validate", "standardized", "drive");
    expect([validated.status, validated.stderr]).toEqual([2, expect.stringMatching(/10401 leads nowhere/)]);
  });

  it("a page's list of files: a link that leaves is marked, has no size of a file, and is no folder; loops are left out", async () => {
    const [place] = await openPlaces([at("tree")]);
    const { entries } = (await listFolder(place!, "", { limit: 100 })) as Listing;
    const links = entries.filter(({ name }) => name.startsWith("zz-"));
    expect(links.map(({ name, kind, marks, sizeBytes, ref }) => [name, kind, marks, sizeBytes, ref])).toEqual([
      ["zz-file.rec", "file", ["link"], undefined, undefined],
      ["zz-out", "file", ["link"], undefined, undefined],
    ]);
  });

  it("a bucket's list: what is inside, once; links that leave are objects that cannot be read", async () => {
    const [place] = await openPlaces([at("tree")]);
    const keys: string[] = [];
    for await (const found of walk(place!.store, { prefix: "" })) if ("entry" in found) keys.push(found.entry.key);
    const inside = keys.filter((key) => !key.includes("zz-"));
    const wanted = readdirSync(at("plain"), { recursive: true, encoding: "utf8" }).filter(
      (name) =>
        statSync(at("plain", name)).isFile() && !name.split("/").some((part) => part.startsWith(".") && !/^\.z/.test(part)),
    );
    expect(inside.sort()).toEqual(wanted.sort());
    for (const key of keys.filter((one) => one.includes("zz-"))) {
      expect(key).toMatch(/zz-(?:out|file\.rec)$/);
      await expect(place!.store.read(key)).rejects.toMatchObject({ code: "STORE_DENIED" });
    }
  });

  it("a form's list of configurations: links are not followed", async () => {
    addLinks(at("lab"), [at("lab")]);
    const { configs } = (await findConfigs([{ location: at("lab"), writable: false }])) as Pick<JobForms, "configs">;
    expect(configs.map(({ location }) => location)).toEqual([at("lab/imod.yaml")]);
  });
});
