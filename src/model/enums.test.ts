import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../test/real-data.js";
import { CAMERA_MODELS, ENUMS } from "./enums.js";
import { FORMS, type FormName, formFault, hasForm } from "./identifier-forms.js";

const schemaFile = new URL("misc/ingestion_config_models.schema.json", REAL_DATA);

/** Words of an enum in the published schema: `TiltseriesCameraModelGatanEnum` for `tiltseries_camera_model_gatan`. */
const published = (name: string) => `${name.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase())}Enum`;

describe("vocabularies", () => {
  it.skipIf(!existsSync(schemaFile))("are those of the published schema, word by word", () => {
    const { $defs } = JSON.parse(readFileSync(schemaFile, "utf8")) as { $defs: Record<string, { enum?: string[] }> };
    const theirs = Object.fromEntries(
      Object.entries($defs).flatMap(([name, { enum: values }]) => (values ? [[name, values]] : [])),
    );
    expect(Object.fromEntries(Object.entries(ENUMS).map(([name, values]) => [published(name), values]))).toEqual(theirs);
  });

  it("every camera model belongs to a manufacturer", () => {
    expect(Object.keys(CAMERA_MODELS)).toEqual([...ENUMS.tiltseries_camera_manufacturer]);
  });
});

describe("identifier forms", () => {
  it.each(Object.entries(FORMS))("%s: its example has its form", (name, { example }) => {
    expect(hasForm(example, name as FormName)).toBe(true);
    expect(hasForm(`${example}\u0000`, name as FormName)).toBe(name === "photo");
  });

  it.each<[FormName, string, boolean]>([
    ["orcid", "https://orcid.org/0000-0002-1825-0097", true],
    ["orcid", "0000-0002-1825-009x", false],
    ["doi", "doi:10.1101/2022.04.12.488077", true],
    ["doi", "https://doi.org/10.1101/2022.04.12.488077", false],
    ["doiList", "10.1/x", false],
    ["entryList", "EMPIAR-10988,EMD-14412 , PDB-7ttn", true],
    ["entryList", "EMPIAR-10988 EMD-14412", false],
    ["entryList", "EMPIAR-1098", false],
    ["publicationList", "10.1101/x, EMD-1234", true],
    ["uniprot", "UniProtKB:A0A022YWF9", true],
    ["uniprot", "UniProtKB:12345", false],
    ["go", "GO:000584", false],
    ["annotationIngestId", "Ribosome-1", false],
    ["annotationIngestId", "a--b-1", false],
    ["photo", "ftp://host/x.png", false],
  ])("%s %s: %s", (name, text, expected) => {
    expect(hasForm(text, name)).toBe(expected);
  });

  // the first three are ORCID's own examples of its check digit (support.orcid.org, structure of the identifier)
  it.each<[string, string | undefined]>([
    ["0000-0002-1825-0097", undefined],
    ["0000-0001-5109-3700", undefined],
    ["https://orcid.org/0000-0002-1694-233X", undefined],
    ["0000-0000-0000-0000", undefined],
    ["9001-2003-4005-6782", undefined], // ISO 7064, MOD 11-2 counts the first digit as well
    ["8001-2003-4005-6782", expect.stringContaining("check digit")],
    ["0000-0002-1825-0096", "its check digit is 6, the others give 7"],
    ["0000-0002-1694-2330", "its check digit is 0, the others give X"],
    ["0000-0002-8125-0097", expect.stringContaining("check digit")],
  ])("ORCID %s: %s", (text, fault) => {
    expect(formFault(text, "orcid")).toEqual(fault);
  });
});
