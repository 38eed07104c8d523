import { z } from "zod";
import { parseCheckedYaml } from "../../../../../formats/yaml/checked-yaml.js";
import type { Claim } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { stemOf } from "../common/names.js";
import { baseName, folderOf, type TailFinder } from "../common/paths.js";
import { orReason } from "../common/reading.js";

const BYTES_MAX = 256 * 1024;
/** Sections that a configuration of DeepDeWedge has, one for each of its commands. */
const SECTIONS = /^(?:prepare_data|fit_model|refine_tomogram)\s*:/m;

/**
 * What a configuration of DeepDeWedge names: two halves of each tomogram, and the refined tomogram, which is called after both:
 * `TS_01_EVN+TS_01_ODD_refined.mrc`. Its masks say where pieces for the training are taken from.
 *
 * Source: tutorial.yaml and ddw/refine_tomogram.py of https://github.com/MLI-lab/DeepDeWedge
 */
export async function deepDeWedgeClaims(laboratory: Laboratory, finder: TailFinder): Promise<Claim[]> {
  const claims: Claim[] = [];
  for (const { path, format, size } of laboratory.files) {
    if (!/\.ya?ml$/i.test(path) || format !== "text" || size > BYTES_MAX) continue;
    const document = await documentOf((await laboratory.text(path, BYTES_MAX)) ?? "", path);
    if (!document) continue;
    claims.push({ path, role: "left out", because: "the configuration of DeepDeWedge", strength: "bookkeeping" });
    const folder = folderOf(path);
    const find = (name: string) => finder.find(name, folder, (one) => laboratory.get(one)!.volume !== undefined);
    const second = listed(document, "tomo1_files");
    for (const [at, name] of listed(document, "tomo0_files").entries()) {
      const other = second[at];
      const [one, two] = [find(name), other === undefined ? undefined : find(other)];
      // where there are no halves, people give the tomogram itself twice
      if (one !== two)
        for (const half of [one, two])
          if (half !== undefined)
            claims.push({
              path: half,
              role: "half map",
              because: `${baseName(path)} names it as a half`,
              strength: "bookkeeping",
            });
      const stems = [name, other ?? name].map((one) => stemOf(one.replaceAll("\\", "/")));
      for (const stem of new Set([stems.join("+"), stems[0]!]))
        for (const end of [".mrc", ".rec"]) {
          const refined = find(`${stem}_refined${end}`);
          if (refined === undefined) continue;
          claims.push({
            path: refined,
            role: "tomogram",
            because: `${baseName(path)} names the halves that it is called after`,
            strength: "bookkeeping",
            details: { processing: "denoised", processingSoftware: "DeepDeWedge" },
            ...(one !== undefined && { sameRunAs: one }),
          });
        }
    }
    for (const name of listed(document, "mask_files")) {
      const mask = find(name);
      if (mask !== undefined)
        claims.push({
          path: mask,
          role: "left out",
          because: "where DeepDeWedge takes its pieces from: no annotation",
          strength: "bookkeeping",
        });
    }
  }
  return claims;
}

const Files = z.union([z.string().transform((one) => [one]), z.array(z.string())]).nullish();
const Section = z.looseObject({ tomo0_files: Files, tomo1_files: Files, mask_files: Files }).nullish();
const Configuration = z.looseObject({
  shared: Section,
  prepare_data: Section,
  fit_model: Section,
  refine_tomogram: Section,
});
type Document = z.output<typeof Configuration>;

async function documentOf(text: string, file: string): Promise<Document | undefined> {
  if (!SECTIONS.test(text) || !/\btomo0_files\b/.test(text)) return undefined;
  const read = await orReason(
    () => parseCheckedYaml(text, Configuration, { file, hint: "see DeepDeWedge's tutorial.yaml" }).value,
  );
  return "value" in read ? read.value : undefined;
}

/** Files under a key of any section. */
const listed = (
  { shared, prepare_data, fit_model, refine_tomogram }: Document,
  key: "tomo0_files" | "tomo1_files" | "mask_files",
): string[] => [shared, prepare_data, fit_model, refine_tomogram].flatMap((section) => section?.[key] ?? []);
