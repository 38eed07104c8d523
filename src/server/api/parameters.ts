import type { z } from "zod";
import { EmporiumError } from "../../core/errors.js";

/** Parameters of a request. @throws {EmporiumError} USAGE, naming the first that is wrong. */
export function parsed<T>(schema: z.ZodType<T>, values: unknown): T {
  const { success, data, error } = schema.safeParse(values);
  if (success) return data;
  const { path, message } = error.issues[0]!;
  throw new EmporiumError("USAGE", path.length > 0 ? `${path.join(".")}: ${message}` : message);
}
