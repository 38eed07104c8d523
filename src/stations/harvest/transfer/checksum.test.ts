import { describe, expect, it } from "vitest";
import { md5OfEtag, parseChecksum } from "./checksum.js";
import { pageIn } from "./page.js";

// Of the empty input, as coreutils' md5sum, sha1sum, sha256sum print them.
const MD5 = "d41d8cd98f00b204e9800998ecf8427e";
const SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
const SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

describe("checksums", () => {
  it.each([
    [MD5, `md5:${MD5}`],
    [` MD5:${MD5.toUpperCase()} `, `md5:${MD5}`],
    [SHA1, `sha1:${SHA1}`],
    [`sha-256=${SHA256}`, `sha256:${SHA256}`],
    ["md5:1B2M2Y8AsgTpgAmY7PhCfg==", `md5:${MD5}`],
  ])("%s is read", (text, checksum) => {
    expect(parseChecksum(text)).toBe(checksum);
  });

  it.each(["", "md5:", "md5:abc", `md5:${SHA1}`, "crc99:1234", "zz".repeat(16)])("%j is none", (text) => {
    expect(() => parseChecksum(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  it("an ETag is an MD5 only when it looks like one", () => {
    expect(md5OfEtag(`"${MD5}"`)).toBe(`md5:${MD5}`);
    for (const tag of [`W/"${MD5}"`, `"${MD5}-12"`, '"5f3-abc"', undefined]) expect(md5OfEtag(tag)).toBeUndefined();
  });
});

describe("pages in the place of data", () => {
  const page = (key: string, text: string, type?: string) => pageIn(key, new Uint8Array(Buffer.from(text, "latin1")), type);

  it.each([
    ["a.mrc", "<!DOCTYPE html><html>", undefined],
    ["a", "\xef\xbb\xbf\n <HTML lang=en>", undefined],
    ["a.bin", "<?xml version='1.0'?><!DOCTYPE html PUBLIC ''>", "application/octet-stream"],
    ["a.star", "Please log in", "text/html"],
    ["a.tif", "Quota exceeded", "text/plain"],
    ["a.gz", '{"error":1}', "application/json"],
    ["a.preali", "Too many requests", undefined],
    ["a.bz2", "not found", undefined],
  ])("%s with %j is one", (key, text, type) => {
    expect(page(key, text, type)).toBeDefined();
  });

  it.each([
    ["a.html", "<!doctype html>", "text/html"],
    ["a.tif", "II*\0\x08\0\0\0", "text/html"],
    ["a.tif", "MM\0+\0\x08", undefined],
    ["a.mrc", "\0\0\x01\0", "text/html"],
    ["a.txt", "any text", "text/plain"],
    ["a.xml", "<?xml version='1.0'?><Error>of a measurement</Error>", "text/xml"],
    ["a.mdoc", "PixelSpacing = 1.0", undefined],
    ["a.csv", "", "text/html"],
    ["a.gz", "\x1f\x8b\x08", "text/plain"],
    ["a.bz2", "BZh91AY&SY\xff", undefined],
  ])("%s with %j is none", (key, text, type) => {
    expect(page(key, text, type)).toBeUndefined();
  });
});
