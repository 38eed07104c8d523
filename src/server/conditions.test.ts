import { describe, expect, it } from "vitest";
import { judgeConditions, quotedEtag, rangeStillFits } from "./conditions.js";

const CHANGED_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const at = (secondsLater: number) => new Date(CHANGED_MS + 1000 * secondsLater).toUTCString();
const stat = { size: 10, etag: "abc", modifiedMs: CHANGED_MS };
const judge = (headers: Record<string, string>, of = stat) => judgeConditions(new Headers(headers), of);

describe("quotedEtag", () => {
  it.each([
    ["abc-1", '"abc-1"'],
    ['"abc"', '"abc"'],
    ['W/"abc"', 'W/"abc"'],
    ['a"b c\r\n', '"a_b_c__"'],
  ])("%j", (etag, expected) => expect(quotedEtag(etag)).toBe(expected));
});

describe("judgeConditions, in the order of RFC 9110", () => {
  it.each<[string, Record<string, string>, 304 | 412 | undefined]>([
    ["nothing is asked", {}, undefined],
    ["the client has it", { "if-none-match": '"abc"' }, 304],
    ["the client has it, by a weak tag among others", { "if-none-match": '"x", W/"abc"' }, 304],
    ["the client has any", { "if-none-match": "*" }, 304],
    ["the client has another", { "if-none-match": '"x"' }, undefined],
    ["the tag decides before the time", { "if-none-match": '"x"', "if-modified-since": at(60) }, undefined],
    ["not changed since", { "if-modified-since": at(0) }, 304],
    ["changed since", { "if-modified-since": at(-60) }, undefined],
    ["no date", { "if-modified-since": "yesterday" }, undefined],
    ["it is the wanted one", { "if-match": '"abc"' }, undefined],
    ["it is another", { "if-match": '"x"' }, 412],
    ["a weak tag never matches strongly", { "if-match": 'W/"abc"' }, 412],
    ["any will do", { "if-match": "*" }, undefined],
    ["it changed meanwhile", { "if-unmodified-since": at(-60) }, 412],
    ["it did not change meanwhile", { "if-unmodified-since": at(0) }, undefined],
  ])("%s", (_what, headers, expected) => expect(judge(headers)).toBe(expected));

  it("answers in full where the store knows neither tag nor time", () => {
    const bare = { size: 10 } as typeof stat;
    expect(judge({ "if-none-match": '"abc"', "if-modified-since": at(60) }, bare)).toBeUndefined();
    expect(judge({ "if-match": '"abc"' }, bare)).toBe(412);
  });
});

describe("rangeStillFits", () => {
  it.each([
    [undefined, true],
    ['"abc"', true],
    ['"x"', false],
    ['W/"abc"', false],
    [at(0), true],
    [at(-60), false],
    ["yesterday", false],
  ])("If-Range: %s", (header, expected) => {
    expect(rangeStillFits(new Headers(header === undefined ? {} : { "if-range": header }), stat)).toBe(expected);
  });
});
