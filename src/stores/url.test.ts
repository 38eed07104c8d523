import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isEmporiumError } from "../core/errors.js";
import { openLocation, openStore, parseLocation, parseVolumeLocation } from "./url.js";

const parse = (text: string) => parseLocation(text, { cwd: "/home/lab" });

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return isEmporiumError(error) ? error.code : String(error);
  }
  return "none";
}

describe("parseLocation", () => {
  it.each([
    ["data/a.mrc", "file:///home/lab/data/a.mrc", "file:///home/lab/data", "a.mrc"],
    ["/data/a.mrc", "file:///data/a.mrc", "file:///data", "a.mrc"],
    ["./a b.mrc", "file:///home/lab/a%20b.mrc", "file:///home/lab", "a b.mrc"],
    ["../x/", "file:///home/x", "file:///home", "x"],
    ["/", "file://", "file://", ""],
    ["/x", "file:///x", "file://", "x"],
    ["C:x", "file:///home/lab/C:x", "file:///home/lab", "C:x"],
    ["notes: one.txt", "file:///home/lab/notes:%20one.txt", "file:///home/lab", "notes: one.txt"],
    ["100%.mrc", "file:///home/lab/100%25.mrc", "file:///home/lab", "100%.mrc"],
    ["what?#.mrc", "file:///home/lab/what%3F%23.mrc", "file:///home/lab", "what?#.mrc"],
    ["file:///data/a%20b.mrc", "file:///data/a%20b.mrc", "file:///data", "a b.mrc"],
    ["FILE://localhost/data/x", "file:///data/x", "file:///data", "x"],
    ["https://host/a%20b/c%2Bd.mrc", "https://host/a%20b/c%2Bd.mrc", "https://host/a%20b", "c+d.mrc"],
    ["https://host", "https://host", "https://host", ""],
    ["https://host/", "https://host", "https://host", ""],
    ["http://host:8080/x/", "http://host:8080/x", "http://host:8080", "x"],
    ["https://host/x/../y", "https://host/y", "https://host", "y"],
    ["s3://bucket", "s3://bucket", "s3://bucket", ""],
    ["s3://bucket/a/b c?#%41+.mrc", "s3://bucket/a/b c?#%41+.mrc", "s3://bucket/a", "b c?#%41+.mrc"],
    ["s3://bucket/a/", "s3://bucket/a", "s3://bucket", "a"],
    ["gs://bucket/x", "gs://bucket/x", "gs://bucket", "x"],
    ["ftp://host", "ftp://host", "ftp://host", ""],
    ["ftp://host/a%20b/c+d.mrc", "ftp://host/a%20b/c+d.mrc", "ftp://host/a%20b", "c+d.mrc"],
    ["FTP://Host:2121/x/", "ftp://host:2121/x", "ftp://host:2121", "x"],
    ["ftp://host:21/x;type=i", "ftp://host/x", "ftp://host", "x"],
    ["ftp://host/what?#.mrc", "ftp://host/what%3F%23.mrc", "ftp://host", "what?#.mrc"],
    ["ftp://host/%2Fdata/x", "ftp://host/%2Fdata/x", "ftp://host/%2Fdata", "x"],
    ["ftp://host/%2Fdata", "ftp://host/%2Fdata", "ftp://host/%2F", "data"],
    ["ftp://host/a/../b", "ftp://host/b", "ftp://host", "b"],
    ["ftp://[::1]/x", "ftp://[::1]/x", "ftp://[::1]", "x"],
  ])("%s", (text, url, root, key) => {
    expect(parse(text)).toMatchObject({ url, root, key });
  });

  it.each([
    ["", "LOCATION_UNKNOWN"],
    ["   ", "LOCATION_UNKNOWN"],
    ["sftp://host/x", "LOCATION_UNKNOWN"],
    ["s3:bucket/x", "LOCATION_UNKNOWN"],
    ["https:host/x", "LOCATION_UNKNOWN"],
    ["s3:///key", "LOCATION_UNKNOWN"],
    ["s3://b/key", "LOCATION_UNKNOWN"],
    ["s3://user@host/key", "LOCATION_UNKNOWN"],
    ["s3://bucket/../other", "NAME_UNSAFE"],
    ["s3://bucket/a//b", "NAME_UNSAFE"],
    ["file://otherhost/x", "LOCATION_UNKNOWN"],
    ["file:x", "LOCATION_UNKNOWN"],
    ["file:///a%00b", "NAME_UNSAFE"],
    ["a\0b", "NAME_UNSAFE"],
    ["https://host/%zz", "LOCATION_UNKNOWN"],
    ["https://host/a%2f..%2fb", "NAME_UNSAFE"],
    ["https://ho st/", "LOCATION_UNKNOWN"],
    ["ftp:host/x", "LOCATION_UNKNOWN"],
    ["ftp://host/a%2fb", "NAME_UNSAFE"],
    ["ftp://host/a%0d%0aDELE%20x", "NAME_UNSAFE"],
    ["ftp://us%0aer@host/x", "NAME_UNSAFE"],
    ["ftp://host/%zz", "LOCATION_UNKNOWN"],
    ["ftps://host/x", "LOCATION_UNKNOWN"],
  ])("refuses %j with %s", (text, code) => {
    expect(codeOf(() => parse(text))).toBe(code);
  });

  it("says what to write instead of schemes that other programs have", () => {
    for (const [text, hint] of [
      ["s3a://bucket/x", "s3://"],
      ["sftp://host/x", "https://"],
      ["precomputed://https://host/x", "leave out"],
    ] as const) {
      try {
        parse(text);
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ code: "LOCATION_UNKNOWN", facts: { hint: expect.stringContaining(hint) } });
      }
    }
  });

  it("keeps who logs in to FTP apart, and out of everything that is shown", () => {
    const location = parse("ftp://lab:canary%40word@host/x.mrc");
    expect(location).toMatchObject({ url: "ftp://host/x.mrc", root: "ftp://host", key: "x.mrc", login: { user: "lab" } });
    expect(location.login?.password?.reveal()).toBe("canary@word");
    expect(JSON.stringify(location)).not.toContain("canary");
  });

  it("keeps secrets of a URL out of everything that is shown", () => {
    const location = parse("https://user:canary-pass@host/x.mrc?X-Amz-Signature=canary-signature");
    expect(location).toMatchObject({ url: "https://host/x.mrc", root: "https://host", key: "x.mrc" });
    expect(JSON.stringify(location)).not.toContain("canary");
    expect(location.query?.reveal()).toBe("X-Amz-Signature=canary-signature");
    expect(location.authorization?.reveal()).toBe(`Basic ${Buffer.from("user:canary-pass").toString("base64")}`);
  });
});

describe("parseVolumeLocation", () => {
  it.each([
    ["zarr://s3://b/x.zarr", "s3://b/x.zarr", "zarr"],
    ["ZARR2://https://h/x", "https://h/x", "zarr2"],
    ["zarr3:///data/x.zarr", "/data/x.zarr", "zarr3"],
    ["n5://ftp://h/x.n5", "ftp://h/x.n5", "n5"],
    ["precomputed://gs://b/x", "gs://b/x", "precomputed"],
    ["s3://b/x|zarr3:", "s3://b/x", "zarr3"],
    ["s3://b/x/|zarr3:s0/", "s3://b/x/s0/", "zarr3"],
    ["gs://b/x|neuroglancer-precomputed:", "gs://b/x", "precomputed"],
    ["https://h/x.tif", "https://h/x.tif", undefined],
    ["a|b.tif", "a|b.tif", undefined],
    ["dvid://https://h/x", "dvid://https://h/x", undefined],
  ])("%s", (text, location, format) => {
    expect(parseVolumeLocation(text)).toEqual(format === undefined ? { location } : { location, format });
  });

  it.each(["https://h/x.zip|zip:path|zarr2:", "https://h/x|gzip:"])("refuses the pipes of %s", (text) => {
    expect(codeOf(() => parseVolumeLocation(text))).toBe("LOCATION_UNKNOWN");
  });
});

describe("openStore and openLocation", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "emporium-url-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("open a folder and a file of it", async () => {
    await writeFile(join(folder, "a b.mrc"), "voxels");
    const store = await openStore(folder);
    expect(new TextDecoder().decode(await store.read("a b.mrc"))).toBe("voxels");
    expect(store.local?.path("a b.mrc")).toBe(join(folder, "a b.mrc"));
    const { store: parent, key } = await openLocation(join(folder, "a b.mrc"));
    expect(key).toBe("a b.mrc");
    expect((await parent.stat(key))?.size).toBe(6);
  });

  it("open a file of the root folder", async () => {
    const { store, key } = await openLocation("/no-such-file");
    expect([store.local?.path(key), await store.stat(key)]).toEqual(["/no-such-file", undefined]);
  });

  it("open a source so that nothing can change it", async () => {
    const store = await openStore(folder, { readOnly: true });
    expect(store.features.writable).toBe(false);
    for (const work of [
      store.write("x", new Uint8Array(1)),
      store.create("x"),
      store.remove("x"),
      store.local!.partPath("x", "tag"),
      store.local!.adopt("y", "x"),
    ]) {
      await expect(work).rejects.toMatchObject({ code: "STORE_READONLY" });
    }
  });

  it("roots S3 and web stores where the location says, without asking anyone", async () => {
    expect((await openStore("s3://bucket/a/b")).url).toBe("s3://bucket/a/b");
    const { store, key } = await openLocation("https://host/x/y.mrc?token=canary-token");
    expect([store.url, key]).toEqual(["https://host/x", "y.mrc"]);
    expect(store.features.writable).toBe(false);
  });

  it("roots FTP and Google's buckets so, too", async () => {
    for (const text of ["ftp://user:canary-word@host/a/b", "gs://bucket/a/b"]) {
      const store = await openStore(text);
      expect(store.url).toBe(text.replace("user:canary-word@", ""));
      expect(store.features).toMatchObject({ ranges: true, writable: false });
      expect(store.stream).toBeTypeOf("function");
      await expect(store.write("x", new Uint8Array(1))).rejects.toMatchObject({ code: "STORE_READONLY" });
    }
  });

  it("a location without a last name is no file", async () => {
    await expect(openLocation("s3://bucket")).rejects.toMatchObject({ code: "LOCATION_UNKNOWN" });
  });
});
