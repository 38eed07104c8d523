import { jsonList, jsonObject, jsonText } from "../../../../../core/json-fields.js";
import { parseTable } from "../../../../../formats/table/delimited.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { jsonOf } from "../common/json.js";
import { within } from "../common/paths.js";
import { orReason } from "../common/reading.js";

/** What AreTomo3 writes of a session into its folder. */
export interface Session {
  readonly path: string;
  readonly version?: string | undefined;
  readonly gain?: string | undefined;
  /** As the portal calls it. */
  readonly method?: "WBP" | "SART" | undefined;
  readonly isCtfCorrected?: boolean | undefined;
}

/** Source: CAreTomo3Json.cpp in https://github.com/czimaginginstitute/AreTomo3 (2.2) */
export async function sessionOf(laboratory: Laboratory, folder: string): Promise<Session | undefined> {
  const path = within(folder, "AreTomo3_Session.json");
  if (!laboratory.get(path)) return undefined;
  const document = await jsonOf(laboratory, path);
  const parameters = jsonObject(document?.parameters);
  if (!parameters) return { path };
  const number = (key: string): number | undefined => {
    const value = jsonList(parameters[key])[0] ?? parameters[key];
    return value === undefined || value === null || !Number.isFinite(Number(value)) ? undefined : Number(value);
  };
  const [wbp, correction] = [number("Wbp"), number("CorrCTF")];
  return {
    path,
    version: jsonText(jsonObject(document?.software)?.version),
    gain: jsonText(jsonObject(document?.input)?.Gain) || undefined,
    method: wbp === undefined ? undefined : wbp > 0 ? "WBP" : "SART",
    isCtfCorrected: correction === undefined ? undefined : correction > 0,
  };
}

/** Å of pixels by the names of stacks, as `TiltSeries_Metrics.csv` has them. */
export async function pixelsOf(laboratory: Laboratory, folder: string): Promise<ReadonlyMap<string, number>> {
  const path = within(folder, "TiltSeries_Metrics.csv");
  const pixels = new Map<string, number>();
  const text = await laboratory.text(path);
  const read = await orReason(() => parseTable(text ?? "", ",", path));
  const [head, ...rows] = "value" in read ? read.value : [];
  const at = head?.cells.findIndex((cell) => /^\s*Pix_Size/i.test(cell)) ?? -1;
  if (at < 0) return pixels;
  for (const { cells } of rows) {
    const pixel = Number(cells[at]);
    if (pixel > 0) pixels.set((cells[0] ?? "").trim().replace(/\.mrc$/i, ""), pixel);
  }
  return pixels;
}
