import type { JsonObject } from "../../core/json.js";
import { counted } from "../../core/units.js";
import { below, checkRange, type NgffCheck, read, readObjects, typed } from "./ngff-rules.js";

/** `image-label`: colours and properties of the labels of an image. */
export function checkImageLabel(check: NgffCheck, metadata: JsonObject, path: string, minor: number): void {
  const at = below(path, "image-label");
  const label = read(check, metadata, "image-label", path, "object");
  if (!label) return;
  const seen = new Set<number>();
  for (const [color, where] of readObjects(check, label, "colors", at) ?? []) {
    const value = read(check, color, "label-value", where, "number", true);
    if (value !== undefined && seen.has(value))
      check.report("label-values", `${where}.label-value`, `${value} has a colour already`);
    if (value !== undefined) seen.add(value);
    const rgba = read(check, color, "rgba", where, "list");
    if (rgba && rgba.length !== 4) check.report("range", `${where}.rgba`, `expected 4, found ${counted(rgba.length, "number")}`);
    rgba?.forEach((part, i) => {
      checkRange(check, typed(check, part, `${where}.rgba.${i}`, "integer"), `${where}.rgba.${i}`, 0, 255);
    });
  }
  if (!Object.hasOwn(label, "colors") && minor >= 4)
    check.report("recommended", `${at}.colors`, "absent; expected a list of colours");
  for (const [property, where] of readObjects(check, label, "properties", at) ?? []) {
    read(check, property, "label-value", where, "integer", true);
  }
  const source = read(check, label, "source", at, "object");
  if (source) read(check, source, "image", `${at}.source`, "string");
}

/** `labels`: the names of the label images below. */
export function checkLabels(check: NgffCheck, metadata: JsonObject, path: string): void {
  const at = below(path, "labels");
  read(check, metadata, "labels", path, "list")?.forEach((name, i) => {
    typed(check, name, `${at}.${i}`, "string");
  });
}
