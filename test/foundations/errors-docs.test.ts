import { describe, expect, it } from "vitest";
import { errorsPage } from "../../scripts/reference-pages.mjs";
import { ERRORS } from "../../src/core/errors.js";
import { readText } from "./sources.js";

describe("docs/reference/errors.md", () => {
  const page = readText("docs/reference/errors.md");

  it("lists exactly the codes of the table, each once", () => {
    const listed = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1]);
    expect(listed.sort()).toEqual(Object.keys(ERRORS).sort());
  });

  it("is what scripts/generate-docs.mjs writes", () => {
    expect(page).toBe(errorsPage(ERRORS));
  });
});
