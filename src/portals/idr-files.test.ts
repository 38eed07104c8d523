import { describe, expect, it } from "vitest";
import { archiveLink, parseFilePaths } from "./idr-files.js";

const BASE = "https://ftp.ebi.ac.uk/pub/databases/IDR";

describe("archiveLink", () => {
  it.each([
    ["/uod/idr/filesets/idr0086-x/20200610-ftp/a b.tif", `${BASE}/idr0086-x/20200610-ftp/a%20b.tif`],
    ["uod/idr/filesets/idr0001/x.tif", `${BASE}/idr0001/x.tif`],
    ["/uod/idr/filesets/idr0001/folder/", `${BASE}/idr0001/folder`],
    ["/uod/idr/filesets/../../etc/passwd", undefined],
    ["/uod/idr/filesets/a/%2e%2e/b", `${BASE}/a/%252e%252e/b`],
    ["/uod/idr/metadata/x.tif", undefined],
    ["demo_2/2020-06/10/x.tif", undefined],
    ["", undefined],
  ])("%s", (path, link) => expect(archiveLink(path)).toBe(link));
});

describe("parseFilePaths", () => {
  it("reads both forms of the first column, any line end, quotes, and passes over the rest", () => {
    const text =
      '\ufeffDataset:name:A\t/uod/a.tif\r\nProject:name:P/Dataset:name:B b\t"/uod/b.tif"\n\nnothing\nDataset:name:C\tskip\t/uod/folder/\nScreen:name:S\t/uod/s.tif';
    expect(parseFilePaths(text)).toEqual([
      { dataset: "A", path: "/uod/a.tif" },
      { dataset: "B b", path: "/uod/b.tif" },
      { dataset: "C", path: "/uod/folder" },
      { dataset: undefined, path: "/uod/s.tif" },
    ]);
  });
});
