import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { nestingOf } from "./nesting.js";

const root = mkdtempSync(join(tmpdir(), "emporium-nesting-"));
afterAll(() => rmSync(root, { recursive: true }));
const at = (...names: string[]) => join(root, ...names);
mkdirSync(at("in", "deep"), { recursive: true });
mkdirSync(at("in two"));
symlinkSync(at("in"), at("link"));
writeFileSync(at("in", "a.mrc"), "x");
symlinkSync("gone", at("dangling"));
symlinkSync("round", at("round"));

describe("places of this machine", () => {
  it.each([
    ["the same folder", at("in"), at("in"), "same"],
    ["a slash at the end", `${at("in")}/`, at("in"), "same"],
    ["a symbolic link", at("link"), at("in"), "same"],
    ["through a symbolic link, not there yet", at("link", "deep", "new", "out"), at("in"), "inside"],
    ["the source is the link", at("in", "out"), at("link"), "inside"],
    ["two dots", `${at("in two")}/../in/out`, at("in"), "inside"],
    ["a file: URL", pathToFileURL(at("in", "out")).href, at("in"), "inside"],
    ["a name that goes on", at("in two"), at("in"), "apart"],
    ["beside it, not there yet", at("out"), at("in"), "apart"],
    ["the source within", at(), at("in", "deep"), "around"],
    ["both not there yet", at("new", "b"), at("new"), "inside"],
    ["(34.6) through a link to nothing", at("dangling", "out"), at("gone"), "inside"],
    ["(34.6) a link to nothing and where it leads", at("dangling"), at("gone"), "same"],
    ["(34.6) a link to itself", at("round", "out"), at("round"), "inside"],
    ["a file through a link", at("link", "a.mrc"), at("in", "a.mrc"), "same"],
  ])("%s", (_, place, other, expected) => {
    expect(nestingOf(place, other)).toBe(expected);
  });
});

describe("prefixes of buckets", () => {
  it.each([
    ["s3://bucket-b/raw/out", "s3://bucket-b/raw", "inside"],
    ["s3://bucket-b/raw/", "s3://bucket-b/raw", "same"],
    ["s3://bucket-b/rawer", "s3://bucket-b/raw", "apart"],
    ["s3://bucket-b", "s3://bucket-b/raw", "around"],
    ["s3://bucket-b/raw", "s3://bucket-c/raw", "apart"],
    ["gs://bucket-b/raw/out", "s3://bucket-b/raw", "apart"],
    ["/tmp/raw", "s3://tmp/raw", "apart"],
  ])("%s to %s: %s", (place, other, expected) => {
    expect(nestingOf(place, other)).toBe(expected);
  });
});
