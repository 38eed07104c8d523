import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../test/laboratory-kit.js";
import { withoutCopiedFolders } from "./copied-folders.js";

const volume = (seed: number) => mrcFile([6, 10, 10], 8, { seed });

async function claimed(files: Record<string, string | Uint8Array>) {
  const { laboratory, copies } = await withoutCopiedFolders(await laboratoryWith(files));
  return { seen: laboratory.files.map(({ path }) => path), claims: copies?.claims ?? [], laboratory };
}

describe("copied folders", () => {
  const session = { "TS_01.mrc": volume(1), "TS_01.mrc.mdoc": "[ZValue = 0]\n", "more/notes.txt": "x" };
  const within = (folder: string, files: Record<string, string | Uint8Array>) =>
    Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]));

  it("are left out with all that is in them, whatever they are called", async () => {
    const { seen, claims, laboratory } = await claimed({ ...within("session", session), ...within("zz project/deep", session) });
    expect(seen).toEqual(Object.keys(within("session", session)).sort());
    expect(claims.map(({ path }) => path).sort()).toEqual(Object.keys(within("zz project/deep", session)).sort());
    expect(claims[0]?.because).toBe("zz project/deep is a copy of session, with all that is in it");
    expect(laboratory.get("zz project/deep/TS_01.mrc")).toBeUndefined();
    expect(laboratory.folders()).toEqual(["session", "session/more"]);
  });

  it("are told from folders of links", async () => {
    const laboratory = await laboratoryWith({ ...within("session", session), ...within("project/movies", session) });
    const files = laboratory.files.map((file) => ({ ...file, etag: file.path.split("/").at(-1) }));
    const get = (path: string) => files.find((file) => file.path === path);
    const { copies } = await withoutCopiedFolders({ ...laboratory, files, get });
    expect(copies!.claims[0]!.because).toBe("project/movies and session show the same files, one of them by links");
  });

  it("are links to another folder, whatever they are called", async () => {
    const laboratory = await laboratoryWith({ ...within("project", session), ...within("session", session) });
    const files = laboratory.files.map((file) =>
      file.path.startsWith("project/") ? { ...file, isLinked: true as const } : file,
    );
    const get = (path: string) => files.find((file) => file.path === path);
    const { laboratory: left } = await withoutCopiedFolders({ ...laboratory, files, get });
    expect(left.files.map(({ path }) => path)).toEqual(Object.keys(within("session", session)).sort());
  });

  it("are those that are called copies, or lie deeper", async () => {
    const names = { ...within("a copy", session), ...within("a", session), ...within("b/a", session) };
    expect((await claimed(names)).seen).toEqual(Object.keys(within("a", session)).sort());
  });

  it("are none of other contents, with a file more, or without anything that is published", async () => {
    const different = { ...session, "TS_01.mrc": volume(2) };
    expect((await claimed({ ...within("a", session), ...within("b", different) })).claims).toEqual([]);
    expect((await claimed({ ...within("a", session), ...within("b", { ...session, "y.txt": "y" }) })).claims).toEqual([]);
    const texts = { "angles.rawtlt": "1\n2\n", "tilt.com": "$tilt\n", "gain.mrc": volume(3) };
    expect((await claimed({ ...within("TS_01", texts), ...within("TS_02", texts) })).claims).toEqual([]);
  });

  it("of many files are compared by all headers and by the contents of some, which is told", async () => {
    const tiny = (spacing: number) => mrcFile([1, 2, 2], spacing);
    const many = Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`frame_${1000 + at}.mrc`, tiny(2)]));
    const { claims } = await claimed({ ...within("a", many), ...within("a copy", many) });
    expect(claims.length).toBe(600);
    expect(claims[0]!.because).toMatch(/names, sizes and headers of its 600 files are equal, and the contents of 500/);
    // no file whose contents are compared
    const other = { ...many, "frame_1005.mrc": tiny(3) };
    expect((await claimed({ ...within("a", many), ...within("b", other) })).claims).toEqual([]);
  });
});

describe("single files in a folder of backups", () => {
  const stack = volume(1);
  const long = (day: string) => `[ZValue = 0]\nDateTime = ${day}\n`.repeat(60);

  it("that lie elsewhere under their name are left out before software is recognised", async () => {
    const { seen, claims, laboratory } = await claimed({
      "raw_backup/X.mrc": stack,
      "raw_backup/X.mrc.mdoc": long("a"),
      "session/X.mrc": stack,
      "session/X.mrc.mdoc": long("a"),
      "session/Y.mrc": volume(2),
    });
    expect(seen).toEqual(["session/X.mrc", "session/X.mrc.mdoc", "session/Y.mrc"]);
    expect(claims).toContainEqual(
      expect.objectContaining({ path: "raw_backup/X.mrc", because: "a copy of session/X.mrc", copyOf: "session/X.mrc" }),
    );
    expect(laboratory.get("raw_backup/X.mrc")).toBeUndefined();
    expect(laboratory.folders()).toEqual(["session"]);
  });

  it("are looked at where their contents or names are others, where they are short texts, and where there is no other", async () => {
    const { claims } = await claimed({
      "backup/X.mrc": volume(2),
      "backup/Y.mrc": stack,
      "backup/X.mrc.mdoc": long("b"),
      "backup/X.rawtlt": "0\n3\n",
      "session/X.mrc": stack,
      "session/X.mrc.mdoc": long("a"),
      "session/X.rawtlt": "0\n3\n",
    });
    expect(claims).toEqual([]);
  });
});
