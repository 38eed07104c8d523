import { describe, expect, it } from "vitest";
import { distinctNames, isDrive, tailFinder, withoutProduct } from "./paths.js";

describe("files that bookkeeping names", () => {
  const finder = tailFinder(["a/frames/x_0.tif", "b/frames/x_0.tif", "b/frames/y_0.tif", "c/Z.mrc"]);

  it.each([
    ["X:\\session\\b\\frames\\x_0.tif", undefined, "b/frames/x_0.tif"],
    ["/gone/frames/x_0.tif", undefined, undefined],
    ["/gone/frames/x_0.tif", "a/frames", "a/frames/x_0.tif"],
    ["\\\\server\\share\\y_0.tif", undefined, "b/frames/y_0.tif"],
    ["z.MRC", undefined, "c/Z.mrc"],
    ["", undefined, undefined],
    ["frames\\", undefined, undefined],
  ])("%s near %s is %s", (path, near, found) => expect(finder.find(path, near)).toBe(found));

  it("are gone where their folder is there without them, and not those of the session beside it", () => {
    const one = tailFinder(["at3/s1/run1/x.aln", "at3/s2/run1/x.mrc", "moved/y.mrc"]);
    expect(one.find("/data/at3/s1/run1/x.mrc")).toBeUndefined();
    expect(one.find("/data/at3/s3/run1/x.mrc")).toBe("at3/s2/run1/x.mrc");
    expect(one.find("/data/at3/s1/run1/y.mrc")).toBe("moved/y.mrc");
    const denoised = tailFinder(["at3/s1/run1/x.aln", "at3/s2/run1/x.aln", "den/s2/out/y.mrc"]);
    expect(denoised.find("../at3/s1/run1/y.mrc")).toBeUndefined();
    expect(denoised.find("../at3/s2/run1/y.mrc")).toBe("den/s2/out/y.mrc");
  });

  it("are gone where one of the name and folder is there that does not fit, and not another of the name", () => {
    const one = tailFinder(["s1/run1/x.mrc", "s2/run1/x.mrc"]);
    const isReadable = (path: string) => path !== "s1/run1/x.mrc";
    expect(one.find("../../s1/run1/x.mrc", undefined, isReadable)).toBeUndefined();
    expect(one.find("/gone/run7/x.mrc", undefined, isReadable)).toBe("s2/run1/x.mrc");
  });

  it("are told apart by their folders where they have one name", () => {
    const names = (...folders: string[]) => distinctNames(folders.map((folder) => ({ name: "TS_01", folder })));
    expect(names("raw/grid1", "raw/grid2")).toEqual(["grid1_TS_01", "grid2_TS_01"]);
    expect(names("p/grid1/TS_01", "p/grid2/TS_01")).toEqual(["grid1_TS_01", "grid2_TS_01"]);
    expect(names("", "old")).toEqual(["TS_01", "old_TS_01"]);
    expect(names("a/b/c")).toEqual(["TS_01"]);
  });
});

describe("a folder that is called as drives are", () => {
  it.each(["WD_backup", "LaCie 2TB backup", "backup_disk2", "Backup 4TB", "USB-backup1"])(
    "is no folder of backups: %s",
    (name) => {
      expect([isDrive(name), withoutProduct(`${name}/etomo/backup`)]).toEqual([true, "etomo/backup"]);
    },
  );

  it.each(["backup_Elements_2022-07", "backup", "old_disk", "backup_Anna", "volume_backup"])("is none of these: %s", (name) => {
    expect([isDrive(name), withoutProduct(`${name}/etomo`)]).toEqual([false, `${name}/etomo`]);
  });
});
