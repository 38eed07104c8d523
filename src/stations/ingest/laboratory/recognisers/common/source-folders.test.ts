import { describe, expect, it } from "vitest";
import { commonFolder } from "./paths.js";
import { tellingPaths } from "./source-folders.js";

const files = (...paths: string[]) => ({ files: paths.map((path) => ({ path, size: 1, format: undefined })) });

describe("what a path tells of how a file was made", () => {
  it("are the folders below those that hold acquisitions, too", () => {
    const telling = tellingPaths(
      files("drive/2021_cryocare/s/TS_1.mdoc", "drive/2021_cryocare/out/denoised/TS_1.mrc", "drive/isonet/TS_1.mrc"),
    );
    expect(telling("drive/2021_cryocare/out/denoised/TS_1.mrc")).toBe("out/denoised/TS_1.mrc");
    expect(telling("drive/isonet/TS_1.mrc")).toBe("isonet/TS_1.mrc");
  });

  it("not the folder that has everything, which may be called after a program", () => {
    const telling = tellingPaths(files("isonet test/a/TS_1.mrc", "isonet test/b/TS_1.mrc"));
    expect(telling("isonet test/a/TS_1.mrc")).toBe("a/TS_1.mrc");
  });

  it.each([
    [["a/b/c.mrc", "a/b/d/e.mrc"], "a/b"],
    [["a/b/c.mrc", "a/bc/d.mrc"], "a"],
    [["a/b.mrc", "c.mrc"], ""],
    [[], ""],
  ])("of %j the folder that has all is %j", (paths, folder) => {
    expect(commonFolder(files(...paths).files)).toBe(folder);
  });
});
