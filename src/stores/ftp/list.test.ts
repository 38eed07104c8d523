import { describe, expect, it } from "vitest";
import { type FtpEntry, readListing, readMachineListing } from "./list.js";

const utf8 = (...lines: string[]) => new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join(""));
const short = (entries: FtpEntry[]) => entries.map(({ name, kind, size }) => [name, kind, size]);

describe("MLSD", () => {
  it("reads facts in any order and case, and leaves out the folder itself", () => {
    const bytes = utf8(
      "type=cdir;modify=20240115120000;perm=el; .",
      "Type=pdir;Modify=20240115120000; ..",
      "type=file;size=1024;modify=20240115120001;perm=adfr;unix.mode=0644; a b.mrc",
      "Modify=20240115120001.123;Size=5;Type=file; x=1;y.tif",
      "type=dir;sizd=4096;modify=20240115120000; sub",
      "type=OS.unix=slink:/somewhere/else;size=9; link",
      "type=OS.unix=symlink;size=9; link2",
      "type=OS.unix=chr-1/3; null",
      "size=7; no type",
      "type=file; no size",
      " size is not a fact here",
      "nonsense",
    );
    expect(short(readMachineListing(bytes))).toEqual([
      ["a b.mrc", "file", 1024],
      ["x=1;y.tif", "file", 5],
      ["sub", "folder", undefined],
      ["link", "link", undefined],
      ["link2", "link", undefined],
      ["no type", "file", 7],
      ["no size", "file", undefined],
      ["size is not a fact here", "file", undefined],
    ]);
    expect(readMachineListing(bytes)[1]).toMatchObject({
      etag: '"5-20240115120001"',
      modifiedMs: Date.UTC(2024, 0, 15, 12, 0, 1),
    });
  });

  it("reads names of two encodings in one folder", () => {
    const bytes = Buffer.concat([utf8("type=file;size=1; Präparat"), Buffer.from("type=file;size=2; Pr\u00e4parat\n", "latin1")]);
    expect(readMachineListing(bytes).map(({ name }) => name)).toEqual(["Präparat", "Präparat"]);
  });
});

describe("LIST", () => {
  it("reads Unix's forms", () => {
    const bytes = utf8(
      "total 123",
      "drwxr-xr-x   2 ftp      ftp          4096 Jan 15  2024 .",
      "drwxr-xr-x   2 ftp      ftp          4096 Jan 15  2024 ..",
      "-rw-r--r--   1 ftp      ftp   12345678901 Jan 15 12:00 big file.mrc",
      "-rw-r--r--+  1 1001     users           5 Dec  1  2019  lead",
      "drwxrwsr-x.  2 ftp      domain users 4096 Jan 15  2024 sub folder",
      "lrwxrwxrwx   1 ftp      ftp             9 Jan 15  2024 link -> ../b",
      "crw-rw-rw-   1 root     root       1,   3 Jan 15  2024 null",
      "-rw-r--r--   1 ftp                 7 2024-01-15 12:00 one owner",
    );
    expect(short(readListing(bytes, "ftp://h"))).toEqual([
      ["big file.mrc", "file", 12_345_678_901],
      [" lead", "file", 5],
      ["sub folder", "folder", undefined],
      ["link", "link", undefined],
      ["one owner", "file", 7],
    ]);
  });

  it("reads DOS's forms", () => {
    const bytes = utf8(
      "01-15-24  12:00PM       <DIR>          sub folder",
      "01-15-2024  12:00PM       <DIR>           lead",
      "06-23-2023  09:15AM          12345678901 big file.mrc",
      "01-15-24  23:59                    5  lead.mrc",
      "01-15-24  12:00PM       <JUNCTION>     link [C:\\data]",
    );
    expect(short(readListing(bytes, "ftp://h"))).toEqual([
      ["sub folder", "folder", undefined],
      [" lead", "folder", undefined],
      ["big file.mrc", "file", 12_345_678_901],
      [" lead.mrc", "file", 5],
      ["link", "link", undefined],
    ]);
  });

  it("an empty folder is empty, another form is told", () => {
    for (const empty of ["", "\r\n", "total 0\r\n", "insgesamt 0\r\n"])
      expect(readListing(new TextEncoder().encode(empty), "ftp://h")).toEqual([]);
    expect(() => readListing(utf8("DATA.DIR;1  1/3  15-JAN-2024 12:00 [FTP] (RWED,RWED,RE,)"), "ftp://h")).toThrow(
      expect.objectContaining({ code: "STORE_PROTOCOL" }),
    );
  });
});
