import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Portal } from "../../src/server/portal.js";
import { insertRows, type PortalDatabase, portalDatabase } from "../e2e/graphql-kit.js";
import { hasEnvironment, type PythonEnvironment, type Verdict } from "./environment.js";
import { publishedRows } from "./published-rows.js";
import { awsEnvironment, serveFolder } from "./serve-kit.js";

/**
 * The tests that the official client's authors publish with it, unmodified, against a portal of one's own. They lie in the source
 * distribution on PyPI, with the files that they download; the rows that lead to these files are made from the files.
 */
const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const script = fileURLToPath(new URL("python", import.meta.url));

interface Release {
  version: string;
  /** Of the source distribution. */
  sha256: string;
  environment: PythonEnvironment;
  /** Tests that it has. */
  tests: number;
}

const RELEASES: readonly Release[] = [
  {
    version: "4.9.0",
    sha256: "b6d86405a1b73602efa0bdc613dda40112e5e911050e4be6d0e25fc594be4a02",
    environment: "peers",
    tests: 60,
  },
  {
    version: "4.4.0",
    sha256: "ce0cabc2f9cfbb4cb948f97a1f4285dbf4471fb10ce9f23922b349bda4900124",
    environment: "serve",
    tests: 56,
  },
];

const python = (environment: PythonEnvironment) => join(root, ".cache", `venv-${environment}`, "bin", "python");

/** The unpacked source distribution, fetched once and kept; undefined where it cannot be had. */
async function sourceOf({ version, sha256, environment }: Release): Promise<string | undefined> {
  if (!hasEnvironment(environment)) return undefined;
  const name = `cryoet_data_portal-${version}`;
  const kept = join(root, ".cache", "published-tests", name);
  if (existsSync(kept)) return kept;
  mkdirSync(join(root, ".cache", "published-tests"), { recursive: true });
  const folder = mkdtempSync(join(root, ".cache", "published-tests", "new-"));
  try {
    const words = ["-m", "pip", "download", "--quiet", "--no-input", "--no-deps", "--no-binary", ":all:", "--dest", folder];
    await run(python(environment), [...words, `cryoet_data_portal==${version}`]);
    const archive = join(folder, `${name}.tar.gz`);
    if (createHash("sha256").update(readFileSync(archive)).digest("hex") !== sha256)
      throw new Error("another archive than was wanted");
    await run("tar", ["-xzf", archive, "-C", folder]);
    renameSync(join(folder, name), kept);
    return kept;
  } catch (error) {
    console.warn(`skipped: the published tests of ${name} cannot be had: ${String(error).split("\n")[0]}`);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const sources = new Map<Release, string | undefined>();
for (const release of RELEASES) sources.set(release, await sourceOf(release));

describe.skipIf([...sources.values()].every((source) => source === undefined))("the client's published tests", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-published-"));
  let database: PortalDatabase;
  let portal: Portal;

  beforeAll(async () => {
    const files = join([...sources.values()].find((source) => source !== undefined)!, "tests", "test_infra", "test_files");
    database = await portalDatabase(new Map());
    portal = await serveFolder(files, { data: { api: database.api(), pool: database.reader.pool }, bucket: "published" });
    const owner = await database.open({ role: "owner" });
    await insertRows(owner.pool, publishedRows(files, { s3: "s3://published", https: portal.files }));
    await owner.close();
  });
  afterAll(async () => {
    await portal?.close();
    await database?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const release of RELEASES) {
    const source = sources.get(release);
    // some sixty tests in one process of Python: a busy machine takes its time
    it.skipIf(source === undefined)(`of ${release.version} pass, every one`, { timeout: 900_000 }, async () => {
      const verdicts = join(folder, `${release.version}.json`);
      const words = [
        "-m",
        "pytest",
        "-q",
        "--durations=5",
        "--noconftest",
        "-p",
        "published_fixtures",
        "-p",
        "no:cacheprovider",
        "tests",
      ];
      const env = {
        ...process.env,
        ...awsEnvironment(portal),
        PYTHONPATH: script,
        EMPORIUM_GRAPHQL: portal.graphql,
        EMPORIUM_VERDICTS: verdicts,
        // as the Makefile beside the tests has it
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        BOTO_SIGNATURE_VERSION: "s3v4",
      };
      await run(python(release.environment), words, { cwd: source!, env }).catch(() => {});
      const outcomes = JSON.parse(readFileSync(verdicts, "utf8")) as Verdict[];
      expect(outcomes.filter(({ passed }) => !passed)).toEqual([]);
      expect(outcomes).toHaveLength(release.tests);
    });
  }
});
