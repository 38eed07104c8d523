import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSumFile, parseSums, subjectOf } from "./sum-files.js";

const MD5 = "d41d8cd98f00b204e9800998ecf8427e";
const SHA = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

describe("names of checksum files", () => {
  it.each([
    ...[
      "a.tif.md5",
      "a.sha256",
      "MD5SUMS",
      "md5sums.txt",
      "SHA256SUMS",
      "SHA256SUM",
      "sha256sum.txt",
      "checksums.txt",
      "CHECKSUMS",
    ],
    ...[
      "checksum.md5",
      "checksums.sha256",
      "manifest-md5.txt",
      "md5.txt",
      "checksum",
      "md5_checksums.txt",
      "a.tif.md5sum",
      "md5",
    ],
  ])("%s is one", (name) => expect(isSumFile(name)).toBe(true));
  it.each(["a.tif", "md5x.tif", "summary.txt", "sums.tif", "my-checksums-of-2019.tif", "manifest.txt", "assumed.md"])(
    "%s is none",
    (name) => expect(isSumFile(name)).toBe(false),
  );
  it("the subject is what stands before the suffix", () => {
    expect(["a.tif.md5", "b.sha256.txt", "c.md5sum", "MD5SUMS", ".md5"].map(subjectOf)).toEqual([
      "a.tif",
      "b",
      "c",
      undefined,
      undefined,
    ]);
  });
});

describe("parseSums", () => {
  it.each([
    [`${MD5}  a.tif`, "a.tif"],
    [`${MD5} *a.tif\r`, "a.tif"],
    [`${MD5}\ta b.tif  `, "a b.tif"],
    [`${MD5.toUpperCase()}  ./data/a.tif`, "data/a.tif"],
    [`\\${MD5}  a\\nb\\\\c`, "a\nb\\c"],
    [`MD5 (a (1).tif) = ${MD5}`, "a (1).tif"],
    [`MD5(a.tif)= ${MD5}`, "a.tif"],
    [`md5:${MD5}  a.tif`, "a.tif"],
    [`a.tif\t${MD5}`, "a.tif"],
    [`a.tif: ${MD5}`, "a.tif"],
    [`"a.tif",${MD5}`, "a.tif"],
    [`${MD5}`, undefined],
    [`  ${MD5}  `, undefined],
    [`${MD5}  -`, undefined],
  ])("%j", (line, name) => {
    expect(parseSums(line, "checksums.txt")).toEqual([{ name, checksum: `md5:${MD5}` }]);
  });

  it("passes over comments, blank lines and what is no checksum; a BOM and CRLF mean nothing", () => {
    const text = `\ufeff# made by hand\r\n\r\n; also\r\n${SHA}  a\r\nnot a line\r\n${MD5}  b\r\nSHA-256 (c) = ${SHA}\r\n${SHA.slice(1)}  d\r\n`;
    expect(parseSums(text, "checksums.txt")).toEqual([
      { name: "a", checksum: `sha256:${SHA}` },
      { name: "b", checksum: `md5:${MD5}` },
      { name: "c", checksum: `sha256:${SHA}` },
    ]);
    expect(parseSums(text, "SHA256SUMS").map(({ name }) => name)).toEqual(["a", "c"]);
  });

  it("any text gives lines or none", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((name) => `${MD5}  ${name}`),
        ),
        (text) => {
          for (const { checksum } of parseSums(text, "x.md5")) expect(checksum).toMatch(/^(md5|sha1|sha256|sha512):[0-9a-f]+$/);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.skipIf(!existsSync("/usr/bin/sha256sum") || !existsSync("/usr/bin/md5sum"))(
    "reads what coreutils write, odd names included",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "emporium-sums-"));
      const names = ["plain", "a b", "x*y", "new\nline", "back\\slash", "é", " leading"];
      try {
        for (const name of names) writeFileSync(join(folder, name), name);
        for (const [program, flags] of [
          ["md5sum", []],
          ["sha256sum", []],
          ["sha256sum", ["--tag"]],
          ["md5sum", ["-b"]],
        ] as const) {
          const text = execFileSync(program, [...flags, "--", ...names], { cwd: folder, encoding: "utf8" });
          // --tag escapes as well, which BSD's form has no room for; a blank at the beginning is lost in lists that people align
          const odd = [" leading", ...(flags[0] === "--tag" ? ["new\nline", "back\\slash"] : [])];
          const read = parseSums(text, "checksums.txt").map(({ name }) => name!);
          expect(read.filter((name) => names.includes(name) && !odd.includes(name))).toEqual(
            names.filter((name) => !odd.includes(name)),
          );
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
