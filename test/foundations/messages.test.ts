import { describe, expect, it } from "vitest";
import { type Message, type MessageExample, messagesOf, messagesPage } from "../../scripts/messages.mjs";
import { ERRORS } from "../../src/core/errors.js";
import { filesBelow, readText } from "./sources.js";

const modules = filesBelow("src", (path) => /\.ts$/.test(path) && !/\.(?:test|d)\.ts$|\/assembly\//.test(path));
const messages = messagesOf(modules.map((path) => ({ path, text: readText(path) })));
const said = messages.filter(({ kind }) => ["error", "hint", "finding", "note"].includes(kind));
const examples = JSON.parse(readText("scripts/messages/examples.json")) as Record<string, MessageExample>;

/** Codes of which no test of a single module prints a message: an example is still to be taken from a suite of whole commands. */
const WITHOUT = [
  "CONFIG_PLACEHOLDER",
  "CONFIG_REGISTRY",
  "CONFIG_UNUSED",
  "CONFIG_SHARED",
  "CONFIG_SPACING",
  "CONFIG_COUNTS",
  "CONFIG_ROLE",
  "NOT_BUILT",
  "STORE_UNAVAILABLE",
  "STORE_UNVERSIONED",
  "DISK_FULL",
  "SOURCE_INCOMPLETE",
  "NEEDS_KEY",
  "PORTAL_NOT_DATA",
  "NOT_IMOD",
  "KTX_MISSING",
  "KTX_OBSOLETE",
  "SERVICE_UNREACHABLE",
  "CHECKSUM_MISMATCH",
  "SIZE_MISMATCH",
  "TRUNCATED",
  "DATABASE_ABSENT",
  "DATABASE_DENIED",
  "DATABASE_VERSION",
  "DATABASE_TIMEOUT",
  "DATABASE_CONFLICT",
  "DATABASE_FAILED",
  "PROGRAM_FAILED",
  "ENGINE_SILENT",
  "ENGINE_VERSION",
  "ENGINE_LOST",
  "INPUT_UNSOUND",
  "OBJECT_LOST",
];

/** Those that break a rule, as a person finds them. */
const breaches = (isWrong: (message: Message) => boolean, of: readonly Message[] = said) =>
  of.filter(isWrong).map(({ file, kind, text }) => `${file}: ${kind}: ${text}`);

const fixedOf = (text: string) => text.replaceAll("{…}", "");

/** What a message with values in it looks like. */
const formOf = (text: string) =>
  new RegExp(
    text
      .split("{…}")
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join("[^]*"),
  );

describe("messages", () => {
  it("are found in the sources: errors, hints, findings, notes", () => {
    for (const kind of ["error", "hint", "finding", "note"] as const)
      expect(said.filter((one) => one.kind === kind).length, kind).toBeGreaterThan(100);
  });

  it("are one line of at most 240 characters, values not counted", () => {
    expect(breaches(({ text }) => text.includes("⏎") || fixedOf(text).length > 240)).toEqual([]);
  });

  it("say what is expected, never what is wanted", () => {
    expect(breaches(({ text }) => /\bwanted\b/.test(text))).toEqual([]);
  });

  it("begin with what they are about, not with a pronoun", () => {
    expect(breaches(({ text }) => /^(?:it|its|they|their|this|these|those|he|she|we|you|nobody|who)\b/i.test(text))).toEqual([]);
  });

  it("of hints are instructions: they begin with a verb or a command, not with a thing", () => {
    const thing = /^(?:the|a|an|it|its|this|these|those|there|no|what|known|nothing|all) /i;
    expect(breaches(({ kind, text }) => kind === "hint" && thing.test(text))).toEqual([]);
  });

  it("have a test that fails: a message against each rule is found", () => {
    const text = (line: string) =>
      messagesOf([{ path: "src/x.ts", text: `throw new EmporiumError("USAGE", ${line}, { hint: "the file is bad" });` }]);
    expect(text('"it has three rows, four wanted"').map(({ kind, codes, text }) => [kind, codes, text])).toEqual([
      ["error", ["USAGE"], "it has three rows, four wanted"],
      ["hint", ["USAGE"], "the file is bad"],
    ]);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a source
    expect(text("`${name}: expected ${what}, found ${found}`")[0]).toMatchObject({ text: "{…}: expected {…}, found {…}" });
  });
});

describe("docs/reference/messages.md", () => {
  it("is what scripts/generate-messages.mjs writes", () => {
    expect(readText("docs/reference/messages.md")).toBe(messagesPage(messages, examples));
  });

  it("has an example of each code, and of no other", () => {
    expect([...Object.keys(examples), ...WITHOUT].sort()).toEqual(Object.keys(ERRORS).sort());
  });

  it.each(Object.entries(examples))("shows %s as a source has it", (code, { message }) => {
    const forms = messages.filter(
      ({ kind, codes, text }) => kind === "error" && codes.includes(code) && fixedOf(text).length >= 6,
    );
    // codes that a source gives to texts of others
    const known = forms.length > 0 ? forms : messages.filter(({ text }) => fixedOf(text).length >= 12);
    expect(known.filter(({ text }) => formOf(text).test(message)).map(({ file }) => file)).not.toEqual([]);
  });
});
