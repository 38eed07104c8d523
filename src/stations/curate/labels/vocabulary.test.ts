import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { classifier } from "./classify.js";
import { defaultVocabulary, parseVocabulary, vocabularyOf } from "./vocabulary.js";

const classify = classifier(defaultVocabulary());
const said = (stem: string) => {
  const { class: name, label, parts, status } = classify(stem);
  return [name, label, parts.join("+"), status];
};

describe("§2.1 names of models", () => {
  it.each([
    ["MS", "annotation", "MS", "MS", "known"],
    ["ms", "annotation", "MS", "MS", "known"],
    ["MSC", "annotation", "MSC", "MS+C", "known"],
    ["mscp", "annotation", "MSCP", "MS+C+P", "known"],
    ["MSrod", "annotation", "MSrod", "MS+rod", "known"],
    ["P", "annotation", "P", "P", "known"],
    ["Fm", "annotation", "FM", "FM", "known"],
    ["MS2", "annotation", "MS", "MS", "known"],
    ["MS_02", "annotation", "MS", "MS", "known"],
    ["hat", "annotation", "hat", "hat", "known"],
    ["hat2", "annotation", "hat2", "hat2", "known"],
    ["hat4", "annotation", "hat", "hat", "known"],
    ["T4P", "annotation", "T4P", "T4P", "known"],
    ["pilus", "annotation", "pili", "pili", "known"],
    ["TP", "annotation", "TP", "TP", "unresolved"],
    ["PL", "annotation", "PL", "PL", "unresolved"],
    ["MK", "annotation", "MK", "MK", "unresolved"],
    ["20130928_YWC034_10001_peak", "automatic", "20130928_YWC034_10001_peak", "20130928_YWC034_10001_peak", "automatic"],
    ["clusterElong", "automatic", "clusterElong", "clusterElong", "automatic"],
    ["vesicle", "unlisted", "vesicle", "vesicle", "unlisted"],
    ["2", "unlisted", "2", "2", "unlisted"],
  ])("%s is %s %s (%s, %s)", (stem, ...expected) => {
    expect(said(stem)).toEqual(expected);
  });
});

describe("names that are made of compounds, or of a template search", () => {
  it.each([
    ["C", "annotation", "C", "C", "known"],
    ["c2", "annotation", "C", "C", "known"],
    ["MSP", "annotation", "MSP", "MS+P", "known"],
    ["rodCP", "annotation", "rodCP", "rod+C+P", "known"],
    ["peak", "automatic", "peak", "peak", "automatic"],
    ["Peak2", "automatic", "Peak2", "Peak2", "automatic"],
    ["peaks_MS", "automatic", "peaks_MS", "peaks_MS", "automatic"],
  ])("seam 34: %s is %s %s (%s, %s)", (stem, ...expected) => {
    expect(said(stem)).toEqual(expected);
  });

  it.each([
    ["MS_rod", "MSrod", "MS+rod"],
    ["ms - ROD", "MSrod", "MS+rod"],
    ["MS C", "MSC", "MS+C"],
    ["MS-C_P", "MSCP", "MS+C+P"],
    ["MS_rod_02", "MSrod", "MS+rod"],
    ["MS-P", "MSP", "MS+P"],
  ])("(34.30) %s is the compound %s (%s)", (stem, label, parts) => {
    expect(said(stem)).toEqual(["annotation", label, parts, "known"]);
  });

  it("(34.30) `_`, blank, `-` and decomposed umlauts are alike in labels and aliases", () => {
    const own = classifier(parseVocabulary("labels:\n  - {name: äußere Hülle, aliases: [outer_membrane]}\n", "own.yaml"));
    for (const stem of ["Äußere_Hülle", "äußere-hülle".normalize("NFD"), "Outer Membrane", "outer-membrane 2"]) {
      expect([stem, own(stem).label]).toEqual([stem, "äußere Hülle"]);
    }
    expect(own("outer").class).toBe("unlisted");
    expect(own("_").class).toBe("unlisted");
  });

  it("seam 34: a word that a person adds to the compounds is a label by itself", () => {
    const own = classifier(parseVocabulary("compounds:\n  - name: L\n    meaning: L ring\n", "own.yaml"));
    expect(own("L")).toMatchObject({ class: "annotation", parts: ["L"], meaning: "L ring", status: "known" });
    expect(own("LP").parts).toEqual(["L", "P"]);
  });
});

describe("a vocabulary of one's own", () => {
  it("adds to the known one, and replaces labels of the same name", () => {
    const text =
      "labels:\n  - name: TP\n    meaning: tail protein\n    ontology: GO:0098015\n  - name: vesicle\n    aliases: [ves, blob]\nautomatic:\n  - name: auto*\n";
    const own = classifier(parseVocabulary(text, "own.yaml"));
    expect(own("tp")).toMatchObject({ status: "known", meaning: "tail protein" });
    expect(own("BLOB")).toMatchObject({ label: "vesicle", class: "annotation" });
    expect(own("Auto-1")).toMatchObject({ class: "automatic" });
    expect(own("MS")).toMatchObject({ status: "known" });
  });

  it("may be CSV", () => {
    const text =
      "name,aliases,meaning,ontology,status,note\r\nvesicle,ves|blob,a bubble,GO:0031982,,\r\n,,,,,\r\nauto*,,,,automatic,\r\nXY,,,,unresolved,ask\r\n";
    const own = classifier(parseVocabulary(text, "own.csv"));
    expect([own("ves").label, own("XY").status, own("auto1").class]).toEqual(["vesicle", "unresolved", "automatic"]);
  });

  it.each([
    ["labels:\n  - nme: x\n", "own.yaml", "CONFIG_FIELD"],
    ["labels:\n  - name: x\n    ontology: none\n", "own.yaml", "CONFIG_FIELD"],
    ["labels: [", "own.yaml", "CONFIG_SYNTAX"],
    ["- MS\n", "own.yaml", "CONFIG_FIELD"],
    ["labels:\n  - {name: x, aliases: [a]}\n  - {name: y, aliases: [A]}\n", "own.yaml", "CONFIG_RULE"],
    ["labels:\n  - {name: x, aliases: [hat]}\n", "own.yaml", "CONFIG_RULE"],
    ["label,meaning\nx,y\n", "own.csv", "CONFIG_FIELD"],
    ["name,status\nx,perhaps\n", "own.csv", "CONFIG_FIELD"],
    ['name\n"x', "own.csv", "CONFIG_SYNTAX"],
  ])("%j is refused", (text, file, code) => {
    expect(() => parseVocabulary(text, file)).toThrow(expect.objectContaining({ code }));
  });

  it("says where a fault is", () => {
    const fault = () => parseVocabulary("labels:\n  - name: x\n    status: maybe\n", "own.yaml");
    expect(fault).toThrow(
      expect.objectContaining({
        facts: expect.objectContaining({ place: { file: "own.yaml", line: 3, column: 13, path: "labels.0.status" } }),
      }),
    );
  });

  it("nothing at all is a vocabulary", () => {
    expect(parseVocabulary("", "own.yaml").labels).toEqual(defaultVocabulary().labels);
  });
});

it("(34.silence) a vocabulary in another encoding than UTF-8 is refused: its names would match nothing", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "emporium-vocabulary-")), "own.csv");
  writeFileSync(file, Buffer.from("name,meaning\nK\xf6rper,a body\n", "latin1"));
  await expect(vocabularyOf(file)).rejects.toMatchObject({ code: "CONFIG_SYNTAX", message: `${file} is no UTF-8 text` });
  writeFileSync(file, "\ufeffname,meaning\nKörper,a body\n");
  expect((await vocabularyOf(file)).labels.at(-1)).toMatchObject({ name: "Körper" });
  rmSync(dirname(file), { recursive: true });
});
