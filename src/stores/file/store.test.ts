import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { type Entry, openObject, type UnfollowedLink } from "../store.js";
import { asKnownError, fileError } from "./errors.js";
import { partName, writePart } from "./part-names.js";
import { fileStore } from "./store.js";

const text = (value: string) => new TextEncoder().encode(value);
const asText = (bytes: Uint8Array | undefined) => (bytes ? new TextDecoder().decode(bytes) : undefined);

let outer: string;
let root: string;

beforeEach(async () => {
  outer = await mkdtemp(join(tmpdir(), "emporium-store-"));
  root = join(outer, "root");
  await mkdir(root);
});
afterEach(() => rm(outer, { recursive: true, force: true }));

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (error) {
    return isEmporiumError(error) ? error.code : String(error);
  }
}

async function keysOf(entries: AsyncIterable<{ key: string }>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of entries) keys.push(key);
  return keys;
}

/** Every path below a folder, hidden ones too. */
async function tree(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}

describe("links", () => {
  beforeEach(async () => {
    await mkdir(join(root, "raw"));
    await writeFile(join(root, "raw", "a.mrc"), "inside");
    await mkdir(join(outer, "secret"));
    await writeFile(join(outer, "secret", "key.pem"), "outside");
  });

  it("are followed inside the root", async () => {
    await symlink("raw", join(root, "by-name"));
    await symlink(join(root, "raw", "a.mrc"), join(root, "one.mrc"));
    const store = fileStore(root);
    expect(asText(await store.read("by-name/a.mrc"))).toBe("inside");
    expect((await store.stat("one.mrc"))?.size).toBe(6);
    expect(await keysOf(store.list(""))).toEqual(["by-name/a.mrc", "one.mrc", "raw/a.mrc"]);
  });

  it("and what lies below them are told from files", async () => {
    await mkdir(join(root, "raw", "deep"));
    await writeFile(join(root, "raw", "deep", "b.mrc"), "inside");
    await symlink("raw", join(root, "by-name"));
    await symlink("raw/a.mrc", join(root, "one.mrc"));
    const linked: string[] = [];
    for await (const entry of fileStore(root).list("")) if (entry.linked) linked.push(entry.key);
    expect(linked).toEqual(["by-name/a.mrc", "by-name/deep/b.mrc", "one.mrc"]);
  });

  it("that leave it are listed, and refused with the reason", async () => {
    await symlink(join(outer, "secret"), join(root, "away"));
    await symlink("../secret/key.pem", join(root, "key.pem"));
    const store = fileStore(root, { sync: false });
    for (const work of [
      () => store.read("key.pem"),
      () => store.stat("key.pem"),
      () => store.read("away/key.pem"),
      () => store.write("away/new", text("x")),
      () => store.write("away/deep/new", text("x")),
      () => store.create("away/new"),
      () => store.remove("away/key.pem"),
      () => store.local.partPath("away/x", "tag"),
    ]) {
      expect(await codeOf(work())).toBe("STORE_DENIED");
    }
    expect(await keysOf(store.list(""))).toEqual(["away", "key.pem", "raw/a.mrc"]);
    const told: UnfollowedLink[] = [];
    const listed: Entry[] = [];
    for await (const entry of store.children("", { onLink: (link) => told.push(link) })) listed.push(entry);
    const [secret, pem] = [`${await realpath(join(outer, "secret"))}/`, await realpath(join(outer, "secret", "key.pem"))];
    expect(listed.map(({ key, leaves }) => [key, leaves])).toEqual([
      ["away", secret],
      ["key.pem", pem],
      ["raw/", undefined],
    ]);
    expect(told).toEqual([
      { key: "away", leads: "outside", to: secret },
      { key: "key.pem", leads: "outside", to: pem },
    ]);
    expect(await tree(join(outer, "secret"))).toEqual(["key.pem"]);
  });

  it("are replaced, not followed, by a write to their own name", async () => {
    await symlink("../secret/key.pem", join(root, "key.pem"));
    const store = fileStore(root);
    await store.write("key.pem", text("mine"));
    expect(asText(await store.read("key.pem"))).toBe("mine");
    expect(await readFile(join(outer, "secret", "key.pem"), "utf8")).toBe("outside");
  });

  it("to folders are removed as links", async () => {
    await symlink("raw", join(root, "link"));
    const store = fileStore(root);
    await store.remove("link/");
    expect(asText(await store.read("raw/a.mrc"))).toBe("inside");
    await store.remove("link");
    expect(await tree(root)).toEqual(["raw", "raw/a.mrc"]);
  });

  it("that go in circles or nowhere end a listing properly", async () => {
    await symlink("..", join(root, "raw", "up"));
    await symlink(".", join(root, "raw", "self"));
    await symlink("two", join(root, "one"));
    await symlink("one", join(root, "two"));
    await symlink("no-such", join(root, "dangling"));
    const store = fileStore(root);
    const told: string[] = [];
    const onLink = ({ key, leads }: UnfollowedLink) => void told.push(`${key} ${leads}`);
    for await (const _ of store.list("", { onLink }));
    expect(told.sort()).toEqual(["dangling nowhere", "one nowhere", "raw/self above", "raw/up above", "two nowhere"]);
    expect(await keysOf(store.list(""))).toEqual(["raw/a.mrc"]);
    for (const folder of ["", "raw/"]) {
      // one level after the other, as walks go that ask for children: a circle would never end
      expect((await keysOf(store.children(folder))).filter((key) => key.endsWith("/"))).toEqual(folder === "" ? ["raw/"] : []);
    }
    expect(await store.stat("dangling")).toBeUndefined();
    expect(await codeOf(store.read("one"))).toBe("STORE_FAILED");
  });

  it("a root that is itself a link is the folder it leads to", async () => {
    await symlink("root", join(outer, "alias"));
    expect(asText(await fileStore(join(outer, "alias")).read("raw/a.mrc"))).toBe("inside");
  });
});

describe("reading", () => {
  it("notices that a file is written into while it is read", async () => {
    await writeFile(join(root, "a"), "0123456789");
    const store = fileStore(root);
    const object = await openObject(store, "a");
    await appendFile(join(root, "a"), "more");
    expect(await codeOf(object.read({ offset: 0, length: 4 }))).toBe("STORE_CONFLICT");
    const again = await openObject(store, "a");
    await truncate(join(root, "a"), 3);
    expect(await codeOf(again.read({ offset: 0, length: 4 }))).toBe("STORE_CONFLICT");
    const third = await openObject(store, "a");
    await utimes(join(root, "a"), 1, 1);
    expect(await codeOf(third.read({ offset: 0, length: 2 }))).toBe("STORE_CONFLICT");
  });

  it("takes a pipe for nothing, and does not wait for it", async () => {
    execFileSync("mkfifo", [join(root, "pipe")]);
    const store = fileStore(root);
    expect(await store.stat("pipe")).toBeUndefined();
    expect(await store.read("pipe")).toBeUndefined();
    expect(await keysOf(store.list(""))).toEqual([]);
  });

  it("tells of a name that is not UTF-8", async () => {
    await writeFile(Buffer.concat([Buffer.from(join(root, "caf")), Buffer.from([0xe9])]), "latin-1");
    expect(await codeOf(keysOf(fileStore(root).list("")))).toBe("NAME_UNSAFE");
    await writeFile(join(root, "plain"), "x");
    const names: string[] = [];
    const onUnusable = (name: string) => void names.push(name);
    expect(await keysOf(fileStore(root).list("", { onUnusable }))).toEqual(["plain"]);
    expect(await keysOf(fileStore(root).children("", { onUnusable }))).toEqual(["plain"]);
    expect(names).toEqual(["caf\ufffd", "caf\ufffd"]);
  });
});

describe("writing", () => {
  it("leaves nothing but the file, synced or not", async () => {
    for (const sync of [true, false]) {
      const store = fileStore(root, { sync });
      await store.write("a/b/c.json", text("x"));
      const upload = await store.create("a/b/d.bin");
      await upload.part(1, text("parts"));
      await upload.finish();
      expect(await tree(root)).toEqual(["a", "a/b", "a/b/c.json", "a/b/d.bin"]);
      await store.remove("a/");
    }
  });

  it("makes the root when it is not there", async () => {
    await rm(root, { recursive: true });
    const store = fileStore(join(root, "new", "target"));
    expect(await keysOf(store.list(""))).toEqual([]);
    await store.write("x", text("1"));
    expect(await tree(root)).toEqual(["new", "new/target", "new/target/x"]);
  });

  it("cannot put a file below a file, or over a folder, and says so", async () => {
    const store = fileStore(root);
    await store.write("a", text("file"));
    await store.write("d/x", text("file"));
    await expect(store.write("a/b", text("x"))).rejects.toMatchObject({
      code: "STORE_FAILED",
      facts: { hint: expect.any(String) },
    });
    await expect(store.write("d", text("x"))).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(await tree(root)).toEqual(["a", "d", "d/x"]);
  });

  it("refuses a path that is too long for the system", async () => {
    const key = Array.from({ length: 30 }, () => "n".repeat(200)).join("/");
    expect(await codeOf(fileStore(root, { sync: false }).write(key, text("x")))).toBe("NAME_UNSAFE");
  });

  it("removes what a killed process left, when it next writes there", async () => {
    const store = fileStore(root);
    await mkdir(join(root, "run"));
    const left = writePart("meta.json");
    left.done();
    const dead = partName(
      "meta.json",
      left.name.replace(/^.*\.(w-[^.]*)\.part$/, "$1").replace(/-[0-9a-z]+-([0-9a-z]+)$/, "-zzzzz-$1"),
    );
    const otherHost = partName("meta.json", "w-0000000-1-1");
    const alive = writePart("other.json");
    for (const name of [left.name, dead, otherHost, alive.name]) await writeFile(join(root, "run", name), "half");
    await store.write("run/meta.json", text("{}"));
    expect(await tree(join(root, "run"))).toEqual([otherHost, alive.name, "meta.json"].sort());
    alive.done();
  });

  it("removes what a zombie left, as in a container whose first process waits for nobody", async ({ skip }) => {
    if (process.platform !== "linux") return skip("no /proc here");
    // the shell becomes another program, which does not wait for the child that ends after that
    const parent = spawn("sh", ["-c", "sleep 1 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const [line] = (await once(parent.stdout, "data")) as [Buffer];
      const pid = Number(line);
      await expect.poll(() => readFileSync(`/proc/${pid}/stat`, "latin1"), { timeout: 20_000 }).toMatch(/\) Z /);
      const mine = writePart("meta.json");
      mine.done();
      const left = mine.name.replace(/-[0-9a-z]+-[0-9a-z]+\.part$/, `-${pid.toString(36)}-1.part`);
      await writeFile(join(root, left), "half");
      await fileStore(root).write("meta.json", text("{}"));
      expect(await tree(root)).toEqual(["meta.json"]);
    } finally {
      parent.kill();
    }
  });

  it("a full disk is DISK_FULL, and nothing half stays", async (context) => {
    const disk = join(outer, "small");
    await mkdir(disk);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], { stdio: "ignore" });
    } catch {
      context.skip("no right to mount a small disk");
    }
    try {
      const store = fileStore(disk);
      await store.write("kept", new Uint8Array(300_000));
      await expect(store.write("big", new Uint8Array(2_000_000))).rejects.toMatchObject({
        code: "DISK_FULL",
        facts: { place: { file: join(disk, "big") }, hint: expect.stringContaining("free some space") },
      });
      expect(await tree(disk)).toEqual(["kept"]);
      const upload = await store.create("parts");
      expect(await codeOf(upload.part(1, new Uint8Array(2_000_000)))).toBe("DISK_FULL");
      await upload.abort();
      expect(await tree(disk)).toEqual(["kept"]);
      await store.remove("kept");
      await store.write("fits", new Uint8Array(900_000));
    } finally {
      execFileSync("umount", [disk]);
    }
  });

  it("names the trouble for every error of the system that has a remedy", () => {
    for (const [errno, code, retry] of [
      ["ENOSPC", "DISK_FULL", undefined],
      ["EDQUOT", "DISK_FULL", undefined],
      ["EACCES", "STORE_DENIED", undefined],
      ["EPERM", "STORE_DENIED", undefined],
      ["EROFS", "STORE_READONLY", undefined],
      ["EMFILE", "STORE_UNAVAILABLE", "later"],
      ["ESTALE", "STORE_UNAVAILABLE", "later"],
      ["EIO", "STORE_FAILED", undefined],
      ["ENAMETOOLONG", "NAME_UNSAFE", undefined],
    ] as const) {
      const error = fileError(Object.assign(new Error("x"), { code: errno }), "/data/a.mrc", "written");
      expect([errno, error.code, error.facts.retry]).toEqual([errno, code, retry]);
      expect(error.message).toMatch(/^\/data\/a\.mrc cannot be written: .*\(E[A-Z]+\)$/);
      expect([errno, error.facts.place, typeof error.facts.hint]).toEqual([errno, { file: "/data/a.mrc" }, "string"]);
    }
  });
});

describe("an error of the system that no caller has explained", () => {
  const thrown = (fields: object) => Object.assign(new Error("x"), fields);

  it("is told as what it is where the machine is the reason, with the file where it is named", () => {
    const full = asKnownError(thrown({ code: "ENOSPC", syscall: "write" }));
    expect([full.code, full.message]).toEqual(["DISK_FULL", "a file cannot be written: the disk is full (ENOSPC)"]);
    const closed = asKnownError(thrown({ code: "EROFS", syscall: "mkdir", path: "/data/a" }));
    expect([closed.code, closed.facts.place]).toEqual(["STORE_READONLY", { file: "/data/a" }]);
    const listed = asKnownError(thrown({ code: "EACCES", syscall: "scandir", path: "/data/a" }));
    expect(listed.message).toMatch(/^\/data\/a cannot be listed: /);
  });

  it("stays a bug of the program where a file is missing or no file is meant", () => {
    for (const fields of [{ code: "ENOENT", syscall: "open" }, { code: "ETIMEDOUT", syscall: "connect" }, { code: "ENOSPC" }, {}])
      expect(asKnownError(thrown(fields)).code).toBe("INTERNAL");
    const ours = new EmporiumError("USAGE", "y");
    expect(asKnownError(ours)).toBe(ours);
  });
});

describe("uploads", () => {
  it("join without a copy when parts have one size", async () => {
    const store = fileStore(root);
    const upload = await store.create("big.bin");
    for (const n of [1, 3, 2]) await upload.part(n, new Uint8Array(n === 3 ? 10 : 1000).fill(n));
    const body = (await tree(root)).find((path) => path.endsWith("body"))!;
    const before = await stat(join(root, body));
    await upload.finish();
    expect((await stat(join(root, "big.bin"))).ino).toBe(before.ino);
    expect((await store.stat("big.bin"))?.size).toBe(2010);
  });

  it("forget on resume the parts whose bytes did not reach the disk", async () => {
    const store = fileStore(root);
    const upload = await store.create("a");
    for (const n of [1, 2, 3]) await upload.part(n, new Uint8Array(1000).fill(n));
    const folder = join(root, (await readdir(root))[0]!);
    const body = await readFile(join(folder, "body"));
    body[1500]! ^= 1;
    await writeFile(join(folder, "body"), body.subarray(0, 2500));
    await appendFile(join(folder, "log"), "4 1000 0bad");
    const resumed = await fileStore(root).create("a", { resume: upload.token });
    expect(resumed.parts.map(({ number }) => number)).toEqual([1]);
    for (const n of [2, 3]) await resumed.part(n, new Uint8Array(1000).fill(n));
    await resumed.finish();
    expect(await store.read("a")).toEqual(new Uint8Array(3000).map((_, i) => 1 + Math.floor(i / 1000)));
    expect(await tree(root)).toEqual(["a"]);
  });

  it("do not answer to the token of another key", async () => {
    const store = fileStore(root);
    const upload = await store.create("a");
    await upload.part(1, text("for a"));
    const other = await store.create("b", { resume: upload.token });
    expect(other.token).not.toBe(upload.token);
    expect(other.parts).toEqual([]);
  });
});

describe("adopting", () => {
  const part = async (store: ReturnType<typeof fileStore>, key: string, content: Record<string, string> | string) => {
    const path = await store.local.partPath(key, "task1");
    if (typeof content === "string") await writeFile(path, content);
    else {
      for (const [name, body] of Object.entries(content)) {
        await mkdir(join(path, name, ".."), { recursive: true });
        await writeFile(join(path, name), body);
      }
    }
    return path;
  };

  it("names are hidden siblings, the same each time", async () => {
    const store = fileStore(root);
    const path = await store.local.partPath("run/tomo.zarr/", "t1");
    expect(path).toBe(join(root, "run", ".tomo.zarr.t1.part"));
    expect(await store.local.partPath("run/tomo.zarr", "t1")).toBe(path);
    expect(await codeOf(store.local.partPath("run/x", "../y"))).toBe("INTERNAL");
  });

  it("shows a part under its name only when it is finished, file or folder", async () => {
    for (const sync of [true, false]) {
      const store = fileStore(root, { sync });
      const file = await part(store, "a/tomo.mrc", "voxels");
      const folder = await part(store, "a/tomo.zarr/", { ".zattrs": "{}", "0/0/0/0": "chunk" });
      expect(await keysOf(store.list(""))).toEqual([]);
      expect(await keysOf(store.children("a/"))).toEqual([]);
      await store.local.adopt(file, "a/tomo.mrc");
      await store.local.adopt(folder, "a/tomo.zarr/");
      expect(await keysOf(store.list(""))).toEqual(["a/tomo.mrc", "a/tomo.zarr/.zattrs", "a/tomo.zarr/0/0/0/0"]);
      await store.remove("a/");
    }
  });

  it.each([
    ["a file", "old file"],
    ["a folder", { "old/x": "1", "old/y": "2" }],
  ])("replaces %s as a whole, by a file or a folder", async (_name, old) => {
    for (const fresh of ["new file", { "new/z": "3" }]) {
      const store = fileStore(root);
      await store.local.adopt(await part(store, "thing", old), "thing");
      await store.local.adopt(await part(store, "thing", fresh), "thing");
      expect(await tree(root)).toEqual(typeof fresh === "string" ? ["thing"] : ["thing", "thing/new", "thing/new/z"]);
      await rm(join(root, "thing"), { recursive: true });
    }
  });

  it("a part that is not there is an error, and what stood there stays", async () => {
    const store = fileStore(root);
    await store.write("thing/x", text("old"));
    expect(await codeOf(store.local.adopt(join(root, ".thing.t.part"), "thing/"))).toBe("STORE_ABSENT");
    expect(await tree(root)).toEqual(["thing", "thing/x"]);
  });
});

describe("folders that are missing", () => {
  it("are made by whoever comes first, however many come at once", async () => {
    for (let round = 0; round < 20; round++) {
      const keys = Array.from({ length: 24 }, (_, i) => `r${round}/a/b/c${i % 3}/d/e${i}.json`);
      await Promise.all(keys.map((key, i) => (i % 2 ? fileStore(root) : fileStore(join(root))).write(key, text(key))));
      for (const key of keys) expect(asText(await fileStore(root).read(key))).toBe(key);
    }
  });

  it.skipIf(process.platform !== "linux")(
    "that cannot be made give an error, on a file system that answers ENOENT for that too",
    async () => {
      expect(await codeOf(fileStore("/proc/emporium-none/below").write("a", text("x")))).toBe("STORE_ABSENT");
    },
  );
});

describe("what is no file", () => {
  it.skipIf(process.platform === "win32")("is told by what it is, also through a link", async () => {
    execFileSync("mkfifo", [join(root, "pipe.mrc")]);
    await mkdir(join(root, "folder.mrc"));
    await symlink("pipe.mrc", join(root, "link.mrc"));
    await writeFile(join(root, "file.mrc"), "x");
    const store = fileStore(root);
    const told = async (key: string) => openObject(store, key).catch((error: Error) => error.message.replace(root, ""));
    expect(await told("pipe.mrc")).toBe("/pipe.mrc is a pipe, no file");
    expect(await told("folder.mrc")).toBe("/folder.mrc is a folder, no file");
    expect(await told("link.mrc")).toBe("/link.mrc is a pipe, no file");
    expect(await told("none.mrc")).toBe("/none.mrc does not exist");
    expect(store.local.otherThing("file.mrc")).toBeUndefined();
  });
});
