import { describe, expect, it } from "vitest";
import { knownText, otherDocument } from "./document-kinds.js";

const CONFIGURATION = ["version", "standardization_config", "depositions", "datasets", "runs"];
const told = (keys: readonly string[], kind?: "configuration" | "facts") =>
  otherDocument(keys, { kind, known: CONFIGURATION, hint: "look it up" }, { file: "a.yaml" })?.message;

describe("a document of another kind", () => {
  it("is told by what it is, in one sentence", () => {
    expect(told(["deposition_id", "title", "authors"], "configuration")).toBe(
      "a.yaml is a profile of a deposition; expected an ingestion configuration",
    );
    expect(told(["runs", "questions", "files"], "configuration")).toBe(
      "a.yaml is a file of decisions of ingest new; expected an ingestion configuration",
    );
    expect(told(["apples", "pears"], "configuration")).toBe(
      "a.yaml has apples, pears; expected an ingestion configuration, with fields such as version, standardization_config, depositions",
    );
    expect(told(["profiles"])).toBe("a.yaml is a file of profiles of engines");
  });

  it("is not one that has a wrong field, or a name that is nearly right", () => {
    expect(told(["standardization_config", "deposition_id", "title", "authors"], "configuration")).toBeUndefined();
    expect(told(["version", "depositions", "authors", "dates"], "configuration")).toBeUndefined();
    expect(told(["dataset"], "configuration")).toBeUndefined();
    expect(told([], "configuration")).toBeUndefined();
  });

  it("names few of the fields that are known", () => {
    expect(knownText(["a", "b"])).toBe("known: a, b");
    expect(knownText(Array.from({ length: 19 }, (_, at) => `f${at}`))).toBe("known: f0, f1, f2 and 16 more");
  });
});
