import { EmporiumError } from "../../../core/errors.js";
import { refuseGone } from "../../../stores/gone.js";
import type { Location } from "../../../stores/location.js";
import { openLocation, openStore, parseLocation } from "../../../stores/url.js";
import { readConfigFile } from "../check/config-file.js";
import { readJudged } from "../check/read-config.js";
import { addressOpener } from "../ops/open-address.js";
import type { SelectionFlags } from "../selection.js";
import type { Suite } from "./check.js";
import { validationPage } from "./report/html.js";
import { validateSource, validateStandardized } from "./validate.js";
import type { Validation } from "./validation.js";

export interface ValidateRequest {
  readonly suite: Suite;
  /** Path or URL of the configuration. For sources it names the files to look for; for a tree it may be left out. */
  readonly config: string | undefined;
  /** URL or path of the sources or the tree. */
  readonly location: string;
  readonly filter?: SelectionFlags["filter"];
  readonly exclude?: SelectionFlags["exclude"];
  /** Location to which a page of the result is written. */
  readonly html?: string | undefined;
  /** Ask for pictures at addresses that metadata name. */
  readonly network?: boolean | undefined;
  readonly anonymous?: boolean | undefined;
  /** With `network`: also ask for pictures at private addresses. Default false. */
  readonly allowPrivate?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A suite of checks on what lies at a location.
 *
 * @throws {EmporiumError} USAGE, CONFIG_…: nothing was looked at; STORE_… where the location does not answer
 */
export async function validate(request: ValidateRequest): Promise<Validation> {
  const { suite, location, anonymous, html } = request;
  const page = html === undefined ? undefined : parseLocation(html);
  const bytes = await configBytes(request);
  const judged = bytes && readJudged(bytes, request.config!);
  const store = await openStore(location, { anonymous, readOnly: true });
  await refuseGone(store, suite === "source" ? "INPUT" : "TREE");
  const options = optionsOf(request);
  const validation =
    suite === "source"
      ? await validateSource(judged!.config, store, { ...options, faults: judged!.faults })
      : await validateStandardized(store, { ...options, config: judged?.config });
  if (page) await writePage(validation, page, anonymous);
  return validation;
}

/** The bytes of a request's configuration. @throws {EmporiumError} USAGE where sources need one, CONFIG_…, STORE_… */
export async function configBytes({ suite, config, anonymous }: ValidateRequest): Promise<Uint8Array | undefined> {
  if (config !== undefined) return readConfigFile(config, anonymous);
  if (suite === "standardized") return undefined;
  throw new EmporiumError("USAGE", "the sources of a deposition are found by its configuration, and none is given", {
    hint: "emporium ingest validate source CONFIG.yaml INPUT",
  });
}

export function optionsOf({ filter, exclude, signal, ...request }: Omit<ValidateRequest, "suite" | "config" | "location">) {
  return { filter, exclude, signal, open: request.network ? addressOpener(request) : undefined };
}

/** The result as an HTML page. */
export async function writePage(validation: Validation, page: Location, anonymous: boolean | undefined): Promise<void> {
  const { store, key } = await openLocation(page, { anonymous });
  const body = new TextEncoder().encode(validationPage(validation, page.path));
  await store.write(key, body, { contentType: "text/html; charset=utf-8" });
}
