import { fileBackend } from "./file/location.js";
import { ftpBackend } from "./ftp/location.js";
import { gcsBackend } from "./gcs/location.js";
import { httpBackend } from "./http/location.js";
import type { Backend, Scheme } from "./location.js";
import { s3Backend } from "./s3/location.js";

/** Every kind of store that a location can name. */
const BACKENDS: readonly Backend[] = [fileBackend, httpBackend, ftpBackend, s3Backend, gcsBackend];

export function findBackend(scheme: string): Backend | undefined {
  return BACKENDS.find(({ schemes }) => schemes.includes(scheme as Scheme));
}
