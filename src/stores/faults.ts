import { EmporiumError } from "../core/errors.js";

/** A read that would mix two versions of an object. */
export function changed(name: string): EmporiumError {
  const hint = "run again when no process writes it any more";
  return new EmporiumError("STORE_CONFLICT", `${name} changed while it was being read`, { place: placeOf(name), hint });
}

export function placeOf(name: string): { url: string } | { file: string } {
  return /^[a-z][a-z0-9+.-]+:/i.test(name) ? { url: name } : { file: name };
}
