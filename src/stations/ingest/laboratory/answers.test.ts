import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { markedAuthors, parseDepositionProfile } from "../../../formats/yaml/deposition-profile.js";
import { answersWith, saidOf } from "./answers.js";
import { readProfile } from "./given-files.js";

const [ADA, BOB] = [{ name: "Ada Lovelace", ORCID: "0000-0002-1825-0097" }, { name: "Bob" }];
const BOTH = { primary_author_status: true, corresponding_author_status: true };

describe("the authors of a profile", () => {
  it("are marked as the profile says: the first is what none is marked as", () => {
    expect(markedAuthors([ADA, BOB])).toEqual([{ ...ADA, ...BOTH }, BOB]);
    const corresponding = { ...BOB, corresponding_author_status: true };
    expect(markedAuthors([ADA, corresponding])).toEqual([{ ...ADA, primary_author_status: true }, corresponding]);
  });
});

describe("what a profile may not say", () => {
  it.each([
    ["authors: [{name: A, corresponding_author_status: maybe}]", "expected true or false"],
    // in micrometres: the field is in millimetres
    ["spherical_aberration_constant: 2700", "expected at most 20"],
  ])("%s", (text, found) => expect(() => parseDepositionProfile(`${text}\n`, "p.yaml")).toThrow(found));
});

describe("facts of a profile with those of a person", () => {
  const profile = { title: "T", authors: markedAuthors([ADA, BOB]) };
  it("take the person's word, and none where nothing was said", () => {
    expect(answersWith(profile, { title: undefined, datasetId: 3 })).toMatchObject({ ...profile, datasetId: 3 });
    expect(answersWith(profile, { title: "U" }).title).toBe("U");
    expect(answersWith({ author: "Cleo", releaseDate: "2026-02-01" }, {})).toEqual({ author: "Cleo", releaseDate: "2026-02-01" });
  });

  it("have the author whom a person names first, with the marks", () => {
    expect(answersWith(profile, { author: "Cleo" }).authors).toEqual([{ name: "Cleo", ...BOTH }, ADA, BOB]);
    expect(answersWith(profile, { author: "Bob" }).authors).toEqual([{ ...BOB, ...BOTH }, ADA]);
    expect(answersWith(profile, { orcid: "0000-0001-5109-3700" }).authors?.[0]).toEqual({
      ...ADA,
      ...BOTH,
      ORCID: "0000-0001-5109-3700",
    });
    expect(answersWith({}, { author: "Cleo" })).toMatchObject({ author: "Cleo" });
  });

  it("have the day of the release that a person names; the last change follows where it was that day", () => {
    const dates = { deposition_date: "2026-01-05", release_date: "2026-02-01", last_modified_date: "2026-02-01" };
    const day = "2026-03-01";
    expect(answersWith({ dates }, { releaseDate: day }).dates).toEqual({ ...dates, release_date: day, last_modified_date: day });
    const later = { ...dates, last_modified_date: "2026-04-01" };
    expect(answersWith({ dates: later }, { releaseDate: day }).dates).toEqual({ ...later, release_date: day });
    expect(saidOf({ dates }, "releaseDate")).toBe("2026-02-01");
  });

  it("leave no question of a profile open that it answers", () => {
    expect(saidOf(profile, "author")).toBe("Ada Lovelace");
    expect(saidOf({ camera: { manufacturer: "TFS", model: "Falcon4i" } }, "cameraModel")).toBe("Falcon4i");
    expect(saidOf({}, "author")).toBeUndefined();
    expect(parseDepositionProfile("tissue: {name: spore}\n", "p.yaml")).toMatchObject({ tissue: { name: "spore" } });
  });
});

describe("a profile", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-profile-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ["sample_type: fish\n", /sample.*expected one of/i],
    ["microscope: {manufacturer: Zeis, model: Krios}\n", /manufacturer of the microscope.*expected one of/i],
    ["authors: [{name: Ada Lovelace, ORCID: 12}]\n", /ORCID/],
  ])("with a word that no configuration may have is refused when it is read: %s", async (text, message) => {
    const path = join(folder, "p.yaml");
    writeFileSync(path, text);
    await expect(readProfile(path)).rejects.toMatchObject({ code: "CONFIG_FIELD", message: expect.stringMatching(message) });
  });
});
