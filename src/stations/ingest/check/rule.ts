import type { Place } from "../../../core/errors.js";

export interface Rules {
  fail(place: Place, message: string, hint: string): void;
  warn(place: Place, message: string, hint: string): void;
}
