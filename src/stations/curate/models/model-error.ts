import { EmporiumError, type ErrorCode } from "../../../core/errors.js";

const CODES: Partial<Record<ErrorCode, ErrorCode>> = {
  FORMAT_UNKNOWN: "NOT_IMOD",
  FORMAT_UNSUPPORTED: "NOT_IMOD",
  FORMAT_FIELD: "NOT_IMOD",
  FORMAT_TRUNCATED: "TRUNCATED",
};

/** The error code of every command for a model that the reader refuses with `code`: NOT_IMOD, TRUNCATED, or `code` itself. */
export const modelErrorCode = (code: ErrorCode): ErrorCode => CODES[code] ?? code;

/** The same for a complete error. */
export function asModelError(error: EmporiumError): EmporiumError {
  const code = modelErrorCode(error.code);
  return code === error.code ? error : new EmporiumError(code, error.message, error.facts);
}
