import type { Claim } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { jsonOf } from "../common/json.js";
import { baseName, folderOf, type TailFinder } from "../common/paths.js";

const BYTES_MAX = 256 * 1024;

/**
 * What the configurations of cryoCARE name: the halves that it learned of, and of those that it denoised the result, which has the name of the even half, in the
 * folder `output`.
 *
 * Source: README.md and cryocare/scripts/cryoCARE_predict.py of https://github.com/juglab/cryoCARE_pip
 */
export async function cryocareClaims(laboratory: Laboratory, finder: TailFinder): Promise<Claim[]> {
  const texts = laboratory.files.filter(
    ({ path, format, size }) => /\.json$/i.test(path) && format === "text" && size <= BYTES_MAX && mayBe(path),
  );
  const claims: Claim[] = [];
  for (const { path } of texts) {
    const document = await jsonOf(laboratory, path, BYTES_MAX);
    const [even, odd] = [listed(document?.even), listed(document?.odd)];
    if (even.length === 0 || even.length !== odd.length) continue;
    claims.push({ path, role: "left out", because: "the configuration of cryoCARE", strength: "bookkeeping" });
    const find = (name: string) => finder.find(name, folderOf(path), (one) => laboratory.get(one)!.volume !== undefined);
    const output = typeof document!.output === "string" ? document!.output : undefined;
    for (const [at, name] of even.entries()) {
      const [one, two] = [find(name), find(odd[at]!)];
      const made = output === undefined ? undefined : find(`${output.replace(/[\\/]+$/, "")}/${baseName(name)}`);
      if (one === undefined || two === undefined || one === two || made === one) continue;
      for (const half of [one, two])
        claims.push({ path: half, role: "half map", because: `${baseName(path)} names it as a half`, strength: "bookkeeping" });
      if (made !== undefined && folderOf(made).endsWith(baseName(output!.replace(/[\\/]+$/, ""))))
        claims.push({
          path: made,
          role: "tomogram",
          because: `${baseName(path)} names the half that it is called after, and its folder`,
          strength: "bookkeeping",
          details: { processing: "denoised", processingSoftware: "cryoCARE" },
          sameRunAs: one,
        });
    }
  }
  return claims;
}

/** `train_data_config.json` and `predict_config.json`, as the README calls them, and what people add to these names. */
const mayBe = (path: string): boolean => /(?:train|predict|config|cryo-?care)/i.test(baseName(path));

const listed = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === "string");
