import { z } from "zod";

/** A text that a database can be asked for. */
export const TEXT = z
  .string()
  .max(1_000)
  .refine((text) => !text.includes("\0"), "expected a text without the character U+0000");
